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
