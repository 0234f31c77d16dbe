"""A PostgreSQL database as one side of a copy; whoever else writes waits, and servers are not to be connected."""

from collections.abc import AsyncIterator, Mapping, Sequence

from colony_core.domain.secrets import Secret
from colony_store.copying import BATCH, BOOLEANS, COUNTED, CopyRefused, Row, TableShape
from colony_store.postgres.failures import translated
from colony_store.postgres.link import Address, Link
from colony_store.postgres.texts import received
from colony_store.postgres.unit import TURN

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'colony' AND pid <> pg_backend_pid()
"""
_ENDLESS = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}


class PostgresSide:
    """See `colony_store.copying.Side`."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @classmethod
    async def open(cls, url: str) -> "PostgresSide":
        """Return the database, with a transaction begun; raise `CopyRefused` if Colony uses it."""
        link = await Address(url=Secret(url)).connect(**_ENDLESS)
        try:
            await link.do(f"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_advisory_xact_lock({TURN[0]}, {TURN[1]})")
            if (await link.rows(_OTHERS))[0][0]:
                raise CopyRefused("Servers, workers or commands of Colony use the PostgreSQL database: stop them first")
        except BaseException:
            link.drop()
            raise
        return cls(link)

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int((await self._link.rows(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608 - our names

    async def rows(self, table: TableShape) -> AsyncIterator[list[Row]]:
        """Yield all rows of a table."""
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608 - our names
        with translated():
            cursor = await self._link.connection.cursor(query)
            while rows := await cursor.fetch(BATCH):
                yield [_read(row) for row in rows]

    async def insert(self, table: TableShape, rows: Sequence[Row]) -> None:
        """Insert *rows* as they are."""
        places = ", ".join(f"${place}" for place in range(1, len(table.columns) + 1))
        query = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608 - our names
        logical = [column in BOOLEANS for column in table.columns]
        await self._link.many(
            query,
            [tuple(bool(value) if yes else value for value, yes in zip(row, logical, strict=True)) for row in rows],
        )

    async def find(self, table: TableShape, keys: Sequence[Row]) -> list[Row]:
        """Return the rows that have *keys*."""
        condition = " AND ".join(f"{column} = ${place}" for place, column in enumerate(table.key, 1))
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {condition}"  # noqa: S608 - our names
        return [_read(row) for row in await self._link.many(query, [tuple(key) for key in keys])]

    async def counted(self) -> Mapping[str, int]:
        """Return the last seq that was given in each table that counts."""
        return {table: await self._last(table) for table in COUNTED}

    async def count_on(self, last: Mapping[str, int]) -> None:
        """Give seqs above *last* from now on."""
        for table in COUNTED:
            known = last[table]
            await self._link.rows(
                "SELECT setval(pg_get_serial_sequence($1, 'seq'), $2::bigint, $3)", table, max(known, 1), known > 0
            )

    async def commit(self) -> None:
        """Make everything lasting, and tell the planner how much there is."""
        await self._link.do("COMMIT; ANALYZE")

    async def aclose(self) -> None:
        """Let go, and undo what was not committed."""
        await self._link.close(within=5.0)

    async def _last(self, table: str) -> int:
        ((sequence,),) = await self._link.rows("SELECT pg_get_serial_sequence($1, 'seq')", table)
        ((last, called),) = await self._link.rows(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608 - its own name
        return int(last) if called else 0


def _read(row: Sequence[object]) -> Row:
    return tuple(_plain(value) for value in row)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    return received(value) if isinstance(value, str) else value
