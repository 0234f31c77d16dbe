"""What a sweep over all controllers does to everybody else: the p99 of small requests, at rest and meanwhile."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.bmc_rack import Target
from benchmarks.servers import Server, Shot, serving
from benchmarks.stock import UNLIMITED, Stock
from colony_core import Registration, Secret
from colony_simulator import reference_machine
from colony_testkit.ipmi_sim import PASSWORD, USER
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

CONNECTIONS = 4
"""Over how many connections small requests come in, one at a time on each."""


class Disturbance(Struct, frozen=True, kw_only=True):
    """Milliseconds at the 99th percentile and at the median; medians over the rounds, as is the ratio of the p99s.

    `at_once` controllers are read at a time; `swept` is how many in a second, `failures` what was not answered as it
    should be.
    """

    controllers: int
    at_once: int
    rest_p50: float
    rest_p99: float
    sweep_p50: float
    sweep_p99: float
    ratio: float
    swept: float
    failures: int


async def disturb(
    targets: tuple[Target, ...], *, at_once: tuple[int, ...], rounds: int, seconds: float, folder: Path
) -> tuple[Disturbance, ...]:
    """Measure a server that has *targets* registered, at rest and while their sensors are read, in turns."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-bench-")))
        stock = await _stocked(targets, folder=place)
        server = await stack.enter_async_context(serving("steel", stock))
        small = [server.request("GET", f"/api/v1/assets/{asset}") for asset in _names(len(targets))]
        await server.fire(small[:50] * 4, connections=CONNECTIONS)
        return tuple([await _compared(server, small, many, rounds=rounds, seconds=seconds) for many in at_once])


async def _compared(server: Server, small: list[bytes], many: int, *, rounds: int, seconds: float) -> Disturbance:
    sweep = [server.request("GET", f"/api/v1/assets/{asset}/sensors") for asset in _names(len(small))]
    rests, during, swept = list[Shot](), list[Shot](), list[Shot]()
    for _ in range(rounds):
        rests.append(await server.fire(small, connections=CONNECTIONS, seconds=seconds))
        other = asyncio.ensure_future(server.fire(sweep, connections=many, seconds=seconds + 1))
        await asyncio.sleep(0.5)  # until the other client has started
        during.append(await server.fire(small, connections=CONNECTIONS, seconds=seconds))
        swept.append(await other)
    return Disturbance(
        controllers=len(small),
        at_once=many,
        rest_p50=median(_percentile(shot, 50) for shot in rests),
        rest_p99=median(_percentile(shot, 99) for shot in rests),
        sweep_p50=median(_percentile(shot, 50) for shot in during),
        sweep_p99=median(_percentile(shot, 99) for shot in during),
        ratio=median(_percentile(b, 99) / _percentile(a, 99) for a, b in zip(rests, during, strict=True)),
        swept=median(len(shot.tally.latencies) / shot.tally.seconds for shot in swept),
        failures=sum(map(_failures, [*rests, *during, *swept])),
    )


async def _stocked(targets: tuple[Target, ...], *, folder: Path) -> Stock:
    settings = Settings(database_url=f"sqlite:///{folder / 'steel.db'}", log_level="error")
    async with opened(settings) as colony:
        await colony.assets.enrol(
            [
                (_registration(name, target), reference_machine(number).inventory)
                for number, (name, target) in enumerate(zip(_names(len(targets)), targets, strict=True), start=1)
            ]
        )
        made = await colony.api_keys.create("benchmark", limits=UNLIMITED)
    return Stock(settings, len(targets), made.whole.reveal())


def _registration(name: str, target: Target) -> Registration:
    bmc = target.access.bmc
    return Registration(
        id=name,
        hostname=name,
        address=bmc.address,
        protocol=bmc.protocol,
        port=bmc.port,
        username=USER,
        password=Secret(PASSWORD),
    )


def _names(count: int) -> list[str]:
    return [f"asset-{number}" for number in range(1, count + 1)]


def _percentile(shot: Shot, percent: int) -> float:
    latencies = sorted(shot.tally.latencies)
    return 1000 * latencies[len(latencies) * percent // 100]


def _failures(shot: Shot) -> int:
    return sum(number for status, number in shot.tally.statuses.items() if status != 200)
