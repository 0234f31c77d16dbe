"""The pages that are made from the code are those that the code makes."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from colony_core.domain.assets import LIFECYCLE
from colony_core.domain.plans import PLANS

ROOT = Path(__file__).resolve().parents[3]


def page(name: str) -> str:
    """Return what tools/<name>.py makes."""
    return cast("Callable[[], str]", runpy.run_path(str(ROOT / "tools" / f"{name}.py"))[name])()


@pytest.mark.parametrize(("made_by", "name"), [("lifecycle_page", "lifecycle.md"), ("errors_page", "errors.md")])
def test_the_page_is_current(made_by: str, name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(made_by), "run: python tools/write_docs.py"


def test_the_lifecycles_page_shows_every_move_and_every_step() -> None:
    text = page("lifecycle_page")

    for (origin, move), target in LIFECYCLE.items():
        assert f"{origin} --> {target}: {move}" in text
    for plan in PLANS.values():
        assert f"### {plan.key}, version {plan.version}" in text
        assert all(f"`{step.name}`" in text for step in (*plan.steps, *plan.after_failure, *plan.after_cancel))


def test_the_page_of_errors_says_what_to_do_about_each_and_lists_each_once() -> None:
    rows = [line.split(" | ") for line in page("errors_page").splitlines() if line.startswith("| `")]

    assert len({row[0] for row in rows}) == len(rows) > 20
    assert all(len(row) == 5 and all(cell.strip("| ") for cell in row) for row in rows)
