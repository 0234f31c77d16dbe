"""The one connection of a worker to PgQueuer's tables: made when it is needed, and again after the server was away."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import asyncpg
from pgqueuer.queries import Queries

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import StoreUnavailable
from colony_dispatch.jobs import CHANNEL, queries_on

_AWAY = (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What is raised where the server is gone; the last between its good-bye and the end of the connection."""

GATHER = 0.1
"""Seconds that lie between two looks for calls at least, however many come: a step waits no longer for its worker."""

_NOTHING_NEW = ("update", "delete")

PATIENCE = 5.0
"""Seconds for a connection or a statement."""


class Line:
    """A connection to the database at *url*; who uses it waits for whoever uses it now."""

    def __init__(self, url: Secret) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self.hear: Callable[[], None] = lambda: None
        self._passing_on: asyncio.TimerHandle | None = None
        self._passed_on = 0.0

    @contextlib.asynccontextmanager
    async def queries(self) -> AsyncIterator[Queries]:
        """Give the queries; whatever is wrong with the server is `StoreUnavailable`."""
        async with self._turn:
            try:
                async with asyncio.timeout(2 * PATIENCE):
                    yield queries_on(await self.connection())
            except _AWAY as error:
                self.drop()
                raise StoreUnavailable(f"The queue of calls is out of reach: {type(error).__name__}") from error
            except BaseException:
                self.drop()  # in the middle of a statement it is of no use to anybody
                raise

    async def connection(self) -> asyncpg.Connection:
        """Return the connection, which listens for calls; a new one if the last is gone."""
        if self._connection is None or self._connection.is_closed():
            settings = {"application_name": "colony worker", "statement_timeout": f"{PATIENCE * 1000:.0f}"}
            connection = await asyncpg.connect(
                self._url.reveal(), timeout=PATIENCE, command_timeout=2 * PATIENCE, server_settings=settings
            )
            await connection.add_listener(CHANNEL, lambda _connection, _process, _channel, words: self._heard(words))
            self._connection = connection
            self.hear()
        return self._connection

    def _heard(self, words: str) -> None:
        """Pass on that there may be a call to take; those who come in a burst are passed on together.

        PgQueuer tells every change of its table to every worker. A job that was taken or is done is nothing to look
        for; each look costs five trips of every worker, most of which find that another one was faster.
        """
        if self._passing_on is not None or any(f'"operation" : "{change}"' in words for change in _NOTHING_NEW):
            return
        loop = asyncio.get_running_loop()
        self._passing_on = loop.call_at(max(self._passed_on + GATHER, loop.time()), self._pass_on)

    def _pass_on(self) -> None:
        self._passing_on, self._passed_on = None, asyncio.get_running_loop().time()
        self.hear()

    def drop(self) -> None:
        """Let go of the connection at once."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
