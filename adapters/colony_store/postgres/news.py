"""Who wants to hear of commits, and how those of other processes come to be heard: the table is the truth."""

import asyncio
import contextlib
from collections.abc import Callable

from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.link import Address, Link
from colony_store.postgres.queries import OTHERS

CHANNEL = "colony_journal"
LOOK_SECONDS = 5.0
"""How often the journal is looked at, whatever was heard: a connection may be dead without saying so."""

AGAIN_SECONDS = 1.0
"""How long to wait before another connection is tried."""


class News:
    """Tells its listeners of commits: of our own at once, of those of other processes when PostgreSQL says so.

    A connection of its own listens. While there is none nothing is heard, and nothing is lost: once it is back, and
    every few seconds, the journal's last entry is compared with the one that was known.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._listeners: list[Callable[[], None]] = []
        self._listening: asyncio.Task[None] | None = None
        self._known: int | None = None
        self._heard = False

    def add(self, listener: Callable[[], None]) -> None:
        """Tell *listener* from now on."""
        self._listeners.append(listener)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="news of other processes")

    def tell(self) -> None:
        """Tell every listener."""
        for listener in self._listeners:
            listener()

    async def stop(self) -> None:
        """Listen to other processes no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable):
                link = await self._address.connect()
                try:
                    await self._follow(link)
                finally:
                    link.drop()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self, link: Link) -> None:
        """Tell of commits until the connection breaks."""
        self._heard, ended = False, asyncio.Event()
        link.connection.add_termination_listener(lambda _: ended.set())
        await link.listen(CHANNEL, self._hear)
        while not ended.is_set():
            await self._look(link)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await ended.wait()

    def _hear(self, store: str) -> None:
        self._heard = True
        if store != self._address.name:
            self.tell()

    async def _look(self, link: Link) -> None:
        """Tell if the journal has grown while nothing was heard."""
        silent, self._heard = not self._heard, False
        ((last,),) = await link.rows(OTHERS["entry_last"])
        known, self._known = self._known, last
        if silent and known is not None and last > known:
            self.tell()
