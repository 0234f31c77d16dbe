"""What people hand in as a file."""

import json
import sys
from pathlib import Path

from colony_console.client import Json
from colony_console.failures import BadInput


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


def _text(name: str, where: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"Cannot read {where}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{where} is not UTF-8 text") from error


def _looks_like_yaml(name: str, text: str) -> bool:
    return name.endswith((".yaml", ".yml")) or (not text.lstrip().startswith(("{", "[")) and ":" in text)
