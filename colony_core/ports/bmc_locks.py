"""The door to what keeps the processes of one store from speaking to one controller at the same time."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class BmcLockLost(Exception):
    """Another process may speak to the controller by now; whatever was said to it may have been done or not."""


class BmcLock(Protocol):
    """The right to speak to one controller, until it is released, or lost as when this process was silent too long."""

    async def while_held(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what *work* gives; end it and raise `BmcLockLost` once the lock is lost."""

    def release(self, rest: Callable[[], Awaitable[None]]) -> None:
        """Let others in when the controller has had its *rest*; nobody waits for that here."""


class BmcLocks(Protocol):
    """One lock for each controller; a process that ends, or stands still for long, loses those that it has."""

    async def take(self, place: str) -> BmcLock:
        """Return once nobody else, in whatever process, holds the lock of *place*.

        Raises `BmcBusy` where that takes too long, and `StoreUnavailable` where nobody can say.
        """
