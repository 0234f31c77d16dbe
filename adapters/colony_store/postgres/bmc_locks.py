"""Which process may speak to a controller now: whoever's session holds the advisory lock of its address."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from colony_core.domain.secrets import Secret
from colony_core.ports.bmc_locks import BmcLockLost
from colony_core.ports.hardware import BmcBusy
from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.duties import Beat
from colony_store.postgres.link import Address, Link
from colony_store.postgres.lock_session import LockSession

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that one waits for the lock of a controller at the most; a call to it takes 25, and an inventory 80."""

_LINES = 4
"""How many connections may wait in the server's own line at once, for locks that other processes have."""

_AGAIN = 0.5
"""Seconds between two tries to reach a database that is away."""


class HeldLock:
    """See `colony_core.ports.bmc_locks.BmcLock`."""

    def __init__(self, session: LockSession, let_go: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        self._session = session
        self._let_go = let_go

    async def while_held(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what *work* gives, unless the session ends before."""
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(work), asyncio.create_task(self._session.lost.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not tasks[0].done():
                raise BmcLockLost
            answer: T = tasks[0].result()
            return answer
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def release(self, rest: Callable[[], Awaitable[None]]) -> None:
        """Give the lock back after *rest*."""
        self._let_go(rest)


class PostgresBmcLocks:
    """Implements the `BmcLocks` port on one connection, made when the first lock is wanted.

    What is free is had in one trip, which those who come at the same time share. What another process has is waited for
    in the server's own line, on a connection for the purpose, so that everybody gets it in the order of asking: as long
    as somebody stands in that line, no try from outside it succeeds.
    """

    def __init__(self, url: str, *, beat: Beat | None = None, patience: float = PATIENCE) -> None:
        self._address = Address(url=Secret(url))
        self._beat = beat or Beat()
        self._patience = patience
        self._usual: LockSession | None = None
        self._opening = asyncio.Lock()
        self._lines = asyncio.Semaphore(_LINES)
        # A lock of the server can be taken again by the session that has it: among our own tasks these decide.
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._leaving: set[asyncio.Task[None]] = set()

    async def take(self, place: str) -> HeldLock:
        """Return the lock of *place* once it is ours."""
        here = self._here.setdefault(place, asyncio.Lock())
        trouble: StoreUnavailable | None = None
        try:
            async with asyncio.timeout(self._patience):
                await here.acquire()
                try:
                    while True:
                        try:
                            return await self._taken(place, here)
                        except StoreUnavailable as error:
                            trouble = error
                        await asyncio.sleep(_AGAIN)
                except BaseException:
                    here.release()
                    raise
        except TimeoutError:
            raise trouble or BmcBusy(f"Another process has been speaking to the controller at {place}") from None

    async def aclose(self) -> None:
        """Give every lock back."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._usual is not None:
            await self._usual.end()

    async def _taken(self, place: str, here: asyncio.Lock) -> HeldLock:
        session = await self._session()
        if await session.tried(place):
            return self._held(here, session, lambda: session.leave(place))
        await self._lines.acquire()
        try:
            alone = LockSession(await self._waited(place), beat=self._beat)
        except BaseException:
            self._lines.release()
            raise

        def end() -> None:
            alone.drop()
            self._lines.release()

        return self._held(here, alone, end)

    async def _session(self) -> LockSession:
        async with self._opening:
            if self._usual is None or self._usual.lost.is_set():
                self._usual = LockSession(await self._connected(), beat=self._beat)
            return self._usual

    async def _waited(self, place: str) -> Link:
        link = await self._connected()
        try:
            await LockSession.stand_in_line(link, place)
        except BaseException:
            link.drop()
            raise
        return link

    async def _connected(self) -> Link:
        patience = str(int(self._patience * 1000))
        return await self._address.connect(
            # A process that stands still is sent away, and one that is gone does not stay in the line.
            idle_session_timeout=str(int(self._beat.silence * 1000)),
            client_connection_check_interval="1000",
            lock_timeout=patience,
            statement_timeout=patience,
        )

    def _held(self, here: asyncio.Lock, session: LockSession, leave: Callable[[], None]) -> HeldLock:
        async def after(rest: Callable[[], Awaitable[None]]) -> None:
            try:
                with contextlib.suppress(asyncio.CancelledError):  # we are being closed: the session ends anyway
                    await rest()
            finally:
                leave()
                here.release()

        def let_go(rest: Callable[[], Awaitable[None]]) -> None:
            task = asyncio.create_task(after(rest), name="rest of a controller")
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

        return HeldLock(session, let_go)
