"""What shelves and counters need of a unit of work, whatever the database."""

from collections.abc import Callable
from typing import Any, Protocol

Work = Callable[[Any], Any]
"""Something to do with a connection; the unit that is given it knows how."""


class Buffer(Protocol):
    """Something that holds back writes until they are worth a trip."""

    def take(self) -> Work | None:
        """Return what writes everything that was held back, and hold nothing back any more."""

    def committed(self) -> None:
        """Hear that everything taken is on disk."""


class Unit(Protocol):
    """One look at one moment, or one transaction."""

    writes: bool
    wrote: bool

    def join(self, buffer: Buffer) -> None:
        """Let *buffer* write along; buffers write in the order in which they joined."""

    def require_writable(self) -> None:
        """Refuse a write in a look."""

    async def begin(self) -> None:
        """Begin now, if nothing has begun yet."""
