"""Event streams and webhooks over the end of a server: in order, and without a gap or a double."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_console.server_sent import Event, events_of
from colony_testkit.endpoint import OK, Endpoint
from tests.integration.console.conftest import Desk

MACHINES = 3
SERVE = ("--simulator", str(MACHINES), "--simulator-speed", "200")
LIMITS = ("--per-minute", "100000", "--per-hour", "100000")

endings = pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: str(number.name))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests", *LIMITS).strip()
    return desk


@contextmanager
def client(desk: Desk) -> Iterator[httpx.Client]:
    """Give a client of the server that runs at *desk*."""
    headers = {"Authorization": f"Bearer {desk.environment['COLONY_API_KEY']}"}
    url = f"{desk.environment['COLONY_API_URL']}/api/v1"
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as api:
        yield api


def followed(desk: Desk, path: str, *, after: str) -> Iterator[Event]:
    """Yield the events of a stream, until it ends."""
    with client(desk) as api, api.stream("GET", path, headers={"Last-Event-ID": after}) as answer:
        assert answer.status_code == 200
        yield from events_of(answer.iter_lines())


def heard(desk: Desk, path: str, *, after: str, until: Any) -> list[Event]:
    """Return what a stream gives after an event, up to the moment when it is enough."""
    events: list[Event] = []
    for event in followed(desk, path, after=after):
        events.append(event)
        if until(events):
            break
    return events


def ends(events: list[Event]) -> int:
    """Return of how many workflows the end was heard."""
    told = [json.loads(event.data) for event in events]
    return sum(each["type"] == "workflow" and each["status"] in ("completed", "failed") for each in told)


def begin(desk: Desk) -> None:
    """Start to install every machine."""
    with client(desk) as api:
        for number in range(1, MACHINES + 1):
            api.post(f"/assets/asset-{number}/provision").raise_for_status()


@endings
def test_the_stream_of_everything_goes_on_after_a_restart(desk: Desk, ending: signal.Signals) -> None:
    with desk.serving(*SERVE) as server:
        begin(desk)
        events = heard(desk, "/events", after="0", until=lambda events: len(events) >= 20)
        server.stopped_by(ending)
    with desk.serving(*SERVE):
        events += heard(desk, "/events", after=events[-1].id, until=lambda rest: ends(events + rest) == MACHINES)
        everything = heard(desk, "/events", after="0", until=lambda again: again[-1].id == events[-1].id)

    assert [event.id for event in events] == [str(seq) for seq in range(1, len(events) + 1)]
    assert events == everything


@endings
def test_the_stream_of_one_workflow_goes_on_after_a_restart_and_ends_with_it(
    desk: Desk, ending: signal.Signals
) -> None:
    path = "/workflows/workflow-1/events"
    with desk.serving(*SERVE) as server:
        begin(desk)
        events = heard(desk, path, after="0", until=lambda events: len(events) >= 5)
        server.stopped_by(ending)
    with desk.serving(*SERVE):
        events += heard(desk, path, after=events[-1].id, until=lambda _: False)
        everything = heard(desk, path, after="0", until=lambda _: False)
        with client(desk) as api:
            over = api.get(path, headers={"Last-Event-ID": events[-1].id})

    assert events == everything
    assert ends(events) == 1
    assert len({event.id for event in events}) == len(events)
    assert {json.loads(event.data)["workflowId"] for event in events} == {"workflow-1"}
    assert over.status_code == 204


@endings
async def test_a_webhook_hears_every_event_in_order_over_a_restart(desk: Desk, ending: signal.Signals) -> None:
    async with Endpoint().listening() as endpoint:
        with desk.serving(*SERVE) as server:
            await asyncio.to_thread(hook, desk, endpoint.url)
            await asyncio.to_thread(begin, desk)
            await endpoint.has(15)
            # While the endpoint is away, and over the end of the server, events wait for it.
            endpoint.says(503)
            await endpoint.has(len(endpoint.received) + 1)
            await asyncio.to_thread(server.stopped_by, ending)
        endpoint.says(OK)
        with desk.serving(*SERVE):
            await asyncio.to_thread(hurry, desk)
            everything = await asyncio.to_thread(
                heard, desk, "/events", after="0", until=lambda events: ends(events) == MACHINES
            )
            last = int(everything[-1].id)
            while int(endpoint.received[-1].headers["x-colony-event-id"]) < last:
                await endpoint.has(len(endpoint.received) + 1)

    first = int(endpoint.received[0].headers["x-colony-event-id"])
    got = [(int(each.headers["x-colony-event-id"]), each.body.decode()) for each in endpoint.received]
    told = [(int(event.id), event.data) for event in everything if int(event.id) >= first]
    assert [seq for seq, _ in got] == sorted(seq for seq, _ in got)
    assert sorted({each for each in got if each[0] <= last}) == told


def hook(desk: Desk, url: str) -> None:
    """Make a webhook."""
    with client(desk) as api:
        api.post("/webhooks", json={"url": url}).raise_for_status()


def hurry(desk: Desk) -> None:
    """Let the webhook's next try be made at once."""
    with client(desk) as api:
        api.post("/webhooks/webhook-1/redeliver").raise_for_status()
