"""The values of one table as one transaction sees them: its own writes included, and everything read only once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from colony_core.ports.persistence import Page, Paging
from colony_store.batches import Batch, Row, Side, stale
from colony_store.counters import Counters
from colony_store.cursors import cursor_after, seq_of
from colony_store.decoded import Decoded, Newest
from colony_store.records import Codec, R, stamped
from colony_store.units import Unit, Work

U = TypeVar("U", bound=Unit)
U_contra = TypeVar("U_contra", bound=Unit, contravariant=True)


class Listing(Struct, frozen=True):
    """A list by name, its query for the rows, and what the query's filters are given."""

    name: str
    keys_query: str
    filters: tuple[str | int, ...] = ()

    def arguments(self, *, after: int, limit: int) -> Sequence[object]:
        """Return everything that the query is given."""
        return (*self.filters, after, limit)


class Table(Protocol[U_contra, R]):
    """One table of a database, and what the store remembers of it."""

    kind: str
    codec: Codec[R]
    columns: Callable[[R], Row]
    taken: Callable[[R], Exception]
    sides: tuple[Side[R], ...]
    decoded: Decoded[R]
    newest: Newest[R]
    by_id: str
    by_ids: str

    @staticmethod
    def wanted(ids: Sequence[str]) -> object:
        """Return *ids* as `by_ids` takes them."""

    async def look(
        self, unit: U_contra, keys_query: str, arguments: Sequence[object], *, after_writes: bool
    ) -> list[tuple[int, R]]:
        """Return seq and value of whatever *keys_query* gives, in the order of seq."""

    def write(self, connection: Any, *, batch: Batch, values: list[R]) -> object:
        """Write *batch*, which makes *values*; raise `StaleWrite`, or what the clash of a value is."""


class Kept(Generic[R]):
    """What a transaction knows of one id.

    Its `value` carries the revision `base` for as long as the transaction lasts, as `put` is given the revision that
    was read. `stored` is the revision in the table: None for no row, and one above `base` once `written`. `known` is
    the value that the table's columns were made of, where that is known.
    """

    __slots__ = ("base", "known", "replaced", "seq", "stored", "value", "written")

    def __init__(self, value: R, *, stored: int | None) -> None:
        self.value: R | None = value
        self.base = value.revision
        self.stored = stored
        self.seq: int | None = None
        self.known: R | None = None
        self.written: R | None = None
        self.replaced = False

    @classmethod
    def met(cls, value: R, seq: int | None) -> "Kept[R]":
        """Return what is known of a *value* that the table holds."""
        kept = cls(value, stored=value.revision)
        kept.known, kept.seq = value, seq
        return kept


