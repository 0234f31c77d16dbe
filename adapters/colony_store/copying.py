"""From one database to another of whatever kind: every row as it is, each read back and compared."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from colony_core.errors import Conflict

Row = tuple[object, ...]

BATCH = 500


class CopyRefused(Conflict):
    """The copy was not made; the target is as it was."""

    code = "COPY_REFUSED"
    summary = "Copy refused"
    advice = "Follow the details; the source was only read, and nothing was left in the target."


class TableShape(Struct, frozen=True):
    """A table by name, its columns in the order of rows, and how many of the first ones are its key."""

    name: str
    columns: tuple[str, ...]
    keys: int = 1

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns of the key."""
        return self.columns[: self.keys]


def _shape(name: str, columns: str, keys: int = 1) -> TableShape:
    return TableShape(name, tuple(columns.split()), keys)


SETTINGS = _shape("settings", "name value")
TABLES = (
    _shape("counters", "kind last"),
    _shape(
        "assets",
        "seq id revision version status bmc_address bmc_port system_uuid cluster_id maintained_until document",
    ),
    _shape("asset_tags", "key value seq", 3),
    _shape("asset_macs", "mac seq", 2),
    _shape("clusters", "seq id revision version name status type document"),
    _shape(
        "runs",
        "seq id revision version status type asset_id cluster_id parent_id ticket due in_flight document",
    ),
    _shape("histories", "seq run_id version document"),
    _shape("api_keys", "seq id version last_used_at document"),
    _shape("journal", "seq run_id version document"),
    _shape("vault", "owner name sealed", 2),
    _shape("answers", "caller key at version sealed", 2),
    _shape("audit", "seq actor action resource version document"),
    _shape("webhooks", "seq id version document"),
    _shape("dead_letters", "webhook_id seq asked_for version document", 2),
    _shape("healths", "asset_id state checked_at read_at version document"),
)
"""Everything but the settings, which each database has of its own; a row goes after those that it refers to."""

BOOLEANS = frozenset({"in_flight", "asked_for"})
COUNTED = tuple(table.name for table in TABLES if table.columns[0] == "seq")
"""The tables whose seq the database counts."""


class Side(Protocol):
    """A database that is copied from or to, in one transaction; it keeps servers off while it can."""

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""

    def rows(self, table: TableShape) -> AsyncIterator[list[Row]]:
        """Yield all rows of a table, at most `BATCH` at once."""

    async def insert(self, table: TableShape, rows: Sequence[Row]) -> None:
        """Insert *rows* as they are."""

    async def find(self, table: TableShape, keys: Sequence[Row]) -> list[Row]:
        """Return the rows that have *keys*."""

    async def counted(self) -> Mapping[str, int]:
        """Return the last seq that was given in each of `COUNTED`."""

    async def count_on(self, last: Mapping[str, int]) -> None:
        """Give seqs above *last* from now on."""

    async def commit(self) -> None:
        """Make everything lasting."""

    async def aclose(self) -> None:
        """Let go, and undo what was not committed."""


async def copied(source: Side, target: Side) -> dict[str, int]:
    """Copy everything from *source* to the empty *target*, and return how many rows of each table; or change nothing.

    Each row is read back from the target and compared before anything is committed. Raises `CopyRefused`.
    """
    for table in TABLES:
        if await target.count(table.name):
            raise CopyRefused(f"The target is not empty: its table {table.name} has rows. Name an empty database")
    done = {table.name: await _copied(source, target, table) for table in TABLES}
    await target.count_on(await source.counted())
    await target.commit()
    return done


async def _copied(source: Side, target: Side, table: TableShape) -> int:
    number = 0
    async for rows in source.rows(table):
        await target.insert(table, rows)
        found = await target.find(table, [row[: table.keys] for row in rows])
        if found != rows:
            raise CopyRefused(f"What was written to the table {table.name} came back otherwise: nothing was kept")
        number += len(rows)
    if await target.count(table.name) != number:
        raise CopyRefused(f"The table {table.name} has another number of rows in the target: nothing was kept")
    return number
