"""Values that were decoded before: the document of one seq and revision never changes, so that it is read once."""

from collections.abc import Iterable
from threading import Lock
from typing import Generic

from colony_store.records import R


class Decoded(Generic[R]):
    """The values that were met last, at most *room* of them; used from several threads.

    A seq is never given twice, and only what was committed is remembered: so a seq and a revision name one value.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: dict[int, R] = {}
        self._lock = Lock()

    def find(self, keys: Iterable[tuple[int, int]]) -> dict[int, R | None]:
        """Return what is remembered of each seq and revision, in their order; None for what is not."""
        values = self._values
        return {
            seq: value if (value := values.get(seq)) is not None and value.revision == revision else None
            for seq, revision in keys
        }

    def put(self, seq: int, value: R) -> None:
        """Remember *value*, unless a newer one is: a long look may still be reading old ones."""
        with self._lock:
            known = self._values.pop(seq, None)
            self._values[seq] = value if known is None or known.revision <= value.revision else known
            if len(self._values) > self._room:
                del self._values[next(iter(self._values))]


class Newest(Generic[R]):
    """The newest committed value of each id that was met last, with its seq where that is known.

    It holds while nobody else writes: a transaction that has its turn, and finds that nobody else wrote since the
    last one, need not ask the table for what it met before. Used by one transaction at a time.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._values: dict[str, tuple[int | None, R]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._values

    def get(self, id: str) -> tuple[int | None, R] | None:
        """Return seq and value of that *id*, if they are remembered."""
        return self._values.get(id)

    def put(self, seq: int | None, value: R) -> None:
        """Remember *value*."""
        self._values.pop(value.id, None)
        self._values[value.id] = (seq, value)
        if len(self._values) > self._room:
            del self._values[next(iter(self._values))]

    def remove(self, id: str) -> None:
        """Forget one value, as it is gone."""
        self._values.pop(id, None)

    def clear(self) -> None:
        """Forget everything, as it may have changed."""
        self._values.clear()
