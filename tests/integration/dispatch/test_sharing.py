"""Colonies with stores and dispatchers of their own share one PostgreSQL database, and a simulated rack that lives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from colony_core.application.colony import Colony
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.workflows import RunStatus
from colony_core.ports.dispatch import Call
from colony_core.ports.persistence import Paging
from colony_crypto.sealing import Sealer
from colony_dispatch import PgQueuerDispatcher
from colony_simulator import SimulatedRack
from colony_store.postgres import PostgresStore
from colony_system.clock import ScaledClock
from colony_testkit.lab import Lab

PACE = 200.0
MACHINES = 4


class Counting(PgQueuerDispatcher):
    """A dispatcher that remembers what it was called for."""

    async def take(self, limit: int) -> tuple[Call, ...]:
        calls = await super().take(limit)
        self.called = (*getattr(self, "called", ()), *calls)
        return calls


@pytest.fixture
async def crew(postgres_url: str) -> AsyncIterator[tuple[Lab, list[Colony], list[Counting]]]:
    lab, colonies, dispatchers = Lab(MACHINES), [], []
    clock = ScaledClock(PACE, datetime(2026, 1, 1, tzinfo=UTC))
    rack = SimulatedRack.of(MACHINES, clock=clock)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            store = await PostgresStore.open(postgres_url, sealer=Sealer(bytes(32)))
            stack.push_async_callback(store.aclose)
            takeover = timedelta(seconds=4)
            dispatcher = await Counting.open(postgres_url, store, clock=clock, pace=PACE, takeover=takeover)
            stack.push_async_callback(dispatcher.aclose)
            assert isinstance(dispatcher, Counting)
            ports = replace(
                lab.colony.ports,
                store=store,
                clock=clock,
                hardware=rack.hardware,
                platform=rack.platform,
                dispatcher=dispatcher,
            )
            colonies.append(Colony(ports))
            dispatchers.append(dispatcher)
        rack.connect(colonies[0].netboot)
        lab.rack = rack
        living = asyncio.create_task(rack.live())
        yield lab, colonies, dispatchers
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


async def test_two_workers_install_machines_together_and_one_goes_on_when_the_other_stops(
    crew: tuple[Lab, list[Colony], list[Counting]],
) -> None:
    lab, (first, second), dispatchers = crew
    lab.colony = first
    for machine in lab.rack.machines:
        machine.password = lab.registration(1).password
    await lab.enrol()
    for number in range(1, MACHINES + 1):
        await first.assets.provision(f"asset-{number}", ProvisionRequest())
    workers = [asyncio.create_task(colony.runner.run()) for colony in (first, second)]

    async with asyncio.timeout(90):
        while not all(getattr(each, "called", ()) for each in dispatchers):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        workers[0].cancel()
        while not all(run.ended for run in (await second.workflows.page(Paging())).items):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.1)

    runs = (await second.workflows.page(Paging())).items
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    workers[1].cancel()
    await asyncio.gather(*workers, return_exceptions=True)
