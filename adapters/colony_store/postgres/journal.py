"""The journal in PostgreSQL."""

from collections.abc import Callable

from msgspec.structs import replace

from colony_core.domain.events import Entry
from colony_core.ports.persistence import EntryFilter, Page, Paging
from colony_store.cursors import cursor_after, seq_of
from colony_store.postgres.held import Held
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.unit import Unit
from colony_store.records import ENTRIES

_ALL = OTHERS["entries"]
_OF_RUN = OTHERS["entries_of_run"]


class PostgresJournal:
    """See `colony_core.ports.persistence.Journal`. The seq of an entry is given when it is written: as whoever
    writes has the database to itself until the commit, its order is the order of commits."""

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
        rows = await self._unit.run(lambda link: link.rows(query, *filters, seq, limit))
        return tuple(replace(ENTRIES.decode(document, version), seq=seq) for seq, version, document in rows)

    async def page(self, paging: Paging, where: EntryFilter) -> Page[Entry]:
        """Return one page; it reads one entry more, to know whether there is a next one."""
        found = await self.after(seq_of(paging.cursor, "journal"), paging.limit + 1, where)
        items = found[: paging.limit]
        return Page(items, cursor_after(items[-1].seq, "journal") if len(found) > paging.limit else None)

    async def last(self) -> int:
        """Return the highest seq there is, 0 for an empty journal."""
        ((seq,),) = await self._unit.run(lambda link: link.rows(OTHERS["entry_last"]))
        return int(seq)
