"""Some connections that are shared: made when they are needed, and made anew when the server has gone and come back."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.link import Address, Link

T = TypeVar("T")

_WAIT_SECONDS = 30.0


class Pool:
    """At most *room* connections to *address*."""

    def __init__(self, address: Address, *, room: int) -> None:
        self.address = address
        self._room = asyncio.Semaphore(room)
        self._idle: list[Link] = []
        self._returning: set[asyncio.Task[None]] = set()
        self._closed = False

    async def begin(self, first: Callable[[Link], Awaitable[T]]) -> tuple[Link, T]:
        """Return a connection, and what *first* gave on it.

        A connection that broke while it was idle is no failure: a new one is made, on which *first* is tried again.
        So *first* may happen twice, if the server went away in the middle of it.
        """
        await self._wait()
        try:
            while self._idle:
                link = self._idle.pop()
                if not link.is_broken():
                    try:
                        return link, await first(link)
                    except BaseException as failure:
                        broke = link.is_broken()
                        link.drop()
                        if not (broke and isinstance(failure, StoreUnavailable)):
                            raise
                    self._forget_idle()  # they are from before the same restart
            link = await self.address.connect()
            try:
                return link, await first(link)
            except BaseException:
                link.drop()
                raise
        except BaseException:
            self._room.release()
            raise

    async def ask(self, question: Callable[[Link], Awaitable[T]]) -> T:
        """Return what *question*, a single statement, gives; see `begin`."""
        link, answer = await self.begin(question)
        self.give_back(link, clean=True)
        return answer

    def give_back(self, link: Link, *, clean: bool) -> None:
        """Take a connection back at once; one that is not *clean* is rolled back first, while nobody waits for it."""
        if clean and not self._closed:
            self._idle.append(link)
            self._room.release()
            return
        task = asyncio.create_task(self._clean(link))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def close(self) -> None:
        """Close every connection, once those in use are back."""
        self._closed = True
        if self._returning:
            await asyncio.wait(self._returning)
        idle, self._idle = self._idle, []
        for link in idle:
            await link.close(within=1.0)

    async def _wait(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed")
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._room.acquire()
        except TimeoutError:
            raise StoreUnavailable("The store is busy: all its connections are taken") from None

    async def _clean(self, link: Link) -> None:
        with contextlib.suppress(Exception):
            await link.rollback(within=self.address.patience.connect)
        if self._closed:
            await link.close(within=1.0)
        elif not link.is_broken():
            self._idle.append(link)
        self._room.release()

    def _forget_idle(self) -> None:
        for link in self._idle:
            link.drop()
        self._idle.clear()
