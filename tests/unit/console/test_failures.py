"""How errors are told."""

from typing import Any

import httpx


def test_every_violation_has_a_line_with_its_hint(console: Any) -> None:
    found = [
        {"rule": "node.ip.outside_subnet", "path": "workers[0].ip", "message": "It is outside.", "hint": "Move it."},
        {"rule": "cluster.name", "path": "name", "message": "It is taken.", "hint": ""},
    ]
    body = {"error": "Validation failed", "code": "VALIDATION_FAILED", "details": "2 errors", "violations": found}
    console.answers("GET", "/api/v1/assets", body, status=400)
    result = console.run("assets")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "Error: Validation failed (VALIDATION_FAILED)",
        "  2 errors",
        "  - workers[0].ip: It is outside. Hint: Move it. [node.ip.outside_subnet]",
        "  - name: It is taken. [cluster.name]",
    ]


def test_an_error_of_the_server_names_the_request(console: Any) -> None:
    answer = {"error": "Internal error", "code": "INTERNAL_ERROR", "details": "req-7"}
    console.answers("GET", "/api/v1/assets", httpx.Response(500, headers={"x-request-id": "req-7"}, json=answer))

    assert "  Request: req-7" in console.run("assets").stderr


def test_no_key_is_an_authentication_error(console: Any) -> None:
    result = console.run("assets", key=None)

    assert result.exit_code == 4
    assert result.stderr.startswith("Error: There is no API key\n  Set COLONY_API_KEY")
    assert console.requests == []


def test_a_wrong_key_is_an_authentication_error_that_says_what_to_do(console: Any) -> None:
    answer = {"error": "Unauthorized", "code": "UNAUTHORIZED", "details": "The API key is missing or unknown"}
    console.answers("GET", "/api/v1/assets", answer, status=401)
    result = console.run("assets")

    assert result.exit_code == 4
    assert "`colony api-key create`" in result.stderr


def test_a_flag_beats_the_environment(console: Any) -> None:
    console.answers("GET", "/api/v1/assets", {"assets": [], "nextCursor": None})
    console.run("assets", "--api-key", "cd-ffffffffffff_other", "--api-url", "http://other.test")

    assert str(console.requests[0].url).startswith("http://other.test/api/v1/assets")
    assert console.requests[0].headers["authorization"] == "Bearer cd-ffffffffffff_other"


def test_a_key_is_never_printed(console: Any) -> None:
    console.answers("GET", "/api/v1/assets", httpx.ConnectError("refused"))
    result = console.run("assets", key="cd-0123456789ab_topsecret")

    assert "topsecret" not in result.output
    assert "topsecret" not in console.run("assets", "--help", key="cd-0123456789ab_topsecret").output
