"""A unit of work: one look at one moment, or one transaction, in as few trips to the connection as can be."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from colony_store.sqlite.link import Link, Work
from colony_store.sqlite.queries import OTHERS
from colony_store.units import Buffer

T = TypeVar("T")

_BEGIN_TRIES = 2


class Unit:
    """What one transaction has read, what it is going to write, and whether it still may.

    Writes are held back and go along with the next query that must see them, or with the commit. Nothing is begun
    before the first query, so that the moment of the look is that of the first query.
    """

    def __init__(self, link: Link, *, writes: bool, doubt: Callable[[], None] = lambda: None) -> None:
        """*doubt* is called when what earlier transactions met may have changed without our knowing."""
        self.writes = writes
        self.wrote = False
        self.failure: BaseException | None = None
        self.counters: dict[str, int] = {}
        self._link = link
        self._doubt = doubt
        self._begun = False
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

    async def run(self, work: Callable[[sqlite3.Connection], T], *, after_writes: bool = True) -> T:
        """Return what *work* finds, after everything that was held back unless it cannot matter to it."""
        if self.failure is not None:
            raise self.failure
        works = self._due(after_writes=after_writes)

        def all_of_it(connection: sqlite3.Connection) -> T:
            for one in works:
                one(connection)
            return work(connection)

        try:
            return await self._link.hop(all_of_it)
        except BaseException as failure:
            self.fail(failure)
            raise

    async def begin(self) -> None:
        """Begin now, if nothing has begun yet."""
        if not self._begun:
            await self.run(_nothing, after_writes=False)

    async def commit(self) -> None:
        """Put everything on disk, and tell whoever wanted to know."""
        if self.failure is not None:
            raise self.failure
        works = self._due() if self._begun else self._due_at_once()
        if self.wrote:
            await self._link.finish(_all((*works, _commit)), then=self._succeeded)
        else:
            self._succeeded()

    def end(self) -> None:
        """Undo whatever was not committed, without waiting for it; from now on the unit refuses every call."""
        if self._begun:
            if self.wrote:
                self._doubt()
            self._link.later(_rollback)
            self._begun = False
        self.fail(RuntimeError("This transaction is over"))

    def _succeeded(self) -> None:
        self._begun = self._begun and not self.wrote
        for buffer in self._buffers:
            buffer.committed()
        for call in self._after:
            call()

    def _due_at_once(self) -> list[Work]:
        """Return all there is to do if nothing was read: a transaction without writes never begins."""
        works = self._taken()
        return [self._beginning(), *works] if works else []

    def _due(self, *, after_writes: bool = True) -> list[Work]:
        beginning = [] if self._begun else [self._beginning()]
        return beginning + (self._taken() if after_writes else [])

    def _beginning(self) -> Work:
        self._begun = True
        return self._begin_writing if self.writes else _begin_looking

    def _taken(self) -> list[Work]:
        works = [work for buffer in self._buffers if (work := buffer.take()) is not None]
        self.wrote = self.wrote or bool(works)
        return works

    def _begin_writing(self, connection: sqlite3.Connection) -> None:
        """Wait for our turn among processes; IMMEDIATE, as a read that turns into a write cannot wait."""
        for left in reversed(range(_BEGIN_TRIES)):
            try:
                connection.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                    raise
        (commits_of_others,) = connection.execute("PRAGMA data_version").fetchone()
        if self._link.commits_of_others != commits_of_others:
            self._link.commits_of_others = commits_of_others
            self._doubt()
        self.counters = dict(connection.execute(OTHERS["counters"]).fetchall())


def _begin_looking(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")


def _commit(connection: sqlite3.Connection) -> None:
    connection.execute("COMMIT")


def _rollback(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _nothing(_: sqlite3.Connection) -> None:
    return None


def _all(works: tuple[Work, ...]) -> Work:
    def each(connection: sqlite3.Connection) -> None:
        for work in works:
            work(connection)

    return each
