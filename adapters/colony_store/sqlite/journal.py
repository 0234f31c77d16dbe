"""The journal in SQLite."""

import sqlite3
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from colony_core.domain.events import Entry
from colony_core.ports.persistence import EntryFilter, Page, Paging
from colony_store.cursors import cursor_after, seq_of
from colony_store.records import ENTRIES
from colony_store.sqlite.held import Held
from colony_store.sqlite.queries import OTHERS, documents_of
from colony_store.sqlite.unit import Unit

_ALL = documents_of(OTHERS["entries"])
_OF_RUN = documents_of(OTHERS["entries_of_run"])
_DOCUMENTS = msgspec.json.Decoder(list[tuple[int, int, msgspec.Raw]])


class SqliteJournal:
    """See `colony_core.ports.persistence.Journal`. The seq of an entry is given when it is written: with the one
    writer that SQLite allows, its order is the order of commits."""

    def __init__(self, unit: Unit, news: Callable[[], None]) -> None:
        self._unit = unit
        self._held = Held(unit)
        self._news = news
        self._written = False

    def write(self, entry: Entry) -> None:
        """Hold back one more entry; the commit tells those who wait for news, once."""
        if not self._written:
            self._written = True
            self._unit.after_commit(self._news)
        self._held.add("entry_insert", entry.run_id, ENTRIES.version, ENTRIES.encode(entry))

    async def after(self, seq: int, limit: int, where: EntryFilter) -> tuple[Entry, ...]:
        """Return at most *limit* entries above *seq*, oldest first."""
        query, filters = (_ALL, ()) if where.run_id is None else (_OF_RUN, (where.run_id,))
        return await self._unit.run(lambda connection: _entries(connection, query, (*filters, seq, limit)))

    async def page(self, paging: Paging, where: EntryFilter) -> Page[Entry]:
        """Return one page; it reads one entry more, to know whether there is a next one."""
        found = await self.after(seq_of(paging.cursor, "journal"), paging.limit + 1, where)
        items = found[: paging.limit]
        return Page(items, cursor_after(items[-1].seq, "journal") if len(found) > paging.limit else None)

    async def last(self) -> int:
        """Return the highest seq there is, 0 for an empty journal."""
        (seq,) = await self._unit.run(lambda connection: connection.execute(OTHERS["entry_last"]).fetchone())
        return int(seq)


def _entries(connection: sqlite3.Connection, query: str, arguments: tuple[object, ...]) -> tuple[Entry, ...]:
    (text,) = connection.execute(query, arguments).fetchone()
    rows = sorted(_DOCUMENTS.decode(text), key=_seq) if text is not None else []
    return tuple(replace(ENTRIES.decode(document, version), seq=seq) for seq, version, document in rows)


def _seq(row: tuple[int, int, msgspec.Raw]) -> int:
    return row[0]
