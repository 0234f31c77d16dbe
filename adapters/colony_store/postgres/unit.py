"""A unit of work: one look at one moment, or one transaction, in few trips to the server."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from colony_store.postgres.link import Link
from colony_store.postgres.pool import Pool
from colony_store.units import Buffer

T = TypeVar("T")

Work = Callable[[Link], Awaitable[object]]

TURN = (0x436C6E79, 1)
"""The advisory lock of whoever writes: `Clny`, 1. Locks are those of one database."""

_BEGIN_LOOKING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# The lock is a statement of its own: the next one sees what was committed while this one waited.
_BEGIN_WRITING = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({TURN[0]}, {TURN[1]})"


class Unit:
    """What one transaction is going to write, and whether it still may.

    Writes are held back and go along before the next query that must see them, or with the commit. Nothing is begun
    before the first query, so that the moment of the look is that of the first query. A transaction has the database
    to itself from its beginning to its end, as in SQLite: whoever writes waits for the lock `TURN`.
    """

    def __init__(self, pool: Pool, *, writes: bool) -> None:
        self.writes = writes
        self.wrote = False
        self.failure: BaseException | None = None
        self._pool = pool
        self._link: Link | None = None
        self._clean = False
        self._buffers: list[Buffer] = []
        self._after: list[Callable[[], None]] = []

    def join(self, buffer: Buffer) -> None:
        """Let *buffer* write along; buffers write in the order in which they joined."""
        self._buffers.append(buffer)

    def require_writable(self) -> None:
        """Refuse a write in a look; it is the caller's fault, not the user's."""
        if not self.writes:
            raise RuntimeError("A look at the store cannot write: use transaction() instead of reading()")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call *call* once everything is on disk."""
        self.require_writable()
        self._after.append(call)

    def fail(self, failure: BaseException) -> None:
        """Doom the unit: it will raise *failure* instead of committing."""
        self.failure = self.failure or failure

    async def run(self, work: Callable[[Link], Awaitable[T]], *, after_writes: bool = True) -> T:
        """Return what *work* finds, after everything that was held back unless it cannot matter to it."""
        if self.failure is not None:
            raise self.failure
        try:
            works = self._taken() if after_writes else []
            link = await self._begun()
            for one in works:
                await one(link)
            return await work(link)
        except BaseException as failure:
            self.fail(failure)
            raise

    async def begin(self) -> None:
        """Begin now, if nothing has begun yet."""
        await self.run(_nothing, after_writes=False)

    async def commit(self) -> None:
        """Put everything on disk, and tell whoever wanted to know; a cancelled caller does not stop it half-way."""
        if self.failure is not None:
            raise self.failure
        works = self._taken()
        if self.wrote:
            task = asyncio.create_task(self._finish(works))
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await _end_of(task)
                if task.exception() is None:
                    self._succeeded()
                raise
        self._succeeded()

    def end(self) -> None:
        """Undo whatever was not committed, without waiting for it; from now on the unit refuses every call."""
        if self._link is not None:
            self._pool.give_back(self._link, clean=self._clean)
            self._link = None
        self.fail(RuntimeError("This transaction is over"))

    async def _begun(self) -> Link:
        if self._link is None:
            beginning = _BEGIN_WRITING if self.writes else _BEGIN_LOOKING
            self._link, _ = await self._pool.begin(lambda link: link.do(beginning))
        return self._link

    async def _finish(self, works: list[Work]) -> None:
        link = await self._begun()
        for work in works:
            await work(link)
        await link.do("COMMIT")
        self._clean = True

    def _succeeded(self) -> None:
        for buffer in self._buffers:
            buffer.committed()
        for call in self._after:
            call()

    def _taken(self) -> list[Work]:
        works = [work for buffer in self._buffers if (work := buffer.take()) is not None]
        self.wrote = self.wrote or bool(works)
        return works


async def _nothing(_: Link) -> None:
    return None


async def _end_of(task: asyncio.Task[None]) -> None:
    """Return when *task* is done, however often somebody would have us stop."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((task,))
