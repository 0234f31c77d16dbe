"""Factories for `--colony-adapter`, as a user would write them: one for each way in which a factory may be written."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from colony_core.domain.hardware import Power
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_core.ports.persistence import Store
from colony_crypto.sealing import Sealer
from colony_simulator import Silent, SimulatedRack, Simulation, VirtualClock
from colony_store.rate_limits import MemoryRateLimiter
from colony_store.sqlite import SqliteStore
from colony_system.chance import SystemChance
from colony_testkit.cases import ClockCase, HardwareCase, PlatformCase, RateLimiterCase
from colony_testkit.rack_operator import RackOperator, an_install
from colony_testkit.topologies import a_civo_request, a_cluster, a_control_plane, a_spec, a_worker


def sqlite(tmp_path: Path) -> Callable[[], Awaitable[Store]]:
    async def open_it() -> Store:
        return await SqliteStore.open(tmp_path / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")

    return open_it


def limiter() -> RateLimiterCase:
    now = [0]

    def advance(nanoseconds: int) -> None:
        now[0] += nanoseconds

    return RateLimiterCase(limiter=MemoryRateLimiter(lambda: now[0]), advance=advance)


async def virtual_clock() -> AsyncIterator[ClockCase]:
    clock = VirtualClock()

    async def advance(by: timedelta) -> None:
        clock.advance(by)

    yield ClockCase(clock=clock, advance=advance)


def rack_hardware() -> Iterator[HardwareCase]:
    clock = VirtualClock()
    rack = SimulatedRack.of(1, clock=clock)
    [machine] = rack.machines

    async def moment() -> None:
        await Simulation(rack=rack, clock=clock).run(clock.now() + timedelta(seconds=1))

    access = Access(machine.bmc, machine.password)
    yield HardwareCase(
        hardware=rack.hardware, access=access, silence=lambda: rack.fault("asset-1", Silent()), moment=moment
    )


async def rack_platform() -> PlatformCase:
    clock = VirtualClock()
    operator = RackOperator(SimulatedRack.of(2, clock=clock), clock=clock)
    spec = a_spec(replace(a_civo_request(), control_planes=(a_control_plane(1),), workers=(a_worker(1),), vip=None))
    machines = operator.rack.machines
    for machine, node in zip(machines, spec.nodes, strict=True):
        await operator.give(machine, an_install(machine, template="talos", ip=node.ip))
        await operator.controller(machine).set_power(Power.OFF)
        await operator.settle()

    async def start() -> None:
        for machine in machines:
            await operator.controller(machine).set_power(Power.ON)

    return PlatformCase(
        platform=operator.rack.platform,
        cluster=a_cluster(spec),
        authority=Secret("the authority of the cluster"),
        stranger=Secret("the authority of another cluster"),
        start=start,
        moment=lambda: operator.wait(30),
    )


def undeclared():  # type: ignore[no-untyped-def]  # as written by somebody who does not annotate
    return SystemChance()


class Shouting:
    """Chance that breaks its contract."""

    def token(self, length: int) -> str:
        return SystemChance().token(length).upper()
