"""Ids that are never given twice: one counter for each kind, raised by whoever brings an id of the same form."""

import re
import sqlite3
from functools import partial

from colony_store.sqlite.link import Work
from colony_store.sqlite.queries import OTHERS
from colony_store.sqlite.unit import Unit

# Longer numbers cannot be reached by counting, and might not fit into the column.
_NUMBERED = re.compile(r"([a-z]+)-(\d{1,15})", re.ASCII)


class Counters:
    """The counters as one transaction sees them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._raised: dict[str, int] = {}
        self._dirty: dict[str, int] = {}
        unit.join(self)

    async def next(self, kind: str) -> str:
        """Return the next free id of *kind*."""
        self._unit.require_writable()
        await self._unit.begin()
        number = 1 + max(self._unit.counters.get(kind, 0), self._raised.get(kind, 0))
        self._raise(kind, number)
        return f"{kind}-{number}"

    def met(self, kind: str, id: str) -> None:
        """Note an *id* that somebody chose, so that `next` never gives it."""
        match = _NUMBERED.fullmatch(id)
        if match is not None and match[1] == kind and int(match[2]) > self._raised.get(kind, 0):
            self._raise(kind, int(match[2]))

    def take(self) -> Work | None:
        """Return what writes the counters that were raised."""
        if not self._dirty:
            return None
        rows, self._dirty = list(self._dirty.items()), {}
        return partial(_write, rows=rows)

    def committed(self) -> None:
        """Nothing is remembered beyond the transaction."""

    def _raise(self, kind: str, number: int) -> None:
        self._raised[kind] = self._dirty[kind] = number


def _write(connection: sqlite3.Connection, *, rows: list[tuple[str, int]]) -> None:
    connection.executemany(OTHERS["count_on"], rows)
