"""Whole lives of machines: `os-provision` from the order to `provisioned`, hours of it on a virtual clock."""

import cProfile
import os
import sqlite3
import time
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.stock import registration
from colony_core import Colony, Ports, ProvisionRequest
from colony_crypto.authorities import ClusterAuthorities
from colony_crypto.sealing import KEY_BYTES, Sealer
from colony_simulator import SimulatedRack, Simulation, VirtualClock
from colony_store.rate_limits import MemoryRateLimiter
from colony_store.sqlite.store import SqliteStore
from colony_system.chance import SystemChance

GRAIN = timedelta(seconds=1)
"""How often the virtual server looks at its clock: what falls due within it happens together."""

BARE_COMMITS = 500


class Provisioning(Struct, frozen=True, kw_only=True):
    """So many machines were ordered at once; `cpu_seconds` are those of all threads.

    `commits_per_second` is the floor: what bare SQLite puts on the same disk, one small row after the other.
    """

    machines: int
    seconds: float
    cpu_seconds: float
    simulated_seconds: float
    provisioned: int
    commits_per_second: float

    @property
    def rate(self) -> float:
        """Return how many machines were provisioned in a real second."""
        return self.provisioned / self.seconds


async def provision(machines: int, *, folder: Path, profile: cProfile.Profile | None = None) -> Provisioning:
    """Order and await the provisioning of *machines*, on a database in *folder* that survives a crash at any moment."""
    with TemporaryDirectory(dir=folder, prefix="colony-bench-") as place:
        commits_per_second = _bare_commits(Path(place) / "bare.db")
        store = await SqliteStore.open(Path(place) / "colony.db", sealer=Sealer(os.urandom(KEY_BYTES)))
        try:
            clock = VirtualClock()
            rack = SimulatedRack.of(machines, seed=1, clock=clock)
            colony = _colony(store, rack)
            await colony.assets.enrol([(registration(machine), machine.inventory) for machine in rack.machines])
            began, wall, cpu = clock.now(), time.perf_counter(), time.process_time()
            with profile or nullcontext():
                for machine in rack.machines:
                    await colony.assets.provision(machine.name, ProvisionRequest())
                await Simulation(rack=rack, clock=clock, runner=colony.runner, grain=GRAIN).run()
            seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
            async with store.reading() as look:
                counts = await look.assets.count_by_status()
        finally:
            await store.aclose()
    return Provisioning(
        machines=machines,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        simulated_seconds=(clock.now() - began).total_seconds(),
        provisioned=counts.get("provisioned", 0),
        commits_per_second=commits_per_second,
    )


def _bare_commits(file: Path) -> float:
    """Return how many transactions a second SQLite alone makes as safe from a crash as the store's."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (value TEXT)")
        began = time.perf_counter()
        for number in range(BARE_COMMITS):
            connection.execute("INSERT INTO rows VALUES (?)", (f"row {number}",))
        return BARE_COMMITS / (time.perf_counter() - began)


def _colony(store: SqliteStore, rack: SimulatedRack) -> Colony:
    colony = Colony(ports_over(store, rack))
    rack.connect(colony.netboot)
    return colony


def ports_over(store: SqliteStore, rack: SimulatedRack) -> Ports:
    """Return the ports of a colony that lives in the time of *rack*, whatever clock that is."""
    return Ports(
        store=store,
        hardware=rack.hardware,
        platform=rack.platform,
        authorities=ClusterAuthorities(),
        rate_limiter=MemoryRateLimiter(time.monotonic_ns),
        clock=rack.clock,
        wall=rack.clock,
        chance=SystemChance(),
    )
