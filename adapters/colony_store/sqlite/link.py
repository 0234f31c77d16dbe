"""One connection in its own thread, and what its errors mean to a caller."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import aiosqlite

from colony_core.ports.persistence import StoreUnavailable

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], object]
Synchronous = Literal["full", "off"]

_MEBIBYTE = 1024 * 1024
# The primary codes that say something about the file, its disk or its other users, and nothing about our SQL.
_OUT_OF_REACH = {
    sqlite3.SQLITE_BUSY: "another process is writing to it",
    sqlite3.SQLITE_LOCKED: "another process is writing to it",
    sqlite3.SQLITE_PROTOCOL: "another process is writing to it",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_READONLY: "its file cannot be written to",
    sqlite3.SQLITE_PERM: "its file cannot be written to",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is no SQLite database",
}


class Link(aiosqlite.Connection):
    """A connection that is given whole pieces of work instead of single statements.

    Each trip to the connection's thread costs about as much as fifty small statements. A whole transaction in one
    trip was measured at 4395 transactions/s, and at 1544 with three awaits (docs/adr/0010), hence the use of
    aiosqlite's queue, which has no public name.
    """

    commits_of_others = -1
    """How often others had written when a transaction last began here, as SQLite counts it."""

    @classmethod
    async def open(cls, path: Path, *, busy_seconds: float, synchronous: Synchronous, writes: bool) -> "Link":
        """Return a connection to the file at *path*."""
        connector = partial(_connect, path, busy_seconds=busy_seconds, synchronous=synchronous, writes=writes)
        link = cls(connector, iter_chunk_size=64)
        try:
            with translated():
                await link
        except BaseException:
            link._thread.join()  # aiosqlite has told it to end already
            raise
        return link

    async def close(self) -> None:
        """Close the connection, and return once its thread has ended."""
        await super().close()
        self._thread.join()

    async def hop(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what *work* makes of the connection, in the connection's thread.

        A cancelled caller does not stop the work, but whatever is asked for later comes after it.
        """
        with translated():
            return await self._send(work)

    async def finish(self, work: Callable[[sqlite3.Connection], T], *, then: Callable[[], None]) -> None:
        """Do *work*, and call *then* if it went well, even when the caller is cancelled meanwhile."""
        with translated():
            future = self._send(work)
            future.add_done_callback(_keep_quiet)
            try:
                await asyncio.shield(future)
            except asyncio.CancelledError:
                await _end_of(future)
                if future.exception() is None:
                    then()
                raise
        then()

    def later(self, work: Work) -> None:
        """Let *work* be done before anything that is asked for after this call; nobody waits for it."""
        if self._running and self._connection is not None:
            self._tx.put_nowait((None, partial(work, self._connection)))

    def _send(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if not self._running or self._connection is None:
            raise StoreUnavailable("The store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, partial(work, self._connection)))
        return future


async def _end_of(work: asyncio.Future[T]) -> None:
    """Return when *work* is done, however often somebody would have us stop."""
    while not work.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait((work,))


def _keep_quiet(work: asyncio.Future[T]) -> None:
    """Look at the outcome, so that asyncio does not complain about one that a cancelled caller never saw."""
    if not work.cancelled():
        work.exception()


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite says about the file and its users into `StoreUnavailable`."""
    try:
        yield
    except sqlite3.Error as error:
        reason = _OUT_OF_REACH.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if reason is None:
            raise
        raise StoreUnavailable(f"The store is out of reach: {reason}") from error


def _connect(path: Path, *, busy_seconds: float, synchronous: Synchronous, writes: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, cached_statements=256)
    try:
        for pragma in _pragmas(synchronous, writes=writes):
            connection.execute(f"PRAGMA {pragma}")
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            raise StoreUnavailable(f"SQLite cannot keep a write-ahead log for {path}: is it on a network file system?")
    except BaseException:
        connection.close()
        raise
    return connection


def _pragmas(synchronous: Synchronous, *, writes: bool) -> tuple[str, ...]:
    if not writes:
        # Readers look at pages in place; the writer does not, as a disk fault there would end the process.
        return "query_only = ON", f"mmap_size = {256 * _MEBIBYTE}", f"cache_size = -{16 * 1024}"
    return (
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        f"cache_size = -{64 * 1024}",
        "temp_store = MEMORY",
        f"journal_size_limit = {64 * _MEBIBYTE}",
    )
