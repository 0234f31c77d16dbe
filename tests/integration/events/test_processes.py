"""Event streams and webhooks over several servers on one database: everything once and in order, whoever made it."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from colony_console.server_sent import Event, events_of
from colony_testkit.endpoint import Endpoint
from tests.integration.console.conftest import READY, Desk

LIMITS = ("--per-minute", "100000", "--per-hour", "100000")
CUT_LISTENERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND query LIKE '%max(seq)%' AND state = 'idle'"
)


@pytest.fixture
def desk(tmp_path: Path, postgres_url: str) -> Desk:
    desk = Desk(tmp_path)
    # Nobody polls, so that the events are those of the requests.
    desk.environment |= {
        "COLONY_DATABASE_URL": postgres_url,
        "COLONY_SECRET_KEY": "00" * 32,
        "COLONY_HEALTH_INTERVAL": "0",
    }
    desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests", *LIMITS).strip()
    return desk


@contextmanager
def client(desk: Desk, url: str) -> Iterator[httpx.Client]:
    """Give a client of the server at *url*."""
    headers = {"Authorization": f"Bearer {desk.environment['COLONY_API_KEY']}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False) as api:
        yield api


def register(desk: Desk, url: str, number: int) -> None:
    """Register a machine at one server; that writes to the journal, and begins a workflow that cannot succeed."""
    address = f"127.0.0.{number}"
    bmc = {"protocol": "ipmi", "address": address, "port": 1, "username": "u", "password": "p"}
    with client(desk, url) as api:
        api.post("/assets", json={"ipmi": address, "hostname": f"m-{number}", "bmc": bmc}).raise_for_status()


def heard(desk: Desk, url: str, path: str, *, until: Any) -> list[Event]:
    """Return what a stream of one server gives from the beginning, up to the moment when it is enough."""
    events: list[Event] = []
    with client(desk, url) as api, api.stream("GET", path, headers={"Last-Event-ID": "0"}) as answer:
        for event in events_of(answer.iter_lines()):
            events.append(event)
            if until(events):
                break
    return events


@pytest.mark.timeout(300)
async def test_every_event_is_heard_once_and_in_order_whichever_server_made_it(desk: Desk, postgres_url: str) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(desk.begun("serve", "--port", "0")) for _ in range(3)]
        urls = [await asyncio.to_thread(server.says, READY) for server in servers]
        async with Endpoint().listening() as endpoint:
            await asyncio.to_thread(hook, desk, urls[1], endpoint.url)
            await asyncio.gather(*(asyncio.to_thread(register, desk, urls[n % 3], n) for n in range(1, 7)))
            await endpoint.has(4)
            await cut_listeners(postgres_url)
            await asyncio.to_thread(servers[0].stopped_by, signal.SIGKILL)
            await asyncio.gather(*(asyncio.to_thread(register, desk, urls[1 + n % 2], n) for n in range(7, 13)))

            ones = await asyncio.to_thread(heard, desk, urls[1], "/events", until=tells_of_all)
            last = int(ones[-1].id)
            others = await asyncio.to_thread(
                heard, desk, urls[2], "/events", until=lambda events: int(events[-1].id) >= last
            )
            of_one = await asyncio.to_thread(
                heard, desk, urls[2], "/workflows/workflow-1/events", until=lambda events: len(events) >= 1
            )
            async with asyncio.timeout(60):
                while int(endpoint.received[-1].headers["x-colony-event-id"]) < last:
                    await endpoint.has(len(endpoint.received) + 1)

    assert [event.id for event in ones] == [str(seq) for seq in range(1, last + 1)]
    assert others == ones
    assert of_one[0] in ones
    got = [int(each.headers["x-colony-event-id"]) for each in endpoint.received]
    told = [seq for seq in got if seq <= last]
    assert told == sorted(told)
    assert sorted(set(told)) == list(range(told[0], last + 1))
    # What was on its way when the server that delivered was killed may come twice; nothing else does.
    assert len(told) - len(set(told)) <= 1


def tells_of_all(events: list[Event]) -> bool:
    """Tell whether every machine's workflow was heard of."""
    return all(any(f'"asset-{number}"' in event.data for event in events) for number in range(1, 13))


def hook(desk: Desk, url: str, endpoint: str) -> None:
    """Make a webhook."""
    with client(desk, url) as api:
        api.post("/webhooks", json={"url": endpoint}).raise_for_status()


async def cut_listeners(url: str) -> None:
    """End every connection on which a server hears of the others."""
    connection = await asyncpg.connect(url)
    await connection.fetchval(CUT_LISTENERS)
    await connection.close()
