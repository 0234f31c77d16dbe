"""Ids that are never given twice: one counter for each kind, raised by whoever brings an id of the same form."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

from colony_store.units import Unit, Work

# Longer numbers cannot be reached by counting, and might not fit into the column.
_NUMBERED = re.compile(r"([a-z]+)-(\d{1,15})", re.ASCII)


class Counters(ABC):
    """The counters as one transaction sees them."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._raised: dict[str, int] = {}
        self._dirty: dict[str, int] = {}
        unit.join(self)

    async def next(self, kind: str) -> str:
        """Return the next free id of *kind*."""
        self._unit.require_writable()
        number = 1 + max((await self.stored()).get(kind, 0), self._raised.get(kind, 0))
        self._raise(kind, number)
        return f"{kind}-{number}"

    def met(self, kind: str, id: str) -> None:
        """Note an *id* that somebody chose, so that `next` never gives it."""
        match = _NUMBERED.fullmatch(id)
        if match is not None and match[1] == kind and int(match[2]) > self._raised.get(kind, 0):
            self._raise(kind, int(match[2]))

    def take(self) -> Work | None:
        """Return what writes the counters that were raised."""
        if not self._dirty:
            return None
        rows, self._dirty = list(self._dirty.items()), {}
        return self.writing(rows)

    def committed(self) -> None:  # noqa: B027 - to do nothing is what every database does here
        """Nothing is remembered beyond the transaction."""

    @abstractmethod
    async def stored(self) -> Mapping[str, int]:
        """Return the counters as they were when the transaction had its turn."""

    @abstractmethod
    def writing(self, rows: list[tuple[str, int]]) -> Work:
        """Return what raises the counters to those of *rows*."""

    def _raise(self, kind: str, number: int) -> None:
        self._raised[kind] = self._dirty[kind] = number
