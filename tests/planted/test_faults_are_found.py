"""The instrument works: suites that are green on the code find each fault that is planted in a copy of it."""

from pathlib import Path

import pytest

from tests.planted.faults import FAULTS, Edit, Fault
from tests.planted.planting import SUITES, Stale, copied, looked_at, plant

EVERY_SUITE = tuple(dict.fromkeys(suite for fault in FAULTS for suite in fault.suites))

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("suite", EVERY_SUITE)
def test_a_copy_without_a_fault_is_green(suite: str, tmp_path: Path) -> None:
    assert looked_at(copied(tmp_path), suite).tests == ()


@pytest.mark.parametrize(
    ("fault", "suite"),
    [pytest.param(fault, suite, id=f"{fault.name} | {suite}") for fault in FAULTS for suite in fault.suites],
)
def test_a_fault_is_found(fault: Fault, suite: str, tmp_path: Path, found_by: list[str]) -> None:
    copy = copied(tmp_path)
    for edit in fault.edits:
        plant(copy, edit)

    found = looked_at(copy, suite)
    found_by += [*found.tests, found.words]

    assert found.tests, f"{fault.why} Nobody noticed."


def test_nearly_every_fault_is_found_by_what_users_run_too() -> None:
    missed = [fault.name for fault in FAULTS if not any(suite in SUITES for suite in fault.suites)]

    assert missed == ["plan hash that ignores disks"]


def test_a_fault_whose_place_is_gone_cannot_be_planted(tmp_path: Path) -> None:
    copy = copied(tmp_path)

    with pytest.raises(Stale, match="has 0 times, and not once: no such line"):
        plant(copy, Edit("colony_core/domain/disks.py", "no such line", ""))
