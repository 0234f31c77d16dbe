"""Never more machines are installed at once than the setting says, whoever asks and whoever does the work."""

import asyncio
from collections.abc import Awaitable, Sequence

from colony_core import Paging, ProvisionRequest, RunStatus
from colony_core.domain.events import Entry, EventType
from colony_core.ports.persistence import EntryFilter
from tests.integration.processes.conftest import COLONY, Fleet

LIMIT, WORKERS, MACHINES = 3, 4, 12


async def test_never_more_than_the_limit_are_installed_by_all_workers_together_and_no_place_stays_free(
    fleet: Fleet,
) -> None:
    shared = {"COLONY_MAX_INSTALLS": str(LIMIT), "COLONY_SIMULATOR_RACK": "rack.sock"}
    # Their time passes like ours, so that no installation ends before it is cancelled.
    await fleet.start(*COLONY, "rack", "rack.sock", "--simulator", str(MACHINES))
    await asyncio.gather(*(fleet.start(*COLONY, "worker", **shared) for _ in range(WORKERS)))
    servers = await fleet.servers(2, "--no-worker", **shared)

    asked: list[Awaitable[object]] = [
        servers[number % 2].post(f"/assets/asset-{number}/provision", json={}) for number in range(1, 10)
    ]
    asked += [
        fleet.colony.assets.provision(f"asset-{number}", ProvisionRequest()) for number in range(10, MACHINES + 1)
    ]
    await asyncio.gather(*asked)
    ended: set[str] = set()
    while len(ended) < MACHINES:
        installing = await those_installing(fleet, count=min(LIMIT, MACHINES - len(ended)), but=ended)
        # They end at the same moment, so that several workers have places to give away at once.
        await asyncio.gather(*(fleet.colony.workflows.cancel(run) for run in installing))
        ended |= installing

    entries = await journal(fleet)
    assert most_at_once(entries) == LIMIT
    runs = (await fleet.colony.workflows.page(Paging(limit=100))).items
    assert len(runs) == MACHINES
    assert all(run.started_at for run in runs), "everybody got in"


async def those_installing(fleet: Fleet, *, count: int, but: set[str]) -> set[str]:
    """Return the workflows that run, without those that are about to end, once there are as many as there should be."""
    async with asyncio.timeout(60):
        while True:
            runs = (await fleet.colony.workflows.page(Paging(limit=100))).items
            running = {run.id for run in runs if run.status is RunStatus.RUNNING} - but
            if len(running) == count:
                return running
            await asyncio.sleep(0.1)


async def journal(fleet: Fleet) -> Sequence[Entry]:
    async with fleet.colony.ports.store.reading() as look:
        return await look.journal.after(0, 10_000, EntryFilter())


def most_at_once(entries: Sequence[Entry]) -> int:
    """Return how many workflows ran at once at the most, in the order in which it was stored."""
    running: set[str | None] = set()
    most = 0
    for entry in entries:
        if entry.type is EventType.WORKFLOW and entry.status is not None:
            if entry.status == RunStatus.RUNNING:
                running.add(entry.run_id)
            elif entry.status != RunStatus.PENDING:
                running.discard(entry.run_id)
            most = max(most, len(running))
    return most
