"""How assets, clusters and workflows lie in their tables: a document, and beside it what it is found by."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Generic

import msgspec

from colony_core.ports.persistence import StaleWrite
from colony_store.batches import Batch, Row, Side, stale
from colony_store.decoded import Decoded, Newest
from colony_store.records import Codec, R
from colony_store.sqlite.queries import documents_of, keys_of
from colony_store.sqlite.unit import Unit

_NUMBERS = msgspec.json.Decoder(list[int])
_DOCUMENTS = msgspec.json.Decoder(list[tuple[int, int, msgspec.Raw]])


Clash = Callable[[sqlite3.Connection, R], Exception | None]
"""Says whose uniqueness a value offends, or None."""


class Table(Generic[R]):
    """One table; it belongs to one store, as it remembers what it decoded."""

    def __init__(
        self,
        kind: str,
        codec: Codec[R],
        queries: Mapping[str, str],
        *,
        columns: Callable[[R], Row],
        taken: Callable[[R], Exception],
        clash: Clash[R] = lambda _connection, _value: None,
        sides: tuple[Side[R], ...] = (),
        room: int = 4096,
    ) -> None:
        self.kind = kind
        self.columns = columns
        self.taken = taken
        self.sides = sides
        self.codec = codec
        self.queries = queries
        self.by_id = keys_of(queries["by_id"])
        self.by_ids = keys_of(queries["by_ids"])
        self.decoded: Decoded[R] = Decoded(room)
        self.newest: Newest[R] = Newest(room)
        self._documents = documents_of(queries["documents"])
        self._clash = clash

    @staticmethod
    def wanted(ids: Sequence[str]) -> str:
        """Return *ids* as `by_ids` takes them."""
        return msgspec.json.encode(ids).decode()

    async def look(
        self, unit: Unit, keys_query: str, arguments: Sequence[object], *, after_writes: bool
    ) -> list[tuple[int, R]]:
        """Return seq and value of whatever *keys_query* gives, in the order of seq."""
        return await unit.run(
            lambda connection: self._find(connection, keys_query, arguments, remember=not unit.wrote),
            after_writes=after_writes,
        )

    def _find(
        self, connection: sqlite3.Connection, keys_query: str, arguments: Sequence[object], *, remember: bool
    ) -> list[tuple[int, R]]:
        seqs, revisions = connection.execute(keys_query, arguments).fetchone()
        if seqs is None:
            return []
        found = self.decoded.find(sorted(zip(_numbers(seqs), _numbers(revisions), strict=True)))
        missing = [seq for seq, value in found.items() if value is None]
        if missing:
            (text,) = connection.execute(self._documents, (msgspec.json.encode(missing).decode(),)).fetchone()
            for seq, version, document in _DOCUMENTS.decode(text):
                found[seq] = value = self.codec.decode(document, version)
                if remember:
                    self.decoded.put(seq, value)
        return [(seq, value) for seq, value in found.items() if value is not None]

    def write(self, connection: sqlite3.Connection, batch: Batch, values: list[R]) -> None:
        """Write *batch*, which makes *values*; raise `StaleWrite`, or what the clash of a value is."""
        by_id = {value.id: value for value in values}
        changed = self._change(connection, batch, by_id)
        for row in batch.insert:
            try:
                connection.execute(self.queries["insert"], row)
            except sqlite3.IntegrityError as error:
                value = by_id[str(row[0])]
                raise self._clash(connection, value) or self.taken(value) from error
        self._write_sides(connection, batch)
        if changed != len(batch.delete) + len(batch.update) + len(batch.rewrite):
            raise self._stale(connection, batch)

    def _change(self, connection: sqlite3.Connection, batch: Batch, by_id: Mapping[str, R]) -> int:
        """Return how many rows were there to be changed."""
        changed = 0
        try:
            for name, rows in (("delete", batch.delete), ("update", batch.update), ("rewrite", batch.rewrite)):
                if rows:
                    changed += connection.executemany(self.queries[name], rows).rowcount
        except sqlite3.IntegrityError as error:
            clashes = (self._clash(connection, value) for value in by_id.values())
            raise next(filter(None, clashes), error) from error
        return changed

    def _write_sides(self, connection: sqlite3.Connection, batch: Batch) -> None:
        for query, id in batch.forget:
            connection.execute(self.queries[query], (id,))
        for query, row in batch.add:
            connection.execute(self.queries[query], row)

    def _stale(self, connection: sqlite3.Connection, batch: Batch) -> StaleWrite:
        for id, document in batch.documents.items():
            row = connection.execute(self.queries["document"], (id,)).fetchone()
            if (row[0] if row else None) != document:
                break
        else:
            id = str(batch.delete[0][0])  # the only write that leaves no trace
        return stale(self.kind, id)


def _numbers(text: str) -> list[int]:
    return _NUMBERS.decode(f"[{text}]")
