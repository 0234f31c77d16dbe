"""Queries by name, from .sql files: `-- name: x` begins one."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load(package: str, source: str) -> Mapping[str, str]:
    """Return the queries of the file *source*.sql beside *package* by name."""
    text = files(package).joinpath(f"{source}.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return MappingProxyType({name: sql.strip() for name, sql in zip(parts[::2], parts[1::2], strict=True)})
