"""One trouble at a time: a worker is killed, or stopped and continued; PostgreSQL is away, or hangs.

The lease is the one that nobody set: 10 s. The rack stands still where workers have to be in the middle of acts.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from soak.course import Course
from soak.crew import Crew, Member
from soak.customers import Customers, Wish
from soak.running import crew_of
from soak.takeovers import NAME
from soak.verdict import world

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

PATIENCE = 90.0
"""Seconds after which what must come is said not to come; nothing is asserted about how long it took."""

COURSE = Course(
    seed=0,
    asking=0.0,
    takeover=10.0,
    stop=(0.0, 0.0),
    quiet=(0.0, 0.0),
    outage=(0.0, 0.0),
    provisionings=12,
    clusters=0,
    speed=3.0,
)
HELD = """SELECT id, queue_manager_id::text AS holder, heartbeat, clock_timestamp() AS now
FROM colony_queue.pgqueuer WHERE status = 'picked'"""

numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crew(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crew]:
    async with crew_of(COURSE, folder=tmp_path_factory.mktemp("crew")) as crew:
        yield crew
        assert crew.crashes() == []


@pytest_asyncio.fixture(loop_scope="module")
async def customers(crew: Crew) -> AsyncIterator[Customers]:
    customers = Customers(COURSE, crew)
    async with customers.open():
        yield customers
    assert customers.wrong == []


async def asked(customers: Customers, verb: str, *, times: int) -> list[str]:
    """Ask for this work on so many machines that nobody works on, and return the workflows."""
    found = []
    for number in [next(numbers) for _ in range(times)]:
        wish = Wish(token=f"{verb}-{number}", path=f"/assets/asset-{number}/{verb}", body={})
        found.append((await customers.ask(wish))["id"])
    return found


async def ended(customers: Customers, workflow_ids: list[str]) -> dict[str, str]:
    """Wait until these workflows have ended, and return how, by id."""
    end = time.monotonic() + PATIENCE
    while True:
        workflows = await customers.everything("workflows")
        how = {id: workflows[id]["status"] for id in workflow_ids}
        if not set(how.values()) & {"pending", "running"}:
            return how
        assert time.monotonic() < end, f"they never end: {how}"
        await asyncio.sleep(0.2)


async def held(crew: Crew) -> list[Any]:
    """Return every piece of work that somebody has in hand, as the queue knows it."""
    connection = await asyncpg.connect(crew.url)
    try:
        return list(await connection.fetch(HELD))
    finally:
        await connection.close()


def name_of(worker: Member) -> str:
    """Return how the queue calls the present life of *worker*."""
    return str(NAME.findall(worker.words)[-1])


async def pieces_of(crew: Crew, name: str) -> dict[int, datetime]:
    """Return what the worker of this name has in hand, and when it last said so."""
    return {row["id"]: row["heartbeat"] for row in await held(crew) if row["holder"] == name}


async def somebody_with_work(crew: Crew) -> Member:
    """Wait until a worker has something in hand."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        holders = {row["holder"] for row in await held(crew)}
        for worker in crew.workers:
            if name_of(worker) in holders:
                return worker
        await asyncio.sleep(0.05)
    raise AssertionError("nobody has anything in hand")


async def taken_up(crew: Crew, pieces: dict[int, datetime], *, by_others_than: str) -> dict[int, float]:
    """Wait until others have every one of *pieces*: return how many seconds after the last sign of life that was."""
    end = time.monotonic() + PATIENCE
    after: dict[int, float] = {}
    while pieces.keys() - after.keys():
        assert time.monotonic() < end, f"nobody takes up {pieces.keys() - after.keys()}"
        for row in await held(crew):
            if row["holder"] != by_others_than and row["id"] in pieces:
                after.setdefault(row["id"], (row["now"] - pieces[row["id"]]).total_seconds())
        await asyncio.sleep(0.05)
    return after


async def test_the_work_of_a_killed_worker_is_taken_up_within_ten_seconds(crew: Crew, customers: Customers) -> None:
    crew.rack.stand_still()
    workflows = await asked(customers, "reboot", times=3)
    worker = await somebody_with_work(crew)
    dead = name_of(worker)
    await worker.kill()
    pieces = await pieces_of(crew, dead)

    after = await taken_up(crew, pieces, by_others_than=dead)

    crew.rack.go_on()
    await worker.start()
    assert pieces
    assert max(after.values()) <= 10.0, "by the database's clock, from the last beat to the next worker"
    assert set((await ended(customers, workflows)).values()) == {"completed"}
    await worker.ready()


async def test_a_worker_that_was_stopped_notices_that_its_lease_is_gone_and_stops(
    crew: Crew, customers: Customers
) -> None:
    crew.rack.stand_still()
    workflows = await asked(customers, "reboot", times=3)
    worker = await somebody_with_work(crew)
    worker.stand_still()
    zombie = name_of(worker)
    await taken_up(crew, await pieces_of(crew, zombie), by_others_than=zombie)

    worker.go_on()
    end = time.monotonic() + PATIENCE
    while "was taken over: this worker was silent too long" not in worker.words:
        assert time.monotonic() < end, worker.tail
        await asyncio.sleep(0.05)
    crew.rack.go_on()

    assert set((await ended(customers, workflows)).values()) == {"completed"}
    machines = {str(run.asset_id) for run in (await world(crew)).runs.values() if run.id in workflows}
    told = [each.machine for each in (await world(crew)).happened if each.event == "told restart"]
    assert sorted(machine for machine in told if machine in machines) == sorted(machines), "each was told once"


async def test_without_postgresql_everything_is_503_with_retry_after_and_then_all_goes_on(
    crew: Crew, customers: Customers
) -> None:
    before = await asked(customers, "reboot", times=2)
    await asyncio.to_thread(crew.postgres.stop, mode="fast")
    headers = {"Authorization": f"Bearer {crew.key}"}
    async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        for address in crew.addresses:
            for method, path in (("GET", "/assets"), ("GET", "/workflows"), ("POST", "/assets/asset-1/reboot")):
                answer = await http.request(method, f"{address}/api/v1{path}", json={} if method == "POST" else None)
                assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE"), path
                assert int(answer.headers["Retry-After"]) >= 1
            assert (await http.get(f"{address}/readyz")).status_code == 503
            assert (await http.get(f"{address}/healthz")).status_code == 200
    await asyncio.to_thread(crew.postgres.start)

    after = await asked(customers, "reboot", times=1)
    assert set((await ended(customers, [*before, *after])).values()) == {"completed"}


async def test_a_database_that_hangs_is_503_too_and_hurts_nobody(crew: Crew, customers: Customers) -> None:
    before = await asked(customers, "reboot", times=2)
    crew.postgres.pause()
    headers = {"Authorization": f"Bearer {crew.key}"}
    async with httpx.AsyncClient(headers=headers, timeout=120, trust_env=False) as http:
        answers = await asyncio.gather(*(http.get(f"{address}/api/v1/assets") for address in crew.addresses))
    crew.postgres.go_on()

    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    assert set((await ended(customers, before)).values()) == {"completed"}
