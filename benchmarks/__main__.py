"""`python -m benchmarks`: measures everything, or what `--only` names, and prints it side by side."""

import argparse
import cProfile
import pstats
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks import waiting
from benchmarks.machine import machine
from benchmarks.profiling import split
from benchmarks.provisioning import Provisioning, provision
from benchmarks.report import Report, as_text
from benchmarks.waiting import Waiting, measure_waiting
from benchmarks.wire import FULL, QUICK, TINY, Comparison, Effort, cases, compare
from colony_wiring.loop import run

RESULTS = Path(__file__).parent / "results"
NAMES = ("list", "get", "create-asset", "create-cluster", "provisioning", "waiting")
CROWDS = {"full": (200, 1000), "quick": (50, 200), "tiny": (3,)}
WAITS = {"full": waiting.FULL, "quick": waiting.QUICK, "tiny": waiting.TINY}
EFFORTS = {"full": FULL, "quick": QUICK, "tiny": TINY}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what came out."""
    options = _parser().parse_args(arguments)
    report = run(_measured(options))
    text = as_text(report)
    sys.stdout.write(text)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    if options.write:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{report.at:%Y-%m-%d}.md").write_text(f"# Benchmarks of {report.at:%Y-%m-%d}\n\n{text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Colony Core beside its floor.")
    parser.add_argument("--only", metavar="NAME", action="append", choices=NAMES, help=f"one of {', '.join(NAMES)}")
    parser.add_argument(
        "--quick", dest="effort", action="store_const", const="quick", default="full", help="less of all"
    )
    parser.add_argument("--tiny", dest="effort", action="store_const", const="tiny", help="only see that it runs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {RESULTS.name}/ as well")
    parser.add_argument("--profile", action="store_true", help="tell what the provisionings spend their time on")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the databases are put")
    return parser


async def _measured(options: argparse.Namespace) -> Report:
    chosen = options.only or NAMES
    here = machine(options.folder)
    wire = await _wire(EFFORTS[options.effort], chosen, options.folder)
    lives: tuple[Provisioning, ...] = ()
    if "provisioning" in chosen:
        lives = await _provisionings(CROWDS[options.effort], options.folder, profiled=options.profile)
    waits: tuple[Waiting, ...] = ()
    if "waiting" in chosen:
        waits = await measure_waiting(WAITS[options.effort], folder=options.folder)
    return Report(at=datetime.now(UTC), machine=here, wire=wire, provisioning=lives, waiting=waits)


async def _wire(effort: Effort, chosen: Sequence[str], folder: Path) -> tuple[Comparison, ...]:
    found: tuple[Comparison, ...] = ()
    for case in cases(effort):
        if case.name in chosen:
            found += await compare(case, effort, folder=folder)
    return found


async def _provisionings(crowds: Sequence[int], folder: Path, *, profiled: bool) -> tuple[Provisioning, ...]:
    lives = []
    for crowd in crowds:
        profile = cProfile.Profile() if profiled else None
        lives.append(await provision(crowd, folder=folder, profile=profile))
        if profile is not None:
            sys.stdout.write(f"{crowd} machines:\n{split(pstats.Stats(profile))}\n\n")
    return tuple(lives)


if __name__ == "__main__":
    main()
