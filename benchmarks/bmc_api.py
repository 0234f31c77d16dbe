"""What a sweep over all controllers does to everybody else: the p99 of small requests, at rest and meanwhile."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.bmc_rack import Target
from benchmarks.servers import Server, Shot, serving
from benchmarks.stock import UNLIMITED, Stock
from colony_bmc.ipmi import IpmiHardware
from colony_core import Registration, Secret
from colony_simulator import reference_machine
from colony_testkit.ipmi_sim import PASSWORD, USER
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

STARTING = 0.5
"""Seconds until a client in a process of its own is at work."""

CONNECTIONS = 4
"""Over how many connections small requests come in, one at a time on each."""


class Disturbance(Struct, frozen=True, kw_only=True):
    """Milliseconds at the 99th percentile and at the median; medians over the rounds, as is the ratio of the p99s.

    `at_once` controllers are read at a time; `swept` is how many in a second, `failures` what was not answered as it
    should be. `elsewhere` is the control: another process reads as many a second, and the server is asked small
    requests alone; what that costs is the machine's share, which the controllers run on too.
    """

    controllers: int
    at_once: int
    rest_p50: float
    rest_p99: float
    sweep_p50: float
    sweep_p99: float
    ratio: float
    elsewhere_p99: float
    elsewhere_ratio: float
    swept: float
    failures: int


async def disturb(
    targets: tuple[Target, ...], *, at_once: tuple[int, ...], rounds: int, seconds: float, folder: Path
) -> tuple[Disturbance, ...]:
    """Measure a server that has *targets* registered, at rest and while their sensors are read, in turns."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-bench-")))
        stock = await registered(targets, folder=place)
        server = await stack.enter_async_context(serving("steel", stock, health_interval=0))
        await server.fire(_small(server) * 4, connections=CONNECTIONS)
        return tuple([await _compared(server, targets, many, rounds=rounds, seconds=seconds) for many in at_once])


async def _compared(
    server: Server, targets: tuple[Target, ...], many: int, *, rounds: int, seconds: float
) -> Disturbance:
    rests, during, control, swept = list[Shot](), list[Shot](), list[Shot](), list[Shot]()
    for _ in range(rounds):
        rests.append(await asked(server, seconds))
        sweep = asyncio.ensure_future(server.fire(_sweep(server), connections=many, seconds=seconds + 1))
        await asyncio.sleep(STARTING)
        during.append(await asked(server, seconds))
        swept.append(await sweep)
        elsewhere = asyncio.ensure_future(_read_elsewhere(targets, many, pace=_rate(swept[-1])))
        await asyncio.sleep(STARTING)
        control.append(await asked(server, seconds))
        elsewhere.cancel()
        await asyncio.gather(elsewhere, return_exceptions=True)
    return Disturbance(
        controllers=len(targets),
        at_once=many,
        rest_p50=median(percentile(shot, 50) for shot in rests),
        rest_p99=median(percentile(shot, 99) for shot in rests),
        sweep_p50=median(percentile(shot, 50) for shot in during),
        sweep_p99=median(percentile(shot, 99) for shot in during),
        ratio=_ratio(during, rests),
        elsewhere_p99=median(percentile(shot, 99) for shot in control),
        elsewhere_ratio=_ratio(control, rests),
        swept=median(map(_rate, swept)),
        failures=sum(map(failures, [*rests, *during, *control, *swept])),
    )


async def _read_elsewhere(targets: tuple[Target, ...], many: int, *, pace: float) -> None:
    """Read controllers from this process for ever, *many* at a time and *pace* of them a second at most."""
    hardware, loop, turns = IpmiHardware(), asyncio.get_running_loop(), cycle(targets)
    due = loop.time()

    async def worker() -> None:
        nonlocal due
        while True:
            due = max(due + 1 / pace, loop.time())
            await asyncio.sleep(due - loop.time())
            await hardware.controller(next(turns).access).sensors()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(many):
                group.create_task(worker())
    finally:
        await hardware.aclose()


def _small(server: Server) -> list[bytes]:
    return [server.request("GET", f"/api/v1/assets/{asset}") for asset in _names(server.stock.assets)]


def _sweep(server: Server) -> list[bytes]:
    return [server.request("GET", f"/api/v1/assets/{asset}/sensors") for asset in _names(server.stock.assets)]


async def asked(server: Server, seconds: float) -> Shot:
    """Ask for one machine after the other for so many *seconds*."""
    return await server.fire(_small(server), connections=CONNECTIONS, seconds=seconds)


def _ratio(shots: Sequence[Shot], others: Sequence[Shot]) -> float:
    return median(percentile(a, 99) / percentile(b, 99) for a, b in zip(shots, others, strict=True))


def _rate(shot: Shot) -> float:
    return len(shot.tally.latencies) / shot.tally.seconds


async def registered(targets: Sequence[Target], *, folder: Path) -> Stock:
    """Make a database in *folder* that has *targets* registered, all of them known to be what they are."""
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


def percentile(shot: Shot, percent: int) -> float:
    """Return the milliseconds within which so many of a hundred requests were answered."""
    latencies = sorted(shot.tally.latencies)
    return 1000 * latencies[len(latencies) * percent // 100]


def failures(shot: Shot) -> int:
    """Return how many requests were not answered as they should be."""
    return sum(number for status, number in shot.tally.statuses.items() if status != 200)
