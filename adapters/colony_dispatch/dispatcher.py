"""A `Dispatcher` on PgQueuer: jobs are leased to workers who beat for them, and taken over after silence."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import asyncpg
from pgqueuer.models import Job
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.types import QueueEntrypoint, QueueManagerId

from colony_core.domain.secrets import Secret
from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Call
from colony_core.ports.persistence import Store, StoreUnavailable
from colony_dispatch.jobs import KIND, call_of, cut_log, install, queries_on, tell, write
from colony_dispatch.line import Line

log = logging.getLogger("colony.dispatch")

TAKEOVER = timedelta(seconds=10)
"""How long the work of a dead worker lies still at the most."""

GULP = 200
CUT = timedelta(minutes=10)

_EVERY_RUN = {QueueEntrypoint(KIND): EntrypointExecutionParameter(concurrency_limit=0)}

Tell = Callable[[asyncpg.Connection, Sequence[tuple[str, datetime]]], Awaitable[None]]


class SharedStore(Store, Protocol):
    """A store that tells, on the connection of a transaction before it commits, when runs are due after it."""

    def on_due(self, tell: Tell) -> None: ...


class PgQueuerDispatcher:
    """Implements the `Dispatcher` port for any number of processes on one PostgreSQL database.

    A worker that is silent for most of *takeover* has lost its calls, by its own clock before anybody else takes them.
    *pace* is how many seconds of *clock* pass in a real one.
    """

    def __init__(self, url: Secret, store: Store, *, clock: Clock, pace: float = 1.0, takeover: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._pace = pace
        self._lease = takeover * 0.7
        self._look = takeover / 10
        self._line = Line(url)
        self._id = QueueManagerId(uuid.uuid4())
        self._held: dict[Call, Job] = {}
        self._lost: dict[Call, float] = {}
        self._beaten = time.monotonic()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(
        cls, url: str, store: SharedStore, *, clock: Clock, pace: float = 1.0, takeover: timedelta = TAKEOVER
    ) -> "PgQueuerDispatcher":
        """Return the dispatcher of a process, worker or not, with the tables that it needs, and wake-ups in *store*."""
        dispatcher = cls(Secret(url), store, clock=clock, pace=pace, takeover=takeover)
        async with dispatcher._line.queries():
            await install(await dispatcher._line.connection())
        store.on_due(dispatcher.write)
        return dispatcher

    async def aclose(self) -> None:
        """Let go of the connection."""
        self._line.drop()

    async def write(self, connection: asyncpg.Connection, dues: Sequence[tuple[str, datetime]]) -> None:
        """Write wake-ups for *dues* into the transaction on *connection*."""
        now = self._clock.now()
        wakes = [(id, due.isoformat(), max((due - now) / self._pace, timedelta(0))) for id, due in dues]
        await write(queries_on(connection), wakes)

    @contextlib.asynccontextmanager
    async def working(self, ring: Callable[[], None]) -> AsyncIterator[None]:
        """Beat for what is held, and look for what was lost; at the end give everything back."""
        log.info("this worker works as %s", self._id)  # as its jobs in the queue say
        self._line.hear = ring
        self._beaten = time.monotonic()
        self._tasks = [asyncio.create_task(self._live(ring)), asyncio.create_task(self._sweep())]
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            with contextlib.suppress(StoreUnavailable):
                await self.put_off(tuple(self._held), self._clock.now())
            self._held.clear()

    async def take(self, limit: int) -> tuple[Call, ...]:
        """Return calls whose moment has come, and those of silent workers."""
        async with self._line.queries() as queries:
            jobs = await queries.dequeue(limit, _EVERY_RUN, self._id, None, self._lease)
        self._drop_if_lapsed()
        # What was lost a moment ago is left to others: here somebody may not know yet that it is lost.
        ago = time.monotonic() - self._lease.total_seconds()
        self._lost = {call: lost for call, lost in self._lost.items() if lost > ago}
        known = self._held.keys() | self._lost.keys()
        fresh = {call: job for job in jobs if (call := call_of(job)) not in known}
        self._held |= fresh
        return tuple(fresh)

    async def done(self, calls: Sequence[Call]) -> None:
        """Delete the jobs of those of *calls* that are still ours."""
        ours = [call for call in calls if self.holds(call)]
        if ours:
            async with self._line.queries() as queries:
                await queries.log_jobs([(self._held[call], "successful", None) for call in ours])
        for call in ours:
            self._held.pop(call, None)

    async def put_off(self, calls: Sequence[Call], until: datetime) -> None:
        """Give the jobs of those of *calls* that are still ours back to the queue."""
        delay = max((until - self._clock.now()) / self._pace, timedelta(0))
        for call in [call for call in calls if self.holds(call)]:
            async with self._line.queries() as queries:
                await queries.retry_job(self._held[call], delay, None)
                await tell(await self._line.connection())  # for a change of a job alone wakes nobody
            self._held.pop(call, None)

    def holds(self, call: Call) -> bool:
        """Tell whether *call* is ours, judged by when the last beat was sent."""
        return call in self._held and not self._has_lapsed()

    async def next_due(self) -> datetime | None:
        """Return when the next job is due, or when to look for silent workers again."""
        async with self._line.queries() as queries:
            ahead = await queries.next_deferred_eta([QueueEntrypoint(KIND)])
        return self._clock.now() + min(ahead or self._look, self._look) * self._pace

    def _has_lapsed(self) -> bool:
        return time.monotonic() - self._beaten >= self._lease.total_seconds()

    def _drop_if_lapsed(self) -> bool:
        lapsed = self._has_lapsed()
        if lapsed:
            self._beaten = time.monotonic()
            self._lost |= dict.fromkeys(self._held, self._beaten)
            self._held.clear()
        return lapsed

    async def _live(self, ring: Callable[[], None]) -> None:
        """Beat four times in a lease."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 4)
            with contextlib.suppress(StoreUnavailable):
                await self._beat(ring)

    async def _beat(self, ring: Callable[[], None]) -> None:
        """Say that we live; after a silence that was too long nothing is ours any more."""
        if self._drop_if_lapsed():
            ring()
        sent, jobs = time.monotonic(), [job.id for job in self._held.values()]
        if jobs:
            async with self._line.queries() as queries:
                await queries.update_heartbeat(jobs)
        if not self._has_lapsed():
            self._beaten = sent

    async def _sweep(self) -> None:
        """Now and then find what is overdue without a wake-up, and forget what PgQueuer keeps of what is over."""
        cut_at = time.monotonic()
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            with contextlib.suppress(StoreUnavailable):
                await self._find_overdue()
                if time.monotonic() >= cut_at:
                    cut_at = time.monotonic() + CUT.total_seconds()
                    async with self._line.queries():
                        await cut_log(await self._line.connection())

    async def _find_overdue(self) -> None:
        late = self._clock.now() - self._lease * self._pace
        async with self._store.reading() as look:
            runs = await look.runs.due(late, GULP)
        if runs:
            async with self._line.queries() as queries:
                await write(queries, [(run.id, "overdue", timedelta(0)) for run in runs])
