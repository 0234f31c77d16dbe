"""Writes the pages of docs/ that are made from the code; run it after changing what they are made from.

A unit test compares each page with its function, so that a forgotten run is a red build.
"""

from collections.abc import Callable
from pathlib import Path

from errors_page import errors_page
from lifecycle_page import lifecycle_page

from colony_console.reference import page as command_line_page
from colony_core.domain.topology import rules_page

DOCS = Path(__file__).resolve().parent.parent / "docs"

PAGES: tuple[tuple[str, Callable[[], str]], ...] = (
    ("topology-rules.md", rules_page),
    ("command-line.md", command_line_page),
    ("lifecycle.md", lifecycle_page),
    ("errors.md", errors_page),
)
"""Each page of docs/, and the pure function that returns its text."""


def main() -> None:
    """Write every page."""
    for name, text in PAGES:
        (DOCS / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
