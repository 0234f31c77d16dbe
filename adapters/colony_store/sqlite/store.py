"""The store itself: who may read and write the file, and when."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from colony_core.ports.persistence import StoreUnavailable
from colony_core.ports.sealing import Sealer
from colony_store.sqlite.key_check import check_key
from colony_store.sqlite.known_keys import KnownKeys
from colony_store.sqlite.link import Link, Synchronous
from colony_store.sqlite.migrations import current_version, migrate, version_of
from colony_store.sqlite.news import News
from colony_store.sqlite.server_lock import ServerLock
from colony_store.sqlite.transaction import Shared, SqliteTransaction
from colony_store.sqlite.unit import Unit
from colony_store.touches import Touches

READERS = 4
BUSY_SECONDS = 5.0
TOUCH_SECONDS = 3.0
_TURN_SECONDS = 30.0


class SqliteStore:
    """Everything that Colony remembers, in one SQLite file; made with `SqliteStore.open`.

    One connection writes, a few others look; each has a thread of its own, which ends with `aclose` and would
    otherwise keep the process alive. Other processes may use the same file at the same time; that only one of them
    is a server is what `acquire_server_lock` is for.
    """

    def __init__(self, path: Path, *, writer: Link, readers: list[Link], sealer: Sealer) -> None:
        self._path = path
        self._writer = writer
        self._readers = readers
        self._touches = Touches(self._note_uses_soon)
        self._news = News(writer)
        self._known_keys = KnownKeys(path)
        self._shared = Shared.beginning(sealer, self._touches, self._known_keys, self._news.tell)
        self._writing = asyncio.Lock()
        self._idle: asyncio.LifoQueue[Link] = asyncio.LifoQueue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._open_units: dict[asyncio.Task[object] | None, SqliteTransaction] = {}
        self._server_lock: ServerLock | None = None
        self._noting: asyncio.Task[None] | None = None
        self._closing = False
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        sealer: Sealer,
        synchronous: Synchronous = "full",
        busy_seconds: float = BUSY_SECONDS,
        readers: int = READERS,
    ) -> "SqliteStore":
        """Return the store in the file at *path*, made (readable by its owner alone) and migrated if need be.

        *synchronous* is for tests: with "off" a crash of the machine may lose what was acknowledged. Writers of other
        processes are waited for, twice *busy_seconds*. Raises `SchemaTooNew`, `NotOurs`, `SecretKeyWrong` or
        another `StoreUnavailable`.
        """
        async with contextlib.AsyncExitStack() as links:
            make_private(path)
            writer = await Link.open(path, busy_seconds=busy_seconds, synchronous=synchronous, writes=True)
            links.push_async_callback(writer.close)
            await writer.hop(migrate)
            await writer.hop(lambda connection: check_key(connection, sealer, path))
            looking: list[Link] = []
            for _ in range(readers):
                reader = await Link.open(path, busy_seconds=busy_seconds, synchronous=synchronous, writes=False)
                links.push_async_callback(reader.close)
                looking.append(reader)
            links.pop_all()
        return cls(path, writer=writer, readers=looking, sealer=sealer)

    def acquire_server_lock(self) -> None:
        """Keep every other server off this file until `aclose`; raise `StoreInUse` when one has it."""
        if self._server_lock is None:
            self._server_lock = ServerLock(self._path)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """Begin to change things; inside another transaction of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open_units.get(task)
        if outer is not None and outer.unit.writes:
            with _dooming(outer.unit):
                yield outer
            return
        async with self._turn():
            unit = Unit(self._writer, writes=True, doubt=self._shared.doubt)
            with self._open(task, unit) as transaction:
                yield transaction
                await unit.commit()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteTransaction]:
        """Begin to look at things; inside a transaction or another look of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open_units.get(task)
        if outer is not None:
            yield outer
            return
        link = await self._reader()
        try:
            with self._open(task, Unit(link, writes=False)) as transaction:
                yield transaction
        finally:
            self._idle.put_nowait(link)

    def on_news(self, call: Callable[[], None]) -> None:
        """Call *call* after every commit that wrote to the journal; after any commit of another process."""
        self._news.add(call)

    async def check(self) -> None:
        """Return if the store is reachable and its schema is current; raise `StoreUnavailable` otherwise."""
        async with self.reading() as look:
            version = await look.unit.run(version_of)
        if version != current_version():
            raise StoreUnavailable(f"The database has schema {version}, and this release wants {current_version()}")

    async def aclose(self) -> None:
        """Write down the last uses of keys, wait for the present transaction, and let go of every connection."""
        if self._closing:
            return
        self._closing = True
        if self._noting is not None:
            self._noting.cancel()
        await self._news.stop()
        async with contextlib.AsyncExitStack() as last:
            last.callback(self._release_server_lock)
            last.callback(self._known_keys.close)
            for link in (self._writer, *self._readers):  # the writer goes last: it empties the log into the file
                last.push_async_callback(link.close)
            with contextlib.suppress(StoreUnavailable):
                await self._note_uses()
                async with self._turn():
                    self._closed = True

    @contextlib.contextmanager
    def _open(self, task: asyncio.Task[object] | None, unit: Unit) -> Iterator[SqliteTransaction]:
        before = self._open_units.get(task)
        self._open_units[task] = transaction = SqliteTransaction(unit, self._shared)
        try:
            yield transaction
        finally:
            unit.end()
            if before is None:
                del self._open_units[task]
            else:
                self._open_units[task] = before

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for our turn to write; whoever waits for itself in another task is told so in the end."""
        try:
            if self._writing.locked():
                async with asyncio.timeout(_TURN_SECONDS):
                    await self._writing.acquire()
            else:
                await self._writing.acquire()
        except TimeoutError:
            raise StoreUnavailable("The store is busy: another transaction holds it up") from None
        try:
            if self._closed:
                raise StoreUnavailable("The store is closed")
            yield
        finally:
            self._writing.release()

    async def _reader(self) -> Link:
        if not self._idle.empty():
            return self._idle.get_nowait()
        try:
            if not self._idle.empty():
                return self._idle.get_nowait()
            async with asyncio.timeout(_TURN_SECONDS):
                return await self._idle.get()
        except TimeoutError:
            raise StoreUnavailable("The store is busy: all its readers are taken") from None

    def _note_uses_soon(self) -> None:
        if self._noting is None and not self._closing:
            self._noting = asyncio.create_task(self._note_uses_later())

    async def _note_uses_later(self) -> None:
        try:
            await asyncio.sleep(TOUCH_SECONDS)
            await self._note_uses()
        except StoreUnavailable:
            pass  # the notes stay in memory, and the next use tries again
        finally:
            self._noting = None

    async def _note_uses(self) -> None:
        noted = self._touches.noted()
        if noted:
            async with self.transaction() as transaction:
                transaction.api_keys.write_down(noted)
            self._touches.written(noted)

    def _release_server_lock(self) -> None:
        if self._server_lock is not None:
            self._server_lock.release()


@contextlib.contextmanager
def _dooming(unit: Unit) -> Iterator[None]:
    try:
        yield
    except BaseException as failure:
        unit.fail(failure)
        raise


def make_private(path: Path) -> None:
    """Make the file so that its owner alone may read it; SQLite gives its other files the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"The database {path} cannot be opened: {error.strerror}") from error
