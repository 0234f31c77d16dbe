"""`make soak`: the long form, with a report; it ends with 1 if anything was found that must not be."""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

from soak.course import long, short
from soak.report import written
from soak.running import run


def main() -> None:
    """Read what is wanted, run it and print the report."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="what decides everything; drawn unless given")
    parser.add_argument("--minutes", type=float, default=8.0, help="how long people ask and trouble is made")
    parser.add_argument("--short", action="store_true", help="the form that tests/failover runs")
    given = parser.parse_args()
    seed = given.seed or random.SystemRandom().randrange(1, 10**9)
    course = short(seed) if given.short else long(seed, given.minutes)
    print(f"SEED={seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="colony-soak-"))
    report = asyncio.run(run(course, folder=folder))
    print(written(report))
    if report.wrong:
        sys.exit(f"The logs of all processes are in {folder}")
    shutil.rmtree(folder)


main()
