"""Writes that need no thought: statements with their rows, in the order in which they were asked for."""

from functools import partial

from colony_store.postgres.link import Link
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.unit import Unit, Work


class Held:
    """Statements that wait for the unit to send them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._statements: list[tuple[str, list[tuple[object, ...]]]] = []
        unit.join(self)

    def add(self, query: str, *row: object) -> None:
        """Hold back one more row for the *query* of that name."""
        self._unit.require_writable()
        if self._statements and self._statements[-1][0] == query:
            self._statements[-1][1].append(row)
        else:
            self._statements.append((query, [row]))

    def take(self) -> Work | None:
        """Return what does everything that was held back."""
        if not self._statements:
            return None
        statements, self._statements = self._statements, []
        return partial(_execute, statements=statements)

    def committed(self) -> None:
        """Nothing is remembered beyond the transaction."""


async def _execute(link: Link, *, statements: list[tuple[str, list[tuple[object, ...]]]]) -> None:
    for query, rows in statements:
        await link.many(OTHERS[query], rows)
