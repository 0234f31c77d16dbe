"""The store itself: who may read and write the database, and when."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import StoreUnavailable
from colony_core.ports.sealing import Sealer
from colony_store.postgres.key_check import check_key
from colony_store.postgres.link import Address, Patience
from colony_store.postgres.migrations import migrate, require_fit, schema_of
from colony_store.postgres.news import News
from colony_store.postgres.pool import Pool
from colony_store.postgres.transaction import PostgresTransaction, Shared
from colony_store.postgres.unit import Unit
from colony_store.postgres.wakes import Tell, to_nobody
from colony_store.touches import Touches

READERS = 6
TOUCH_SECONDS = 3.0
_TURN_SECONDS = 30.0


class PostgresStore:
    """Everything that Colony remembers, in one PostgreSQL database; made with `PostgresStore.open`.

    Any number of processes may use the database. Each holds one connection that writes, up to `READERS` that look, and
    one that listens once somebody wants news; all are made when they are needed, and again after the server was away.
    """

    def __init__(self, address: Address, *, sealer: Sealer, readers: int = READERS) -> None:
        self._touches = Touches(self._note_uses_soon)
        self._news = News(address)
        self._tell: Tell = to_nobody
        self._shared = Shared.beginning(sealer, self._touches, self._news.tell, self._tell_due)
        self._writer = Pool(address, room=1)
        self._readers = Pool(address, room=readers)
        self._writing = asyncio.Lock()
        self._open_units: dict[asyncio.Task[object] | None, PostgresTransaction] = {}
        self._noting: asyncio.Task[None] | None = None
        self._closing = False
        self._closed = False

    @classmethod
    async def open(
        cls, url: str, *, sealer: Sealer, patience: Patience | None = None, readers: int = READERS
    ) -> "PostgresStore":
        """Return the store in the database at *url*, migrated if need be.

        Raises `SchemaTooNew`, `NotOurs`, `SecretKeyWrong`, `DatabaseUrlInvalid` or another `StoreUnavailable`.
        """
        address = Address(url=Secret(url), patience=patience or Patience(), name=secrets.token_hex(8))
        await migrate(address)
        link = await address.connect()
        try:
            await check_key(link, sealer, "on this server")
        finally:
            await link.close(within=2.0)
        return cls(address, sealer=sealer, readers=readers)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """Begin to change things; inside another transaction of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open_units.get(task)
        if outer is not None and outer.unit.writes:
            with _dooming(outer.unit):
                yield outer
            return
        async with self._turn():
            unit = Unit(self._writer, writes=True)
            with self._open(task, unit) as transaction:
                yield transaction
                await unit.commit()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """Begin to look at things; inside a transaction or another look of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open_units.get(task)
        if outer is not None:
            yield outer
            return
        if self._closed:
            raise StoreUnavailable("The store is closed")
        with self._open(task, Unit(self._readers, writes=False)) as transaction:
            yield transaction

    def on_news(self, call: Callable[[], None]) -> None:
        """Call *call* after every commit that wrote to the journal, whichever process made it."""
        self._news.add(call)

    def on_due(self, tell: Tell) -> None:
        """Let *tell* write down when runs are due, in each transaction that changes any."""
        self._tell = tell

    async def check(self) -> None:
        """Return if the server is reachable and the schema fits this release; raise `StoreUnavailable` otherwise."""
        async with self.reading() as look:
            present = await look.unit.run(schema_of)
        require_fit(present)

    async def aclose(self) -> None:
        """Write down the last uses of keys, wait for the present transaction, and let go of every connection."""
        if self._closing:
            return
        self._closing = True
        if self._noting is not None:
            self._noting.cancel()
        await self._news.stop()
        async with contextlib.AsyncExitStack() as last:
            last.push_async_callback(self._writer.close)
            last.push_async_callback(self._readers.close)
            with contextlib.suppress(StoreUnavailable):
                await self._note_uses()
                async with self._turn():
                    self._closed = True
            self._closed = True

    @contextlib.contextmanager
    def _open(self, task: asyncio.Task[object] | None, unit: Unit) -> Iterator[PostgresTransaction]:
        before = self._open_units.get(task)
        self._open_units[task] = transaction = PostgresTransaction(unit, self._shared)
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
        """Wait for our turn among the tasks of this process; among processes the database gives turns."""
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._writing.acquire()
        except TimeoutError:
            raise StoreUnavailable("The store is busy: another transaction holds it up") from None
        try:
            if self._closed:
                raise StoreUnavailable("The store is closed")
            yield
        finally:
            self._writing.release()

    async def _tell_due(self, connection: Any, dues: Sequence[tuple[str, datetime]]) -> None:
        await self._tell(connection, dues)

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


@contextlib.contextmanager
def _dooming(unit: Unit) -> Iterator[None]:
    try:
        yield
    except BaseException as failure:
        unit.fail(failure)
        raise
