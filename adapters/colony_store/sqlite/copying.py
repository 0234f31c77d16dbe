"""A SQLite file as one side of a copy; no server may use it meanwhile."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from colony_store.copying import BATCH, COUNTED, Row, TableShape
from colony_store.sqlite.server_lock import ServerLock


class SqliteSide:
    """See `colony_store.copying.Side`. It blocks: nothing else goes on in a process that copies."""

    def __init__(self, path: Path) -> None:
        self._lock = ServerLock(path)
        self._connection = sqlite3.connect(path, isolation_level=None)

    @classmethod
    async def open(cls, path: Path, *, writes: bool) -> "SqliteSide":
        """Return the file, with a transaction begun; raise `StoreInUse` if a server works on it."""
        side = cls(path)
        side._connection.execute("PRAGMA synchronous = FULL")
        side._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        return side

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our names

    async def rows(self, table: TableShape) -> AsyncIterator[list[Row]]:
        """Yield all rows of a table."""
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608 - our names
        with closing(self._connection.execute(query)) as cursor:
            while rows := cursor.fetchmany(BATCH):
                yield rows

    async def insert(self, table: TableShape, rows: Sequence[Row]) -> None:
        """Insert *rows* as they are."""
        places = ", ".join("?" * len(table.columns))
        query = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608 - our names
        self._connection.executemany(query, rows)

    async def find(self, table: TableShape, keys: Sequence[Row]) -> list[Row]:
        """Return the rows that have *keys*."""
        condition = " AND ".join(f"{column} = ?" for column in table.key)
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {condition}"  # noqa: S608 - our names
        return [row for key in keys for row in self._connection.execute(query, key).fetchall()]

    async def counted(self) -> Mapping[str, int]:
        """Return the last seq that was given in each table that counts."""
        known = dict(self._connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        for table in COUNTED:
            (last,) = self._connection.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()  # noqa: S608 - our names
            known[table] = max(known.get(table, 0), last)
        return known

    async def count_on(self, last: Mapping[str, int]) -> None:
        """Give seqs above *last* from now on."""
        for table in COUNTED:
            self._connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            self._connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last[table]))

    async def commit(self) -> None:
        """Make everything lasting."""
        self._connection.execute("COMMIT")

    async def aclose(self) -> None:
        """Let go, and undo what was not committed."""
        self._connection.close()
        self._lock.release()
