"""Dispatchers of several workers that share one store, in memory and on any clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Call
from colony_core.ports.persistence import Store

_EVER = timedelta(days=10_000)
_ALL = 100_000


class Held(Struct, frozen=True):
    """Who has a call, and when its run was due when it was taken."""

    by: "MemoryDispatcher"
    due: datetime | None


class Switchboard:
    """What the workers of one store know of each other: after *patience* of silence a worker's calls are free."""

    def __init__(self, store: Store, *, clock: Clock, patience: timedelta = timedelta(seconds=10)) -> None:
        self.store = store
        self.clock = clock
        self.held: dict[Call, Held] = {}
        self.resting: dict[Call, datetime] = {}
        self._patience = patience
        self._silent: dict[MemoryDispatcher, datetime] = {}
        self._calls = 0

    def worker(self) -> "MemoryDispatcher":
        """Return the dispatcher of another worker."""
        return MemoryDispatcher(self)

    def silence(self, worker: "MemoryDispatcher") -> None:
        """Let nothing be heard of *worker* from now on: it is stopped, or gone."""
        self._silent.setdefault(worker, self.clock.now())

    def wake(self, worker: "MemoryDispatcher") -> None:
        """Let *worker* be heard again; what it lost meanwhile it has lost."""
        if self.is_gone(worker):
            self.held = {call: held for call, held in self.held.items() if held.by is not worker}
        self._silent.pop(worker, None)

    def is_gone(self, worker: "MemoryDispatcher") -> bool:
        """Tell whether *worker* was silent for too long."""
        since = self._silent.get(worker)
        return since is not None and self.clock.now() - since >= self._patience

    def freed(self) -> tuple[datetime, ...]:
        """Return when calls of silent workers are, or were, free."""
        workers = {held.by for held in self.held.values()}
        return tuple(since + self._patience for worker, since in self._silent.items() if worker in workers)

    def next_key(self) -> str:
        """Return a key that no call had."""
        self._calls += 1
        return f"call-{self._calls}"


class MemoryDispatcher:
    """See `colony_core.ports.dispatch.Dispatcher`; made by a `Switchboard`."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    @asynccontextmanager
    async def working(self, ring: Callable[[], None]) -> AsyncIterator[None]:
        """Do nothing: a worker is heard of until its switchboard is told otherwise."""
        yield

    async def take(self, limit: int) -> tuple[Call, ...]:
        """Return calls of workers that are gone, calls that have rested, and what is due and nobody has."""
        board, now = self._board, self._board.clock.now()
        left = [call for call, held in board.held.items() if board.is_gone(held.by)]
        rested = [call for call, until in board.resting.items() if until <= now]
        known = {(call.run_id, held.due) for call, held in board.held.items()}
        resting = {call.run_id for call in board.resting}
        async with board.store.reading() as look:
            found = await look.runs.due(now, limit + len(known) + len(resting))
            dues = {run.id: run.due for run in found}
        fresh = [id for id, due in dues.items() if (id, due) not in known and id not in resting]
        calls = [*left, *rested, *(Call(id, board.next_key()) for id in fresh)][:limit]
        for call in calls:
            board.resting.pop(call, None)
            board.held[call] = Held(self, dues.get(call.run_id))
        return tuple(calls)

    async def done(self, calls: Sequence[Call]) -> None:
        """Forget those of *calls* that are ours."""
        for call in filter(self.holds, calls):
            del self._board.held[call]

    async def put_off(self, calls: Sequence[Call], until: datetime) -> None:
        """Let those of *calls* that are ours rest until then."""
        for call in filter(self.holds, calls):
            del self._board.held[call]
            self._board.resting[call] = until

    def holds(self, call: Call) -> bool:
        """Tell whether the switchboard says so."""
        held = self._board.held.get(call)
        return held is not None and held.by is self and not self._board.is_gone(self)

    async def next_due(self) -> datetime | None:
        """Return when the next run is due, has rested, or is free as its worker is gone."""
        board = self._board
        held = {(call.run_id, held.due) for call, held in board.held.items()}
        async with board.store.reading() as look:
            runs = await look.runs.due(board.clock.now() + _EVER, _ALL)
        dues = [run.due for run in runs if (run.id, run.due) not in held]
        moments = (*dues, *board.resting.values(), *board.freed())
        return min((moment for moment in moments if moment is not None), default=None)
