"""How assets, clusters and workflows lie in their tables: a document, and beside it what it is found by."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic

import asyncpg

from colony_store.batches import Batch, Row, Side, stale
from colony_store.decoded import Decoded, Newest
from colony_store.postgres.link import Link
from colony_store.postgres.texts import received
from colony_store.postgres.unit import Unit
from colony_store.records import Codec, R

Clash = Callable[[Link, R], Awaitable[Exception | None]]
"""Says whose uniqueness a value offends, or None."""


async def _no_clash(_link: Link, _value: object) -> Exception | None:
    return None


class Table(Generic[R]):
    """One table; it belongs to one store, as it remembers what it decoded.

    Nothing is known of the newest values, as any process may have changed them since: `newest` has no room.
    """

    def __init__(
        self,
        kind: str,
        codec: Codec[R],
        queries: Mapping[str, str],
        *,
        columns: Callable[[R], Row],
        taken: Callable[[R], Exception],
        clash: Clash[R] = _no_clash,
        sides: tuple[Side[R], ...] = (),
        room: int = 4096,
    ) -> None:
        self.kind = kind
        self.columns = columns
        self.taken = taken
        self.sides = sides
        self.codec = codec
        self.queries = queries
        self.by_id = queries["by_id"]
        self.by_ids = queries["by_ids"]
        self.decoded: Decoded[R] = Decoded(room)
        self.newest: Newest[R] = Newest(0)
        self._clash = clash

    @staticmethod
    def wanted(ids: Sequence[str]) -> list[str]:
        """Return *ids* as `by_ids` takes them."""
        return list(ids)

    async def look(
        self, unit: Unit, keys_query: str, arguments: Sequence[object], *, after_writes: bool
    ) -> list[tuple[int, R]]:
        """Return seq and value of whatever *keys_query* gives, in the order of seq."""
        rows = await unit.run(lambda link: link.rows(keys_query, *arguments), after_writes=after_writes)
        rows.sort()
        known = self.decoded.find((seq, revision) for seq, revision, _, _ in rows)
        found: list[tuple[int, R]] = []
        for seq, _, version, document in rows:
            value = known[seq]
            if value is None:
                value = self.codec.decode(document, version)
                if not unit.wrote:
                    self.decoded.put(seq, value)
            found.append((seq, value))
        return found

    async def write(self, connection: Link, *, batch: Batch, values: list[R]) -> None:
        """Write *batch*, which makes *values*; raise `StaleWrite`, or what the clash of a value is."""
        await self._change(connection, batch, values)
        if batch.insert:
            added = _ids(await connection.many(self.queries["insert"], batch.insert))
            for value in values:
                if value.id not in added and any(row[0] == value.id for row in batch.insert):
                    raise await self._clash(connection, value) or self.taken(value)
        for query, id in batch.forget:
            await connection.rows(self.queries[query], id)
        for query, rows in _by_query(batch.add).items():
            await connection.many(self.queries[query], rows)

    async def _change(self, link: Link, batch: Batch, values: list[R]) -> None:
        """Delete and update; a row that is not there in the revision that was read was changed by somebody else."""
        for name, rows, place in (
            ("delete", batch.delete, 0),
            ("update", batch.update, -2),
            ("rewrite", batch.rewrite, -2),
        ):
            if not rows:
                continue
            try:
                changed = _ids(await link.many(self.queries[name], rows))
            except asyncpg.UniqueViolationError as error:
                await link.do("ROLLBACK")  # nothing else can be asked in this transaction, which is lost anyway
                for value in values:
                    clash = await self._clash(link, value)
                    if clash is not None:
                        raise clash from error
                raise self.taken(values[0]) from error
            for row in rows:
                if row[place] not in changed:
                    raise stale(self.kind, str(row[place]))


def _ids(rows: Sequence[Sequence[str]]) -> set[str]:
    return {received(row[0]) for row in rows}


def _by_query(rows: list[tuple[str, Row]]) -> dict[str, list[Row]]:
    by_query: dict[str, list[Row]] = {}
    for query, row in rows:
        by_query.setdefault(query, []).append(row)
    return by_query
