"""Who wants to hear of commits, and how those of other processes come to be heard."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

from colony_core.ports.persistence import StoreUnavailable
from colony_store.sqlite.link import Link

LISTENING_SECONDS = 0.5


class News:
    """Tells its listeners of commits: of our own at once, of those of other processes within half a second.

    SQLite sends no messages; it counts, for each connection, the commits of others. All our writes go through one
    connection, so its count rises for other processes alone.
    """

    def __init__(self, writer: Link) -> None:
        self._writer = writer
        self._listeners: list[Callable[[], None]] = []
        self._listening: asyncio.Task[None] | None = None

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
        known: int | None = None
        while True:
            with contextlib.suppress(StoreUnavailable):
                seen = await self._writer.hop(_commits_of_others)
                if known not in (None, seen):
                    self.tell()
                known = seen
            await asyncio.sleep(LISTENING_SECONDS)


def _commits_of_others(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("PRAGMA data_version").fetchone()
    return int(count)
