"""How answers are printed: the API's JSON for programs, aligned text for people, notes on standard error."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from colony_console.tables import table
from colony_console.wording import clean

Columns = Mapping[str, Callable[[dict[str, Any]], object]]
"""The columns of a table: what stands above each, and how its cell is read from an entry."""


def note(message: str) -> None:
    """Tell people something that is no part of the answer."""
    click.echo(message, err=True)


def print_json(answer: object) -> None:
    """Print *answer* as the API gave it."""
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def print_list(answer: dict[str, Any], resource: str, columns: Columns, *, as_json: bool) -> None:
    """Print a list in its envelope, or as a table with a word when it is empty or goes on."""
    if as_json:
        print_json(answer)
        return
    entries = answer[resource]
    if entries:
        print_table(entries, columns)
    else:
        note(f"No {resource}.")
    if answer.get("nextCursor"):
        note(f"There are more than these {len(entries)}: raise --limit.")


def print_table(entries: Iterable[dict[str, Any]], columns: Columns) -> None:
    """Print a row for each entry, as wide as the terminal; in full where there is none."""
    rows = [[_cell(read(entry)) for read in columns.values()] for entry in entries]
    for line in table(list(columns), rows, width=terminal_width()):
        click.echo(line)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print what is known of one thing: a line for each field that has a value."""
    shown = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    edge = max(map(len, shown), default=0)
    for name, value in shown.items():
        click.echo(f"{name:<{edge}}  {_cell(value)}")


def terminal_width() -> int | None:
    """Return how many columns people see, or None where nobody looks."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return clean(value) if value not in (None, "") else "-"
