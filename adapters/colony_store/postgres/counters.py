"""The counters in PostgreSQL: read when the first id is wanted."""

from collections.abc import Mapping
from functools import partial

from colony_store.counters import Counters
from colony_store.postgres.link import Link
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.unit import Unit
from colony_store.units import Work


class PostgresCounters(Counters):
    """The counters as one transaction sees them: as it has its turn, nobody else raises them meanwhile."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self._turn = unit
        self._stored: Mapping[str, int] | None = None

    async def stored(self) -> Mapping[str, int]:
        """Return the counters as they were when the transaction had its turn."""
        if self._stored is None:
            rows = await self._turn.run(lambda link: link.rows(OTHERS["counters"]), after_writes=False)
            self._stored = dict(rows)
        return self._stored

    def writing(self, rows: list[tuple[str, int]]) -> Work:
        """Return what raises the counters to those of *rows*."""
        return partial(_write, rows=rows)


async def _write(link: Link, *, rows: list[tuple[str, int]]) -> None:
    await link.many(OTHERS["count_on"], rows)
