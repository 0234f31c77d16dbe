"""Event streams over a real socket: from the beginning, resumed, ended with the work or with the server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from colony_core.domain.events import Entry
from colony_core.ports.persistence import StoreUnavailable
from colony_http import streams
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

EVENTS = "/api/v1/events"
WORKFLOW = "/api/v1/workflows/workflow-1/events"


@pytest.fixture
async def live(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await service.key()}"}
    async with service.listening() as url, httpx.AsyncClient(base_url=url, headers=headers, timeout=10) as client:
        yield client


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of a stream; each is checked to say the same in its id, its type and its data."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            shown = json.loads(fields["data"])
            assert (fields["id"], fields["event"]) == (str(shown["seq"]), shown["type"])
            yield shown
            fields = {}


async def first_of(answer: httpx.Response) -> dict[str, Any]:
    return await anext(events(answer))


async def whole(live: httpx.AsyncClient, path: str, **headers: str) -> list[dict[str, Any]]:
    async with live.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return [event async for event in events(answer)]


async def test_a_workflows_stream_tells_everything_and_ends_with_it(service: Service, live: httpx.AsyncClient) -> None:
    await live.post("/api/v1/assets/asset-1/provision")
    following = asyncio.create_task(whole(live, WORKFLOW))
    await service.settle()

    told = await following
    assert told[0]["message"] == "Workflow os-provision created"
    assert [each["status"] for each in told if each["type"] == "workflow"] == ["pending", "running", "completed"]
    assert (told[-1]["type"], told[-1]["status"]) == ("asset", "provisioned")
    assert {each["workflowId"] for each in told} == {"workflow-1"}


async def test_a_stream_resumes_after_any_event_without_gap_or_double(
    service: Service, live: httpx.AsyncClient
) -> None:
    await live.post("/api/v1/assets/asset-1/provision")
    await service.settle()
    told = await whole(live, WORKFLOW)

    for seen in (0, 3, len(told) - 2):
        after = str(told[seen]["seq"])
        assert await whole(live, WORKFLOW, **{"Last-Event-ID": after}) == told[seen + 1 :]
        assert await whole(live, f"{WORKFLOW}?lastEventId={after}") == told[seen + 1 :]


async def test_a_finished_stream_that_was_seen_to_its_end_says_so(service: Service, live: httpx.AsyncClient) -> None:
    await live.post("/api/v1/assets/asset-1/reboot")
    await service.settle()
    last = (await whole(live, WORKFLOW))[-1]["seq"]

    answer = await live.get(WORKFLOW, headers={"Last-Event-ID": str(last)})

    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_stream_of_everything_begins_now_unless_it_is_resumed(
    service: Service, live: httpx.AsyncClient
) -> None:
    await live.post("/api/v1/assets/asset-1/reboot")
    async with live.stream("GET", EVENTS) as now, live.stream("GET", f"{EVENTS}?lastEventId=0") as all_of_it:
        upcoming = asyncio.create_task(first_of(now))
        first = await first_of(all_of_it)
        await asyncio.sleep(0.2)
        await live.post("/api/v1/assets/asset-2/reboot")

        assert first["seq"] == 1
        assert (await upcoming)["workflowId"] == "workflow-2"


async def test_a_silent_stream_is_kept_alive(live: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.05)

    async with live.stream("GET", EVENTS) as answer:
        lines = answer.aiter_lines()
        seen = [await anext(lines) for _ in range(6)]

    assert seen.count(": keep-alive") >= 2


@pytest.mark.parametrize("value", ["-1", "abc", "9223372036854775808", "1.5"])
async def test_what_is_no_event_id_is_refused(live: httpx.AsyncClient, value: str) -> None:
    for path in (EVENTS, "/api/v1/workflows/workflow-1/events"):
        assert_error(await live.get(path, headers={"Last-Event-ID": value}), 400, "INVALID_REQUEST")
        assert_error(await live.get(f"{path}?lastEventId={value}"), 400, "INVALID_REQUEST")


async def test_a_client_that_goes_away_leaves_nothing_behind(live: httpx.AsyncClient) -> None:
    async with live.stream("GET", EVENTS) as first:  # what the first stream starts for all others may stay
        await anext(first.aiter_lines())
    await asyncio.sleep(0.1)
    before = len(asyncio.all_tasks())
    async with live.stream("GET", EVENTS) as answer:
        await anext(answer.aiter_lines())

    for _ in range(100):
        if len(asyncio.all_tasks()) <= before:
            break
        await asyncio.sleep(0.02)
    assert len(asyncio.all_tasks()) <= before


async def test_a_stream_ends_without_a_fault_when_the_store_goes_out_of_reach() -> None:
    class Away:
        def __aiter__(self) -> "Away":
            return self

        async def __anext__(self) -> Entry:
            raise StoreUnavailable("The database is out of reach: the connection broke")

    stream = streams.EventStream(Away(), streams.Closing())

    assert [chunk async for chunk in stream.iterator] == [b"retry: 2000\n\n"]


async def test_open_streams_do_not_hold_up_the_end_of_the_server(service: Service) -> None:
    headers = {"Authorization": f"Bearer {await service.key()}"}
    async with httpx.AsyncClient(headers=headers, timeout=10) as client:
        async with service.listening() as url:
            opened = [await client.send(client.build_request("GET", f"{url}{EVENTS}"), stream=True) for _ in range(5)]
            began = time.monotonic()
        took = time.monotonic() - began
        for answer in opened:
            await answer.aread()

    assert took < 2
