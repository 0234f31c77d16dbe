"""What the service's own polling does to everybody else: the p99 of small requests, without it, and at two paces."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.bmc_api import asked, failures, percentile, registered
from benchmarks.bmc_rack import Target
from benchmarks.servers import Shot, serving
from benchmarks.stock import Stock

AT_MOST = 50.0
"""Polls that begin in a second at the most by default: a round over 3,000 controllers in a minute is as fast."""


class Pace(Struct, frozen=True):
    """One way to poll: every controller once in `interval` seconds, or never with 0."""

    name: str
    interval: float


class Polled(Struct, frozen=True, kw_only=True):
    """Milliseconds at the median and at the 99th percentile of small requests, medians over the rounds.

    `of_rest` is the median over the rounds of the p99 divided by that of the round's server that polls nobody; `polled`
    is how many controllers in a second were asked while the requests were.
    """

    pace: str
    controllers: int
    interval: float
    p50: float
    p99: float
    of_rest: float
    polled: float
    failures: int


class _Round(Struct, frozen=True):
    shot: Shot
    polled: float


async def poll(
    targets: Sequence[Target], *, rounds: int, seconds: float, folder: Path, default: float
) -> tuple[Polled, ...]:
    """Measure servers that have *targets* registered and poll as they say, in turns; *default* is the interval."""
    paces = (Pace("never", 0), Pace("default", default), Pace("at its most", max(len(targets) / AT_MOST, 1)))
    found: dict[str, list[_Round]] = {pace.name: [] for pace in paces}
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-bench-")))
        stock = await registered(targets, folder=place)
        for _ in range(rounds):
            for pace in paces:
                found[pace.name].append(await _round(stock, targets, pace, seconds=seconds))
    return tuple(_compared(pace, found[pace.name], found["never"], len(targets)) for pace in paces)


async def _round(stock: Stock, targets: Sequence[Target], pace: Pace, *, seconds: float) -> _Round:
    """Start a server, so that each is as old as the others, and ask it once it is warm."""
    async with serving("steel", stock, health_interval=pace.interval) as server:
        await asked(server, min(seconds, 2.0))
        before, began = _readings(targets), time.perf_counter()
        shot = await asked(server, seconds)
        return _Round(shot, (_readings(targets) - before) / (time.perf_counter() - began))


def _readings(targets: Sequence[Target]) -> int:
    """Return how often the controllers were asked for the power: each writes down what it is asked."""
    journals = [target.journal for target in targets if target.journal is not None and target.journal.exists()]
    return sum(line.startswith("get") for journal in journals for line in journal.read_text().splitlines())


def _compared(pace: Pace, rounds: Sequence[_Round], rests: Sequence[_Round], controllers: int) -> Polled:
    ratios = [percentile(one.shot, 99) / percentile(rest.shot, 99) for one, rest in zip(rounds, rests, strict=True)]
    return Polled(
        pace=pace.name,
        controllers=controllers,
        interval=pace.interval,
        p50=median(percentile(one.shot, 50) for one in rounds),
        p99=median(percentile(one.shot, 99) for one in rounds),
        of_rest=median(ratios),
        polled=median(one.polled for one in rounds),
        failures=sum(failures(one.shot) for one in rounds),
    )
