"""Webhooks over the API: made, seen, taken away, and their dead letters sent again."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_core import ApiRole
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import signed
from colony_core.ports.persistence import EntryFilter
from colony_http.shapes_events import written
from colony_testkit.endpoint import OK, Endpoint
from colony_testkit.store_given import entry, keep
from colony_webhooks import HttpCourier
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

HOOKS = "/api/v1/webhooks"
ALL = EntryFilter()
URL = "https://hooks.example.com/colony"


async def made(api: httpx.AsyncClient, url: str = URL, **others: Any) -> dict[str, Any]:
    """Make a webhook, and return what the answer shows."""
    answer = await api.post(HOOKS, json={"url": url, **others})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_webhook_shows_its_secret_once(api: httpx.AsyncClient) -> None:
    answer = await api.post(HOOKS, json={"url": URL, "events": ["asset", "cluster"], "description": "on call"})
    listed, one = await api.get(HOOKS), await api.get(f"{HOOKS}/webhook-1")

    new = answer.json()
    secret = new.pop("secret")
    assert answer.headers["location"] == f"{HOOKS}/webhook-1"
    assert len(secret) == len("whsec_") + 64
    assert listed.json() == {"webhooks": [new], "nextCursor": None}
    assert one.json() == new
    assert {**new, "cursor": 0, "createdAt": ""} == {
        "id": "webhook-1",
        "url": URL,
        "events": ["asset", "cluster"],
        "description": "on call",
        "cursor": 0,
        "failures": 0,
        "nextTryAt": None,
        "lastDeliveredAt": None,
        "lastError": None,
        "deadLetters": 0,
        "createdAt": "",
    }


async def test_the_secret_is_nowhere_to_be_read_on_the_disk(
    service: Service, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    new = await made(api)
    trail = await api.get("/api/v1/audit")

    secret = new["secret"].encode()
    assert files_with(secret, tmp_path) == []
    assert secret not in trail.content


def files_with(text: bytes, folder: Path) -> list[str]:
    """Return the names of the files that hold *text*."""
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "url: required"),
        ({"url": "ftp://example.com"}, "url: must be like"),
        ({"url": "https://user:hunter2@example.com/"}, "url: must be like"),
        ({"url": URL, "events": ["nonsense"]}, "events[0]: must be one of workflow, step, log, asset, cluster"),
        ({"url": URL, "secret": "mine"}, "secret: unknown field"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused(api: httpx.AsyncClient, body: Any, details: str) -> None:
    answer = await api.post(HOOKS, json=body)

    assert_error(answer, 400, "INVALID_REQUEST")
    assert answer.json()["details"].startswith(details)
    assert "hunter2" not in answer.text
    assert (await api.get(HOOKS)).json()["webhooks"] == []


@pytest.mark.parametrize("role", [ApiRole.OPERATOR, ApiRole.VIEWER])
async def test_only_administrators_pass(service: Service, api: httpx.AsyncClient, role: ApiRole) -> None:
    await made(api)
    async with service.client(await service.key(role)) as other:
        answers = [
            await other.get(HOOKS),
            await other.get(f"{HOOKS}/webhook-1"),
            await other.post(HOOKS, json={"url": URL}),
            await other.delete(f"{HOOKS}/webhook-1"),
            await other.get(f"{HOOKS}/webhook-1/dead-letters"),
            await other.post(f"{HOOKS}/webhook-1/redeliver"),
        ]

    for answer in answers:
        assert_error(answer, 403, "FORBIDDEN")


async def test_what_is_not_there_is_told(api: httpx.AsyncClient) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/dead-letters"), ("POST", "/redeliver")):
        assert_error(await api.request(method, f"{HOOKS}/webhook-9{path}"), 404, "WEBHOOK_NOT_FOUND")
    await made(api)

    answer = await api.post(f"{HOOKS}/webhook-1/redeliver", json={"events": [7]})
    assert_error(answer, 404, "DEAD_LETTER_NOT_FOUND")


async def test_a_webhook_that_is_deleted_is_gone(api: httpx.AsyncClient) -> None:
    new = await made(api)
    gone = await api.delete(f"{HOOKS}/webhook-1")

    assert gone.json() == {name: value for name, value in new.items() if name != "secret"}
    assert_error(await api.get(f"{HOOKS}/webhook-1"), 404, "WEBHOOK_NOT_FOUND")
    assert (await made(api))["id"] == "webhook-2"


async def test_webhooks_come_in_pages(api: httpx.AsyncClient) -> None:
    for _ in range(3):
        await made(api)
    first = (await api.get(HOOKS, params={"limit": 2})).json()
    second = (await api.get(HOOKS, params={"cursor": first["nextCursor"]})).json()

    ids = [webhook["id"] for webhook in first["webhooks"] + second["webhooks"]]
    assert (ids, second["nextCursor"]) == (["webhook-1", "webhook-2", "webhook-3"], None)


async def test_a_delivery_is_what_the_stream_shows_and_is_signed(service: Service, api: httpx.AsyncClient) -> None:
    async with Endpoint().listening() as endpoint:
        new = await made(api, endpoint.url)
        await api.post("/api/v1/assets/asset-1/provision")
        await service.colony.deliveries(HttpCourier(), written=written).settle()
        received = endpoint.received

    async with service.store.reading() as look:
        told = await look.journal.after(new["cursor"], 100, ALL)
    assert [each.body for each in received] == [written(entry) for entry in told]
    assert json.loads(received[0].body)["workflowId"] == "workflow-1"
    for each in received:
        expected = signed(Secret(new["secret"]), each.body, at=service.wall.now())
        assert each.headers["x-colony-signature"] == expected


async def test_dead_letters_are_listed_with_their_event_and_sent_again(
    service: Service, api: httpx.AsyncClient
) -> None:
    deliveries = service.colony.deliveries(HttpCourier(), written=written)
    async with Endpoint().listening() as endpoint:
        new = await made(api, endpoint.url, events=["log"])
        endpoint.says(422)
        await keep(service.store, entry("one"), entry("two"))
        await deliveries.settle()
        first = (await api.get(f"{HOOKS}/webhook-1/dead-letters", params={"limit": 1})).json()
        second = (
            await api.get(f"{HOOKS}/webhook-1/dead-letters", params={"limit": 1, "cursor": first["nextCursor"]})
        ).json()
        (letter,) = first["deadLetters"]
        endpoint.says(OK)
        asked = await api.post(f"{HOOKS}/webhook-1/redeliver", json={"events": [letter["seq"]]})
        await deliveries.settle()
        left = (await api.get(f"{HOOKS}/webhook-1/dead-letters")).json()["deadLetters"]

    assert (letter["seq"], letter["event"]["message"], letter["tries"]) == (new["cursor"] + 1, "one", 1)
    assert letter["error"]["code"] == "ENDPOINT_REFUSED"
    assert letter["redelivering"] is False
    assert second["nextCursor"] is None
    assert (asked.status_code, asked.json()["deadLetters"]) == (200, 2)
    assert [each["seq"] for each in left] == [new["cursor"] + 2]
    assert (await api.get(f"{HOOKS}/webhook-1")).json()["deadLetters"] == 1


async def test_a_failure_shows_on_the_webhook_until_it_is_over(service: Service, api: httpx.AsyncClient) -> None:
    deliveries = service.colony.deliveries(HttpCourier(), written=written)
    async with Endpoint().listening() as endpoint:
        await made(api, endpoint.url)
        endpoint.says(503, OK)
        await keep(service.store, entry("one"))
        await deliveries.settle()
        troubled = (await api.get(f"{HOOKS}/webhook-1")).json()
        service.wait(5)
        await deliveries.settle()
        well = (await api.get(f"{HOOKS}/webhook-1")).json()

    assert (troubled["failures"], troubled["lastError"]["message"]) == (1, "127.0.0.1 answered 503")
    assert troubled["nextTryAt"] > troubled["lastError"]["at"]
    assert (well["failures"], well["nextTryAt"], well["lastError"]) == (0, None, None)
    assert well["cursor"] == troubled["cursor"] + 1


async def test_a_repeated_request_makes_one_webhook_and_shows_its_secret_again(api: httpx.AsyncClient) -> None:
    answers = [await api.post(HOOKS, json={"url": URL}, headers={"Idempotency-Key": "one"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len((await api.get(HOOKS)).json()["webhooks"]) == 1
