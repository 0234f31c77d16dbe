"""The page of the command line."""

from pathlib import Path

import pytest

from colony_console.menu import MENU
from colony_console.reference import page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_current() -> None:
    assert (DOCS / "command-line.md").read_text(encoding="utf-8") == page(), "run: python tools/write_docs.py"


def test_the_page_has_every_command() -> None:
    assert all(f"\n## colony {name}\n" in page() for name in MENU)


def test_no_environment_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = page()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("COLONY_API_KEY", "cd-0123456789ab_topsecret")
    monkeypatch.setenv("COLONY_API_URL", "http://elsewhere.test")

    assert page() == before
