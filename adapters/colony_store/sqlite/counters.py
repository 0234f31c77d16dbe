"""The counters in SQLite: a transaction reads them all when it has its turn."""

import sqlite3
from collections.abc import Mapping
from functools import partial

from colony_store.counters import Counters
from colony_store.sqlite.queries import OTHERS
from colony_store.sqlite.unit import Unit
from colony_store.units import Work


class SqliteCounters(Counters):
    """The counters as one transaction sees them."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self._turn = unit

    async def stored(self) -> Mapping[str, int]:
        """Return the counters as they were when the transaction had its turn."""
        await self._turn.begin()
        return self._turn.counters

    def writing(self, rows: list[tuple[str, int]]) -> Work:
        """Return what raises the counters to those of *rows*."""
        return partial(_write, rows=rows)


def _write(connection: sqlite3.Connection, *, rows: list[tuple[str, int]]) -> None:
    connection.executemany(OTHERS["count_on"], rows)
