"""The door to whatever says which run is looked after next, and by which worker."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Call(Struct, frozen=True):
    """One run that wants to be looked after now.

    `key` names the call for as long as it lasts, whoever has it: an act is begun under the key of a call, and when a
    call comes again under the same key, whoever performed that act is gone.
    """

    run_id: str
    key: str | None = None


class Dispatcher(Protocol):
    """Shares the work on one store among its workers: each has a dispatcher of its own.

    The store is the truth, and no dispatcher is trusted: a run whose `Run.due` has come is called sooner or later
    even if a wake-up was lost, and a call that comes late, twice, or to two workers costs time and changes nothing,
    as an outcome names its step and attempt, and every write its revision.

    A call that was taken is this worker's alone until it is done or put off, however long that takes, unless the
    worker falls silent: then others get it. `take`, `done` and `put_off` may raise `StoreUnavailable`.
    """

    def working(self, ring: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """Be a living worker while inside; *ring* is called when there may be something to take, or to let go of."""

    async def take(self, limit: int) -> tuple[Call, ...]:
        """Return up to *limit* calls that are due, the longest overdue first where that is known.

        Among them are those of workers that are gone.
        """

    async def done(self, calls: Sequence[Call]) -> None:
        """Forget *calls*: what they asked for is stored. Those that are no longer ours are left alone."""

    async def put_off(self, calls: Sequence[Call], until: datetime) -> None:
        """Give *calls* back, to come again at about *until*: they could not be answered."""

    def holds(self, call: Call) -> bool:
        """Tell whether *call* is still ours; no longer, once this worker was silent so long that others may have it."""

    async def next_due(self) -> datetime | None:
        """Return when `take` has something next if nothing happens until then, or None if it never will."""
