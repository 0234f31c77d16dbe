"""Workflows that failed once go as they went, in every release from then on.

The journals beside this file are of a simulated rack. A plan or a decider that takes one of them another way breaks
the runs that are under way when the release is installed: it wants a new version of the plan, not a new journal.
"""

from pathlib import Path

import pytest

from colony_core.application.journals import read
from colony_core.domain.replaying import replay

JOURNALS = sorted(Path(__file__).parent.glob("*.journal.json"))


def test_there_are_journals() -> None:
    assert len(JOURNALS) >= 5


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: str(file.name.partition(".")[0]))
def test_it_goes_as_it_went(file: Path) -> None:
    assert replay(read(file.read_bytes())).differences == ()
