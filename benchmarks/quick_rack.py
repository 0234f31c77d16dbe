"""A rack whose machines are through in seconds of real time: what is measured is the work, and no deadline comes near.

Run as `python -m benchmarks.quick_rack shared COUNT SOCKET` it holds them for workers on a PostgreSQL database, as
`colony rack` does; as `... alone COUNT FILE` it does all the work itself, on SQLite, and prints what that took.
"""

import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.provisioning import ports_over
from benchmarks.stock import registration
from colony_core import Colony, Paging, Policy, ProvisionRequest, Run, RunStatus
from colony_core.domain.breakers import Pace
from colony_crypto.sealing import KEY_BYTES, Sealer
from colony_simulator import SimulatedRack
from colony_simulator.sharing import shared
from colony_simulator.timings import IMAGES, Image, Span, Timings
from colony_store.sqlite.store import SqliteStore
from colony_system.clock import SystemClock
from colony_wiring.assembly import opened
from colony_wiring.loop import run
from colony_wiring.settings import Settings

NOW, SOON = Span(0.0, 0.0), Span(0.05, 0.15)
LOOK_SECONDS = 0.2

GAP = timedelta(milliseconds=50)
"""Between two calls to a controller, as in a server; without it machines have not obeyed when they are looked at."""


class Work(Struct, frozen=True, kw_only=True):
    """What came of so many installations that were ordered at one moment, and how long they took together."""

    machines: int
    provisioned: int
    seconds: float
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Return how many machines were provisioned in a second."""
        return self.provisioned / self.seconds


def quick_rack(count: int) -> SimulatedRack:
    """Return a rack of *count* machines that take half a second for what takes a real one twenty minutes."""
    images = {name: Image(size_bytes=image.size_bytes, install=SOON, start=SOON) for name, image in IMAGES.items()}
    timings = Timings(
        power_on=NOW,
        power_off=NOW,
        self_test=SOON,
        agent_start=SOON,
        inspection=SOON,
        images=images,
        retry=0.5,
    )
    return SimulatedRack.of(count, seed=1, clock=SystemClock(), timings=timings)


async def ordered(colony: Colony, machines: int) -> None:
    """Order the installation of every machine, all at one moment."""
    async with colony.ports.store.transaction():
        for number in range(1, machines + 1):
            await colony.assets.provision(f"asset-{number}", ProvisionRequest())


async def all_done(colony: Colony) -> bool:
    """Tell whether nothing is under way any more."""
    async with colony.ports.store.reading() as look:
        return not (await look.assets.count_by_status()).get("provisioning", 0)


async def work_done(colony: Colony, machines: int) -> Work:
    """Return what came of all workflows, from the first one's start to the last one's end."""
    runs: list[Run] = []
    paging = Paging(limit=500)
    while True:
        page = await colony.workflows.page(paging)
        runs += page.items
        if page.next_cursor is None:
            break
        paging = replace(paging, cursor=page.next_cursor)
    began = min(each.started_at for each in runs if each.started_at)
    ended = max(each.finished_at for each in runs if each.finished_at)
    good = sum(each.status is RunStatus.COMPLETED for each in runs)
    return Work(machines=machines, provisioned=good, seconds=(ended - began).total_seconds())


async def hold(count: int, socket: Path) -> None:
    """Hold the rack for others until told to stop."""
    async with opened(Settings.read(os.environ)) as colony:
        rack = quick_rack(count)
        rack.connect(colony.netboot)
        await colony.assets.enrol([(registration(machine), machine.inventory) for machine in rack.machines])
        async with shared(rack, socket):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await rack.live()


async def alone(count: int, file: Path) -> None:
    """Do everything in this process, as a server on SQLite does, and print the work."""
    async with AsyncExitStack() as stack:
        store = await SqliteStore.open(file, sealer=Sealer(os.urandom(KEY_BYTES)))
        stack.push_async_callback(store.aclose)
        rack = quick_rack(count)
        colony = Colony(ports_over(store, rack), policy=Policy(bmc_pace=Pace(gap=GAP)))
        rack.connect(colony.netboot)
        await colony.assets.enrol([(registration(machine), machine.inventory) for machine in rack.machines])
        cpu = time.process_time()
        await ordered(colony, count)
        tasks = [asyncio.create_task(colony.runner.run()), asyncio.create_task(rack.live())]
        while not await all_done(colony):  # noqa: ASYNC110 - the database alone can tell
            await asyncio.sleep(LOOK_SECONDS)
        work = replace(await work_done(colony, count), cpu_seconds=time.process_time() - cpu)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    sys.stdout.write(msgspec.json.encode(work).decode() + "\n")


def main() -> None:
    """Do what the arguments name."""
    role, count, path = sys.argv[1:]
    run(alone(int(count), Path(path)) if role == "alone" else hold(int(count), Path(path)))


if __name__ == "__main__":
    main()
