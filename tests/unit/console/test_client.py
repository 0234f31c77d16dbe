"""The client of the API: where it goes, what it carries, and what it makes of the answers."""

from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_console.client import Api, at, base_url
from colony_console.failures import BadInput, Failure, NotAdmitted, Unreachable

KEY = "cd-0123456789ab_" + "5ec2e7" * 6 + "5ec2"
ASSETS = "/api/v1/assets"


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://colony.example/api/v1", "https://colony.example"),
        ("https://colony.example/behind/a/proxy/api/v1/", "https://colony.example/behind/a/proxy"),
        (" http://[::1]:8000 ", "http://[::1]:8000"),
    ],
)
def test_the_base_url_may_be_written_in_many_ways(given_url: str, used: str) -> None:
    assert base_url(given_url) == used


@pytest.mark.parametrize(
    "url",
    [
        "",
        "colony.example",
        "ftp://colony.example",
        "http://",
        "http://a:99999",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
    ],
)
def test_what_cannot_be_a_base_url_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        base_url(url)


@given(name=st.text(min_size=1).filter(lambda text: text.strip() not in ("", ".", "..")))
def test_an_id_is_one_step_of_a_path_whatever_was_typed(name: str) -> None:
    path = at("assets", name.encode(errors="ignore").decode() or "x", "wipe")

    assert path.count("/") == 3
    assert not set(path) & set("?#\\ ")
    assert unquote(path).startswith("/assets/")


@pytest.mark.parametrize("name", ["", " ", ".", ".."])
def test_an_id_that_would_leave_its_path_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        at("assets", name)


@pytest.mark.parametrize("key", ["", "two words", "with\nnewline", "schlüssel"])
def test_what_cannot_be_a_key_is_not_sent_and_not_shown(key: str) -> None:
    with pytest.raises(NotAdmitted) as refused:
        Api("http://colony.test", key)

    assert not key or key not in refused.value.message + str(refused.value.details)


def test_the_key_goes_along(console: Any) -> None:
    console.answers("GET", ASSETS, {"assets": [], "nextCursor": None})
    console.api().get("/assets")

    assert console.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_key_does_not_follow_a_redirect(console: Any) -> None:
    console.answers("GET", ASSETS, httpx.Response(307, headers={"location": "http://elsewhere.test/"}))

    with pytest.raises(Failure, match="HTTP status 307"):
        console.api().get("/assets")
    assert len(console.requests) == 1


def test_lists_follow_their_pages(console: Any) -> None:
    pages = [{"assets": [{"id": f"asset-{n}"}], "nextCursor": f"after-{n}" if n < 3 else None} for n in (1, 2, 3)]
    console.answers("GET", ASSETS, *pages)
    answer = console.api().listed("assets", limit=1000, status="available", tag=("a:1", "b:2"))

    assert [asset["id"] for asset in answer["assets"]] == ["asset-1", "asset-2", "asset-3"]
    assert answer["nextCursor"] is None
    asked = [dict(request.url.params.multi_items()) for request in console.requests]
    assert [(each["limit"], each.get("cursor")) for each in asked] == [
        ("1000", None),
        ("999", "after-1"),
        ("998", "after-2"),
    ]
    assert console.requests[2].url.params.get_list("tag") == ["a:1", "b:2"]


def test_lists_end_at_their_limit_and_say_that_there_is_more(console: Any) -> None:
    page = {"assets": [{"id": "a"}, {"id": "b"}], "nextCursor": "more"}
    console.answers("GET", ASSETS, page)
    answer = console.api().listed("assets", limit=2)

    assert len(console.requests) == 1
    assert console.requests[0].url.params["limit"] == "2"
    assert answer == page


def test_too_many_requests_are_waited_for(console: Any) -> None:
    busy = httpx.Response(
        429, headers={"retry-after": "7"}, json={"error": "Too many requests", "code": "RATE_LIMITED"}
    )
    console.answers("GET", ASSETS, busy, busy, {"assets": []})
    notes: list[str] = []
    got = console.api(notify=notes.append).get("/assets")

    assert got == {"assets": []}
    assert console.naps == [7, 7]
    assert notes == ["Too many requests: waiting 7 s, as the server asks"] * 2


@pytest.mark.parametrize(("retry_after", "asked"), [("7", 3), ("121", 1), ("soon", 1)])
def test_patience_ends(console: Any, retry_after: str, asked: int) -> None:
    answer = {"error": "Too many requests", "code": "RATE_LIMITED", "details": "Wait"}
    console.answers("GET", ASSETS, httpx.Response(429, headers={"retry-after": retry_after}, json=answer))

    with pytest.raises(Failure, match="RATE_LIMITED") as refused:
        console.api().get("/assets")
    assert refused.value.exit_code == 1
    assert len(console.requests) == asked


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.RemoteProtocolError("x")]
)
def test_a_server_that_cannot_be_reached_is_a_network_error(console: Any, error: Exception) -> None:
    console.answers("GET", ASSETS, error)

    with pytest.raises(Unreachable, match=r"^Cannot reach http://colony\.test: .") as refused:
        console.api().get("/assets")
    assert refused.value.exit_code == 3


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [(400, 2), (401, 4), (403, 4), (404, 1), (405, 1), (409, 1), (413, 1), (500, 1), (502, 1), (503, 3), (504, 3)],
)
def test_a_status_decides_the_exit_code(console: Any, status: int, exit_code: int) -> None:
    console.answers("GET", ASSETS, {"error": "No", "code": "NO", "details": "Not so"}, status=status)

    with pytest.raises(Failure) as refused:
        console.api().get("/assets")
    assert refused.value.exit_code == exit_code
    assert (refused.value.message, refused.value.details[0]) == ("No (NO)", "Not so")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error": 1}', b""])
def test_a_refusal_that_is_not_ours_is_told_as_such(console: Any, body: bytes) -> None:
    console.answers("GET", ASSETS, httpx.Response(502, content=body))

    with pytest.raises(Failure, match="HTTP status 502, and not as Colony does"):
        console.api().get("/assets")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_an_answer_that_is_not_ours_is_told_as_such(console: Any, body: bytes) -> None:
    console.answers("GET", ASSETS, httpx.Response(200, content=body))

    with pytest.raises(Failure, match="does not answer as Colony does"):
        console.api().get("/assets")
