"""`python -m benchmarks.bmc`: reads the power of many controllers, by us and by others in turns.

Needs ipmi_sim, ipmitool and ipmipower (Debian packages openipmi, ipmitool and freeipmi-tools), and for the comparison
with sushy a Python that has it (`--sushy`, or COLONY_BENCH_SUSHY).
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from benchmarks.bmc_api import Disturbance, disturb
from benchmarks.bmc_polling import Polled, poll
from benchmarks.bmc_rack import Rack, dead_among, rack
from benchmarks.bmc_readers import READERS, Reader, Sweep
from benchmarks.bmc_redfish import redfish_rack, redfish_readers
from benchmarks.machine import Machine, machine
from benchmarks.report import about, table
from colony_wiring.loop import run

PROGRAMS = ("ipmi_sim", "ipmitool", "ipmipower", "stdbuf")
PARTS = ("sweeps", "redfish", "polling", "api")
MOST_DEAD_ONE_BY_ONE = 1
"""ipmitool waits some 20 s for each dead one: more of them tell nothing new."""


class Effort(Struct, frozen=True, kw_only=True):
    """How much is measured: sweeps of these `sizes`, so many in turns, and how long the API is asked."""

    sizes: tuple[int, ...]
    rounds: int
    rounds_with_dead: int
    redfish_rounds: int
    at_once: tuple[int, ...]
    api_rounds: int
    api_seconds: float
    default_interval: float = 60.0


EFFORTS = {
    "full": Effort(
        sizes=(1, 16, 64, 200),
        rounds=7,
        rounds_with_dead=2,
        redfish_rounds=3,
        at_once=(1, 4, 8, 64),
        api_rounds=5,
        api_seconds=4.0,
    ),
    "quick": Effort(
        sizes=(1, 16, 64), rounds=3, rounds_with_dead=1, redfish_rounds=1, at_once=(4,), api_rounds=2, api_seconds=2.0
    ),
    "tiny": Effort(
        sizes=(2,),
        rounds=1,
        rounds_with_dead=0,
        redfish_rounds=1,
        at_once=(1,),
        api_rounds=1,
        api_seconds=0.3,
        default_interval=1.0,
    ),
}


class Row(Struct, frozen=True, kw_only=True):
    """One reader over one set of controllers: medians of its sweeps, `read` the fewest.

    `of_peer` is the median ratio of the rounds in which it and the first of its peers read every living one.
    """

    reader: str
    controllers: int
    dead: int
    sweeps: int
    living: float
    over: float
    cpu: float
    read: int
    of_peer: float | None


class BmcReport(Struct, frozen=True, kw_only=True):
    """Everything that one run found out; `load_after` is the load average at its end."""

    at: datetime
    machine: Machine
    rows: tuple[Row, ...]
    redfish: tuple[Row, ...]
    polled: tuple[Polled, ...]
    api: tuple[Disturbance, ...]
    load_after: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what came out."""
    options = _parser().parse_args(arguments)
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        sys.exit(f"{', '.join(missing)} must be installed here: apt-get install openipmi ipmitool freeipmi-tools")
    sushy = options.sushy or os.environ.get("COLONY_BENCH_SUSHY")
    report = run(_measured(EFFORTS[options.effort], options.folder, only=options.only, sushy=sushy))
    sys.stdout.write(_as_text(report))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bmc", description="Read many controllers.")
    parser.add_argument("--quick", dest="effort", action="store_const", const="quick", default="full", help="less")
    parser.add_argument("--tiny", dest="effort", action="store_const", const="tiny", help="only see that it runs")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--sushy", metavar="PYTHON", help="a Python that has sushy, to compare Redfish with")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where controllers keep state")
    return parser


async def _measured(effort: Effort, folder: Path, *, only: str | None, sushy: str | None) -> BmcReport:
    here, most = machine(folder), max(effort.sizes)
    rows, redfish, polled, api = tuple[Row, ...](), tuple[Row, ...](), tuple[Polled, ...](), tuple[Disturbance, ...]()
    rounds, seconds = effort.api_rounds, effort.api_seconds
    if only != "redfish":
        async with rack(most, dead=dead_among(most), folder=folder) as controllers:
            targets = controllers.some(most)
            if only in (None, "sweeps"):
                rows = await _swept(controllers, effort, READERS, rounds=effort.rounds)
            if only in (None, "polling"):
                default = effort.default_interval
                polled = await poll(targets, rounds=rounds, seconds=seconds, folder=folder, default=default)
            if only in (None, "api"):
                api = await disturb(targets, at_once=effort.at_once, rounds=rounds, seconds=seconds, folder=folder)
    if only in (None, "redfish"):
        async with redfish_rack(most, dead=dead_among(most), folder=folder) as controllers:
            redfish = await _swept(controllers, effort, redfish_readers(sushy), rounds=effort.redfish_rounds)
    load = os.getloadavg()[0]
    return BmcReport(
        at=datetime.now(UTC), machine=here, rows=rows, redfish=redfish, polled=polled, api=api, load_after=load
    )


