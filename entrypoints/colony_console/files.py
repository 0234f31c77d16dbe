"""What people hand in as a file, and what is handed to them as one."""

import json
import os
import sys
from pathlib import Path

import click

from colony_console.client import Json
from colony_console.failures import BadInput, Failure
from colony_console.output import note


def read_json(name: str) -> Json:
    """Return the object in the file *name*, or on standard input for `-`; say where it is wrong."""
    where = "standard input" if name == "-" else name
    text = _text(name, where)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        yaml = ("YAML is not read: write it as JSON.",) if _looks_like_yaml(name, text) else ()
        place = f"line {error.lineno}, column {error.colno}"
        raise BadInput(f"{where} is not JSON: {error.msg} ({place})", *yaml) from error
    except RecursionError:
        raise BadInput(f"{where} is nested too deeply") from None
    if not isinstance(value, dict):
        raise BadInput(f"{where} does not hold a JSON object")
    return value


def read_bytes(name: str) -> bytes:
    """Return what is in the file *name*, or on standard input for `-`."""
    where = "standard input" if name == "-" else name
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadInput(f"Cannot read {where}: {error.strerror}") from error


def hand_over(document: str, output: Path | None) -> None:
    """Print *document*, or write it where nobody else can read it."""
    if output is None:
        click.echo(document, nl=False)
        return
    try:
        draft = output.with_name(f"{output.name}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(document)
        draft.replace(output)
    except OSError as error:
        raise Failure(f"Cannot write {output}: {error.strerror}") from error
    note(f"Written to {output}")


def _text(name: str, where: str) -> str:
    try:
        return read_bytes(name).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8 text") from error


def _looks_like_yaml(name: str, text: str) -> bool:
    return name.endswith((".yaml", ".yml")) or (not text.lstrip().startswith(("{", "[")) and ":" in text)
