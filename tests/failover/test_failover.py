"""200 installations and 20 clusters by two servers and three workers that are killed, stopped and cut off meanwhile.

What lasts a minute in `make soak` lasts seconds here, and the lease is 3 s.
"""

import os
import random
from pathlib import Path

import pytest
from soak.course import short
from soak.report import written
from soak.running import run

SEED = int(os.environ.get("COLONY_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
"""What decides what is done to whom; a failure prints it, and COLONY_TEST_SEED takes it."""


@pytest.mark.timeout(900)
async def test_killed_stopped_and_cut_off_at_random_everything_ends_and_nothing_is_lost(tmp_path: Path) -> None:
    print(f"COLONY_TEST_SEED={SEED}")

    report = await run(short(SEED), folder=tmp_path)

    print(written(report))
    assert report.wrong == ()
    assert report.failed == (), "no trouble was so long that a plan had to give up"
    assert {deed.what for deed in report.deeds if deed.whom == "PostgreSQL"} == {
        "stopped (fast), started",
        "stopped (immediate), started",
    }
    assert {deed.what for deed in report.deeds if deed.whom != "PostgreSQL"} == {"kill -9", "SIGSTOP, SIGCONT"}
