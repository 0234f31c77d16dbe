"""Writes that a transaction holds back, whatever the database: rows for named queries, in the order of its columns."""

from collections.abc import Callable
from typing import Generic

from msgspec import Struct, field

from colony_core.ports.persistence import StaleWrite
from colony_store.records import R

Row = tuple[object, ...]


class Side(Struct, Generic[R], frozen=True):
    """Rows in another table that lead to a value: its tags, its network addresses."""

    forget: str
    add: str
    rows: Callable[[R], frozenset[Row]]


class Batch(Struct):
    """Writes that were held back: rows for the named queries, and the document that each id has after them."""

    delete: list[Row] = field(default_factory=list)
    insert: list[Row] = field(default_factory=list)
    update: list[Row] = field(default_factory=list)
    rewrite: list[Row] = field(default_factory=list)
    forget: list[tuple[str, str]] = field(default_factory=list)
    add: list[tuple[str, Row]] = field(default_factory=list)
    documents: dict[str, str | None] = field(default_factory=dict)


def stale(kind: str, id: str) -> StaleWrite:
    """Return the refusal to overwrite what somebody else changed."""
    return StaleWrite(f"{kind.capitalize()} '{id}' was changed by somebody else in the meantime: nothing was written")