class Shelf(Generic[U, R]):
    """Reads through to the table, and holds writes back until the unit sends them."""

    def __init__(self, unit: U, counters: Counters, table: Table[U, R], *, missing: Callable[[str], Exception]) -> None:
        self._unit = unit
        self._counters = counters
        self._table = table
        self._missing = missing
        self._kept: dict[str, Kept[R]] = {}
        self._dirty: dict[str, Kept[R]] = {}
        unit.join(self)

    async def get(self, id: str) -> R:
        """Return the value of that *id*, or raise that it is missing."""
        await self._recall((id,))
        kept = self._kept.get(id)
        if kept is None:
            rows = await self._meet(self._table.by_id, (id,), after_writes=False)
            value = rows[0][1] if rows else None
        else:
            value = kept.value
        if value is None:
            raise self._missing(id)
        return value

    async def get_many(self, ids: Sequence[str]) -> dict[str, R]:
        """Return the values that exist, by id, in the order of *ids*."""
        await self._recall(ids)
        found = {id: kept.value for id in ids if (kept := self._kept.get(id)) is not None}
        unknown = [id for id in dict.fromkeys(ids) if id not in found]
        if unknown:
            rows = await self._meet(self._table.by_ids, (self._table.wanted(unknown),), after_writes=False)
            found.update((value.id, value) for _, value in rows)
        return {id: value for id in ids if (value := found.get(id)) is not None}

    async def find(self, keys_query: str, *arguments: object) -> tuple[R, ...]:
        """Return whatever *keys_query* gives, oldest first."""
        return tuple(value for _, value in await self._meet(keys_query, arguments))

    async def page_of(self, paging: Paging, listing: Listing) -> Page[R]:
        """Return one page of *listing*: it reads one row more, to know whether there is a next page."""
        arguments = listing.arguments(after=seq_of(paging.cursor, listing.name), limit=paging.limit + 1)
        rows = await self._meet(listing.keys_query, arguments)
        items = tuple(value for _, value in rows[: paging.limit])
        if len(rows) <= paging.limit:
            return Page(items)
        return Page(items, cursor_after(rows[paging.limit - 1][0], listing.name))

    def add(self, value: R) -> None:
        """Hold back a new value."""
        self._unit.require_writable()
        self._counters.met(self._table.kind, value.id)
        kept = self._kept.get(value.id)
        if kept is None:
            kept = Kept(value, stored=None)
        elif kept.value is None:
            kept.replaced = kept.stored is not None
            kept.value, kept.base, kept.known = value, value.revision, None
        else:
            raise self._table.taken(value)
        self._kept[value.id] = self._dirty[value.id] = kept

    def put(self, value: R) -> None:
        """Hold back the next revision of a value."""
        kept = self._of_same_revision(value)
        kept.value = value
        self._dirty[value.id] = kept

    def remove(self, value: R) -> None:
        """Hold back the end of a value."""
        kept = self._of_same_revision(value)
        kept.value = None
        self._dirty[value.id] = kept

    def take(self) -> Work | None:
        """Return what writes everything that was held back."""
        if not self._dirty:
            return None
        batch = Batch()
        for id, kept in self._dirty.items():
            self._fill(batch, id, kept)
        values = [kept.value for kept in self._dirty.values() if kept.value is not None]
        self._dirty = {}
        return partial(self._table.write, batch=batch, values=values)

    def committed(self) -> None:
        """Remember what was written, as whoever reads it next need not decode it."""
        for id, kept in self._kept.items():
            if kept.value is None:
                self._table.newest.remove(id)
            elif kept.written is not None:
                self._table.newest.put(kept.seq, kept.written)
                if kept.seq is not None:
                    self._table.decoded.put(kept.seq, kept.written)

    async def _recall(self, ids: Sequence[str]) -> None:
        """Meet again, without asking the table, whatever of *ids* the last transactions met and nobody changed."""
        newest = self._table.newest
        if not self._unit.writes or not any(id in newest and id not in self._kept for id in ids):
            return
        await self._unit.begin()  # only now is it sure that nobody changes it
        for id in ids:
            if id not in self._kept and (known := newest.get(id)) is not None:
                seq, value = known
                self._kept[id] = Kept.met(value, seq)

    async def _meet(
        self, keys_query: str, arguments: Sequence[object], *, after_writes: bool = True
    ) -> list[tuple[int, R]]:
        rows = await self._table.look(self._unit, keys_query, arguments, after_writes=after_writes)
        if not self._unit.writes:
            return rows
        met = [(seq, self._met(seq, value)) for seq, value in rows]
        return [(seq, kept.value) for seq, kept in met if kept.value is not None]

    def _met(self, seq: int, value: R) -> Kept[R]:
        kept = self._kept.get(value.id)
        if kept is None:
            kept = self._kept[value.id] = Kept.met(value, seq)
            if not self._unit.wrote:
                self._table.newest.put(seq, value)
        kept.seq = seq
        return kept

    def _of_same_revision(self, value: R) -> Kept[R]:
        self._unit.require_writable()
        kept = self._kept.get(value.id)
        if kept is None:
            # Not read in this transaction: the write itself will tell whether the revision is the stored one.
            kept = self._kept[value.id] = Kept(value, stored=value.revision)
        elif kept.value is None or kept.base != value.revision:
            raise stale(self._table.kind, value.id)
        return kept

    def _fill(self, batch: Batch, id: str, kept: Kept[R]) -> None:
        if kept.stored is not None and (kept.value is None or kept.replaced):
            batch.delete.append((id, kept.stored))
            kept.stored, kept.seq, kept.replaced = None, None, False
        batch.documents[id] = None
        if kept.value is not None:
            self._fill_value(batch, kept, kept.value)
        else:
            kept.written = None

    def _fill_value(self, batch: Batch, kept: Kept[R], value: R) -> None:
        """Write the columns and the side rows only where they differ: most writes change the document alone."""
        revision = kept.base + 1
        kept.written = stamped(value, revision)
        batch.documents[value.id] = document = self._table.codec.encode(kept.written)
        row = (revision, self._table.codec.version, document)
        columns = self._table.columns(value)
        if kept.stored is None:
            batch.insert.append((value.id, *row, *columns))
        elif kept.known is not None and self._table.columns(kept.known) == columns:
            batch.rewrite.append((*row, value.id, kept.stored))
        else:
            batch.update.append((*row, *columns, value.id, kept.stored))
        for side in self._table.sides:
            rows = side.rows(value)
            if kept.stored is not None and (kept.known is None or side.rows(kept.known) != rows):
                batch.forget.append((side.forget, value.id))
            if kept.known is None or side.rows(kept.known) != rows:
                batch.add.extend((side.add, (*each, value.id)) for each in sorted(rows, key=repr))
        kept.stored, kept.known = revision, value
