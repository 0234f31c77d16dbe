"""One connection, what is said to it when it is made, and what its errors mean to a caller."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import asyncpg
from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.failures import translated
from colony_store.postgres.texts import sent

Rows = list[Any]


PLANS = {
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_incremental_sort": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""Every query of ours walks along an index that was made for it: so it does, whatever the statistics say or lack.

And it is planned once for each connection: an unknown LIMIT would else be planned anew each time it is asked.
"""


class DatabaseUrlInvalid(StoreUnavailable):
    """The URL of the database cannot be read; it is not shown, as it may hold a password."""

    code = "DATABASE_URL_INVALID"
    summary = "Invalid database URL"
    advice = "Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; special characters of the password as %XX."


_GRACE = 2.0
"""Seconds that a server gets to say that a statement took too long; one that hangs is given up after them."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long one waits, in seconds.

    `connect` for a connection, `lock` for a turn or a lock, `statement` for a statement. `idle` is how long a
    transaction may stand still before the server ends it: a process that hangs holds up the others no longer.
    """

    connect: float = 5.0
    lock: float = 10.0
    statement: float = 20.0
    idle: float = 5.0

    def settings(self, name: str) -> Mapping[str, str]:
        """Return the settings of the session of the store of that *name*."""
        return {
            **PLANS,
            "application_name": "colony",
            "colony.store": name,
            "default_transaction_isolation": "read committed",
            "idle_in_transaction_session_timeout": _milliseconds(self.idle),
            "lock_timeout": _milliseconds(self.lock),
            "statement_timeout": _milliseconds(self.statement),
            "tcp_keepalives_count": "3",
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
        }


class Address(Struct, frozen=True, kw_only=True):
    """Where the database is, and how it is spoken to. The URL is a secret, as it may hold a password."""

    url: Secret
    patience: Patience = Patience()
    name: str = ""

    async def connect(self, **more: str) -> "Link":
        """Return a new connection, with *more* settings of the session."""
        try:
            async with asyncio.timeout(self.patience.connect):
                with translated():
                    return Link(
                        await asyncpg.connect(
                            self.url.reveal(),
                            timeout=self.patience.connect,
                            command_timeout=self.patience.statement + _GRACE,
                            server_settings={**self.patience.settings(self.name), **more},
                        )
                    )
        except TimeoutError:
            raise StoreUnavailable("The database is out of reach: it does not answer in time") from None
        except (ValueError, asyncpg.exceptions.ClientConfigurationError):
            # Neither the message nor the cause is passed on: they quote from the URL.
            raise DatabaseUrlInvalid("The URL of the database cannot be read as postgresql://...") from None


class Link:
    """A connection. Texts are sent so that PostgreSQL can hold them (`texts.sent`)."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def is_broken(self) -> bool:
        """Tell whether it was closed, by whomever."""
        return bool(self.connection.is_closed())

    async def do(self, statements: str) -> None:
        """Run *statements*, which take no arguments."""
        with self.speaking():
            await self.connection.execute(statements)

    async def rows(self, query: str, *arguments: object) -> Rows:
        """Return the rows of *query*."""
        with self.speaking():
            return list(await self.connection.fetch(query, *map(sent, arguments)))

    async def many(self, query: str, rows: Iterable[tuple[object, ...]]) -> Rows:
        """Run *query* for each of *rows*, in one trip or so, and return everything that it returns."""
        arguments = [tuple(map(sent, row)) for row in rows]
        with self.speaking():
            return list(await self.connection.fetchmany(query, arguments))

    async def listen(self, channel: str, hear: Callable[[str], None]) -> None:
        """Call *hear* with the words of everything that is said on *channel*."""
        with self.speaking():
            await self.connection.add_listener(channel, lambda _connection, _process, _channel, words: hear(words))

    @contextlib.contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn what is wrong with the server into `StoreUnavailable`, and see at once that it has sent us away."""
        with translated():
            try:
                yield
            except asyncpg.InternalClientError:
                self.drop()  # its good-bye is read, the end of the connection is not: it would not count as broken
                raise

    async def rollback(self, *, within: float) -> None:
        """Undo whatever was not committed; a connection that does not manage it within so many seconds is closed."""
        try:
            async with asyncio.timeout(within):
                await self.connection.execute("ROLLBACK")
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Close it without a word."""
        self.connection.terminate()

    async def close(self, *, within: float) -> None:
        """Close it, within so many seconds."""
        try:
            await self.connection.close(timeout=within)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            self.drop()


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
