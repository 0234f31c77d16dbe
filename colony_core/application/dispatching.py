"""The dispatcher of a store that one process works on alone: the store is its queue, a bell its only messenger."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Call
from colony_core.ports.persistence import Store


class LoneDispatcher:
    """Implements the `Dispatcher` port for the only worker of a store.

    Nothing is written: whatever is in flight when it begins was another process's, which is gone.
    """

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._taken: dict[str, datetime | None] = {}
        self._resting: dict[str, datetime] = {}
        self._inherited = False

    @asynccontextmanager
    async def working(self, ring: Callable[[], None]) -> AsyncIterator[None]:  # noqa: ARG002 - see the port
        """Begin anew; nobody needs *ring*, as whoever changes a run of this store does so in this process."""
        self._inherited = False
        self._taken.clear()
        yield

    async def take(self, limit: int) -> tuple[Call, ...]:
        """Return what is due; at first, what the process before this one left in flight as well."""
        now = self._clock.now()
        async with self._store.reading() as look:
            left = () if self._inherited else await look.runs.in_flight()
            due = await look.runs.due(now, limit + len(self._taken) + len(self._resting))
        self._inherited = True
        calls = [Call(run.id, run.current.performer) for run in left if run.current]
        runs = [run for run in due if self._is_new(run.id, run.due) and self._has_rested(run.id, now)]
        fresh = runs[: max(limit - len(calls), 0)]
        self._taken |= {run.id: run.due for run in fresh}
        inherited = {call.run_id for call in calls}
        return (*calls, *(Call(run.id) for run in fresh if run.id not in inherited))

    async def done(self, calls: Sequence[Call]) -> None:
        """Take these runs again when they are due."""
        for call in calls:
            self._taken.pop(call.run_id, None)

    async def put_off(self, calls: Sequence[Call], until: datetime) -> None:
        """Leave these runs alone until then, in memory."""
        await self.done(calls)
        self._resting |= {call.run_id: until for call in calls}

    def holds(self, call: Call) -> bool:  # noqa: ARG002 - see the port
        """Return True: there is nobody else."""
        return True

    async def next_due(self) -> datetime | None:
        """Return when the next run is due, or has rested."""
        async with self._store.reading() as look:
            due = await look.runs.next_due()
        # What rests is due already: without this a wait for it would end at once, over and over.
        rested = [until for until in self._resting.values() if until > self._clock.now()]
        return due if due is None else max(due, min(rested, default=due))

    def _is_new(self, run_id: str, due: datetime | None) -> bool:
        """Tell whether the run is not taken, or has become due again since: its act has overrun."""
        return run_id not in self._taken or self._taken[run_id] != due

    def _has_rested(self, run_id: str, now: datetime) -> bool:
        until = self._resting.get(run_id)
        if until is not None and until <= now:
            del self._resting[run_id]
            until = None
        return until is None
