"""Lists of machines in either form, and the passwords in them: sealed to a passphrase, or in plain."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from colony_console.failures import BadInput
from colony_console.files import read_bytes
from colony_console.machine_csv import read_csv, write_csv
from colony_console.machine_rows import Row, Unusable
from colony_console.machine_yaml import read_yaml, write_yaml
from colony_core import Secret
from colony_core.ports.sealing import WrongKey
from colony_wiring.passphrases import PassphraseSealer, is_sealed, sealer_for

LARGEST = 4 * 1024 * 1024
"""Bytes of a list; ten thousand machines take a third of it."""
SHORTEST = 12
"""Characters of a passphrase that seals."""
VARIABLE = "COLONY_PASSPHRASE"

form = click.option("--format", "form", type=click.Choice(["csv", "yaml"]), help="The file's name says it if it can.")
passphrase_file = click.option(
    "--passphrase-file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=f"Its first line is the passphrase; without it {VARIABLE} is, or it is asked for.",
)  # fmt: skip


def form_of(name: str, form: str | None) -> str | None:
    """Return the form that somebody chose, or else the one that the file's name tells."""
    return form or {".csv": "csv", ".yaml": "yaml", ".yml": "yaml"}.get(Path(name).suffix.lower())


def read_list(name: str, form: str | None) -> list[Row | Unusable]:
    """Return the rows of the file *name*, or of standard input for `-`."""
    where = "standard input" if name == "-" else name
    form = form_of(name, form)
    if form is None:
        raise BadInput(
            f"Cannot tell from its name whether {where} is CSV or YAML", "Add --format csv or --format yaml."
        )
    content = read_bytes(name)
    if len(content) > LARGEST:
        raise BadInput(f"{where} is larger than {LARGEST // 2**20} MiB: import it in parts")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{where} is not UTF-8 text: save it as UTF-8") from None
    return read_csv(text, where) if form == "csv" else read_yaml(text, where)


def write_list(rows: Sequence[Row], form: str, *, secrets: bool) -> str:
    """Return the list of *rows*; with the column of passwords, as they are, if *secrets*."""
    return (write_csv if form == "csv" else write_yaml)(rows, secrets=secrets)


def sealed(rows: Sequence[Row], passphrase: Secret) -> list[Row]:
    """Return *rows* with their passwords sealed, each to its controller and user."""
    sealer = sealer_for(passphrase)
    return [
        replace(row, password=Secret(sealer.seal(row.password, _context(row)))) if row.password else row for row in rows
    ]


def opened(rows: Sequence[Row | Unusable], ask: Callable[[], Secret]) -> list[Row | Unusable]:
    """Return *rows* with every sealed password opened; only if there is one, *ask* for the passphrase.

    A row whose password was sealed for another controller or user is unusable; if none opens, it is the passphrase.
    """
    if not any(isinstance(row, Row) and _is_sealed(row) for row in rows):
        return list(rows)
    sealer = sealer_for(ask())
    results = [_opened(row, sealer) if isinstance(row, Row) and _is_sealed(row) else row for row in rows]
    if not any(isinstance(row, Row) and _is_sealed(row) for row in _usable_again(rows, results)):
        raise BadInput("The passphrase does not open the passwords of this list")
    return results


def passphrase(file: Path | None, *, new: bool) -> Secret:
    """Return the passphrase of the file, of the environment, or that somebody types; twice if it is *new*."""
    text = _first_line(file) if file else os.environ.get(VARIABLE, "")
    if not text and not file and sys.stdin.isatty():
        text = click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True)
    if not text:
        raise BadInput("There is no passphrase", f"Set {VARIABLE}, or give --passphrase-file.")
    if new and len(text) < SHORTEST:
        raise BadInput(f"The passphrase has fewer than {SHORTEST} characters", "Take a longer one: four random words.")
    return Secret(text)


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"Cannot read {file} as text") from None
    return lines[0] if lines else ""


def _opened(row: Row, sealer: PassphraseSealer) -> Row | Unusable:
    assert row.password is not None, "only sealed rows are opened"
    try:
        return replace(row, password=sealer.open(row.password.reveal(), _context(row)))
    except WrongKey:
        return Unusable(row.line, "its password was sealed for another address or user, or was altered")


def _usable_again(before: Sequence[Row | Unusable], after: Sequence[Row | Unusable]) -> list[Row | Unusable]:
    return [old for old, new in zip(before, after, strict=True) if isinstance(new, Row)]


def _is_sealed(row: Row) -> bool:
    return row.password is not None and is_sealed(row.password)


def _context(row: Row) -> str:
    return f"bmc-password/{row.address}/{row.username or ''}"