async def _swept(controllers: Rack, effort: Effort, readers: Mapping[str, Reader], *, rounds: int) -> tuple[Row, ...]:
    rows: tuple[Row, ...] = ()
    for size in effort.sizes:
        rows += await _compared(controllers, size, 0, readers, rounds=rounds)
    for size in effort.sizes if effort.rounds_with_dead else ():
        if size > 1:
            rows += await _compared(controllers, size, dead_among(size), readers, rounds=effort.rounds_with_dead)
    return rows


async def _compared(
    controllers: Rack, size: int, dead: int, readers: Mapping[str, Reader], *, rounds: int
) -> tuple[Row, ...]:
    """Sweep in turns; the first round of all is for warming up, and does not count."""
    targets = controllers.some(size, dead=dead)
    found: dict[str, list[Sweep]] = {name: [] for name in readers}
    for number in range(-1 if not dead else 0, rounds):
        for name, read in readers.items():
            if name == "ipmitool" and (number > 0 or dead > MOST_DEAD_ONE_BY_ONE):
                continue
            sweep = await read(targets)
            if number >= 0:
                found[name].append(sweep)
    peers = list(found.values())[1] if len(found) > 1 else []
    return tuple(_row(name, sweeps, peers, size=size, dead=dead) for name, sweeps in found.items() if sweeps)


def _row(name: str, sweeps: Sequence[Sweep], peers: Sequence[Sweep], *, size: int, dead: int) -> Row:
    pairs = zip(sweeps, peers, strict=False)
    ratios = [mine.living / peer.living for mine, peer in pairs if mine.read == peer.read == size - dead]
    return Row(
        reader=name,
        controllers=size,
        dead=dead,
        sweeps=len(sweeps),
        living=median(sweep.living for sweep in sweeps),
        over=median(sweep.over for sweep in sweeps),
        cpu=median(sweep.cpu for sweep in sweeps),
        read=min(sweep.read for sweep in sweeps),
        of_peer=median(ratios) if ratios and sweeps is not peers else None,
    )


def _as_text(report: BmcReport) -> str:
    head = ("reader", "controllers", "dead", "sweeps", "last living s", "over s", "CPU ms each", "read", "of the peer")
    api = table(
        (
            *("controllers", "at once", "rest p50 ms", "rest p99 ms", "sweep p50 ms", "sweep p99 ms", "of rest"),
            *("elsewhere p99 ms", "of rest", "swept/s", "failed"),
        ),
        [_api_cells(one) for one in report.api],
    )
    polled = table(
        ("polling", "controllers", "interval s", "polls/s", "p50 ms", "p99 ms", "of rest", "failed"),
        [_polled_cells(one) for one in report.polled],
    )
    load = f"load {report.load_after:.1f} at the end"
    sweeps = [table(head, [_cells(row) for row in rows]) for rows in (report.rows, report.redfish) if rows]
    parts = [*sweeps, *([polled] if report.polled else []), *([api] if report.api else [])]
    return "\n\n".join([about(report.at, report.machine), load, *parts]) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    ratio = f"{row.of_peer:.2f}" if row.of_peer is not None else ""
    each = 1000 * row.cpu / row.controllers
    times = (f"{row.living:.3f}", f"{row.over:.3f}", f"{each:.2f}")
    return (row.reader, str(row.controllers), str(row.dead), str(row.sweeps), *times, str(row.read), ratio)


def _polled_cells(one: Polled) -> tuple[str, ...]:
    figures = (f"{figure:.1f}" for figure in (one.interval, one.polled, one.p50, one.p99))
    return (one.pace, str(one.controllers), *figures, f"{one.of_rest:.2f}", str(one.failures))


def _api_cells(one: Disturbance) -> tuple[str, ...]:
    times = (f"{time:.1f}" for time in (one.rest_p50, one.rest_p99, one.sweep_p50, one.sweep_p99))
    control = (f"{one.elsewhere_p99:.1f}", f"{one.elsewhere_ratio:.2f}")
    rest = (f"{one.swept:.0f}", str(one.failures))
    return (str(one.controllers), str(one.at_once), *times, f"{one.ratio:.2f}", *control, *rest)


if __name__ == "__main__":
    main()
