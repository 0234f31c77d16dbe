"""A `Store` in memory: for tests without a disk, and for embedders who want nothing to outlive the process.

Values are frozen and tables are copied before they are changed, so that a look costs nothing and never sees half of
a transaction, and `copied` gives the store as it was at one moment.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey
from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.healths import Health
from colony_core.domain.histories import Happening
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import EntryFilter, Page, Paging, StoreUnavailable
from colony_testkit.memory_audit import MemoryAudit, MemoryDeadLetters, MemoryWebhooks, Told
from colony_testkit.memory_healths import MemoryHealths
from colony_testkit.memory_shelves import MemoryAssets, MemoryClusters, MemoryRuns, Rows, cut, seq_after
from colony_testkit.memory_vault import MemoryAnswers, MemoryVault, Sealed


class Contents:
    """Everything that a store remembers at one moment; never changed once it is committed."""

    def __init__(self, before: "Contents | None" = None) -> None:
        self.assets: Rows[Asset] = Rows(before.assets if before else None)
        self.healths: dict[str, Health] = dict(before.healths) if before else {}
        self.clusters: Rows[Cluster] = Rows(before.clusters if before else None)
        self.runs: Rows[Run] = Rows(before.runs if before else None)
        self.histories: dict[str, tuple[Happening, ...]] = dict(before.histories) if before else {}
        self.api_keys: dict[str, ApiKey] = dict(before.api_keys) if before else {}
        self.sealed: Sealed = Sealed(before.sealed if before else None)
        self.told: Told = Told(before.told if before else None)
        self.counters: dict[str, int] = dict(before.counters) if before else {}
        self.seq: int = before.seq if before else 0


class MemoryHistories:
    """See `colony_core.ports.persistence.Histories`."""

    def __init__(self, histories: dict[str, tuple[Happening, ...]]) -> None:
        self._histories = histories

    def write(self, run_id: str, happening: Happening) -> None:
        """Add a happening."""
        self._histories[run_id] = (*self._histories.get(run_id, ()), happening)

    async def of(self, run_ids: Sequence[str]) -> dict[str, tuple[Happening, ...]]:
        """Return the histories of those of *run_ids* that have one."""
        return {run_id: self._histories[run_id] for run_id in run_ids if run_id in self._histories}


class MemoryApiKeys:
    """See `colony_core.ports.persistence.ApiKeys`."""

    def __init__(self, keys: dict[str, ApiKey], touched: dict[str, object]) -> None:
        self._keys = keys
        self._touched = touched

    async def find(self, key_id: str) -> ApiKey | None:
        """Return the key, or None."""
        key = self._keys.get(key_id)
        return None if key is None else self._used(key)

    async def page(self, paging: Paging) -> Page[ApiKey]:
        """Return one page of the keys."""
        return cut([(seq, self._used(key)) for seq, key in enumerate(self._keys.values(), 1)], paging, of="api-keys")

    async def any(self) -> bool:
        """Tell whether there is any."""
        return bool(self._keys)

    def add(self, key: ApiKey) -> None:
        """Add a key."""
        self._keys[key.id] = key

    def put(self, key: ApiKey) -> None:
        """Replace a key."""
        self._keys[key.id] = key

    def touch(self, key_id: str, at: object) -> None:
        """Note the last use; it is no part of any transaction."""
        self._touched[key_id] = at

    def _used(self, key: ApiKey) -> ApiKey:
        return replace(key, last_used_at=self._touched.get(key.id, key.last_used_at))


class MemoryJournal:
    """See `colony_core.ports.persistence.Journal`."""

    def __init__(self, entries: list[Entry], upto: int) -> None:
        self._entries = entries
        self._upto = upto
        self.written: list[Entry] = []

    def write(self, entry: Entry) -> None:
        """Add *entry*, when the transaction commits."""
        self.written.append(replace(entry, seq=self._upto + len(self.written) + 1))

    async def after(self, seq: int, limit: int, where: EntryFilter) -> tuple[Entry, ...]:
        """Return the next entries after *seq*."""
        return tuple(entry for _, entry in self._matching(seq, where))[:limit]

    async def page(self, paging: Paging, where: EntryFilter) -> Page[Entry]:
        """Return one page of the entries."""
        return cut(list(self._matching(seq_after(paging.cursor, of="journal"), where)), paging, of="journal")

    async def last(self) -> int:
        """Return the seq of the newest entry, 0 for none."""
        return self._upto + len(self.written)

    def _matching(self, seq: int, where: EntryFilter) -> Iterator[tuple[int, Entry]]:
        for entry in (*self._entries[seq : self._upto], *self.written):
            if entry.seq > seq and where.run_id in (None, entry.run_id):
                yield entry.seq, entry


class MemoryTransaction:
    """See `colony_core.ports.persistence.Transaction`."""

    def __init__(self, contents: Contents, entries: list[Entry], touched: dict[str, object], *, writes: bool) -> None:
        self.contents = contents
        self.writes = writes
        self.doomed = False
        self.calls: list[Callable[[], None]] = []
        self.assets = MemoryAssets(contents.assets, contents.counters, contents.healths, writes=writes)
        self.healths = MemoryHealths(contents.healths, contents.assets.values)
        self.clusters = MemoryClusters(contents.clusters, contents.counters, writes=writes)
        self.runs = MemoryRuns(contents.runs, contents.counters, writes=writes)
        self.histories = MemoryHistories(contents.histories)
        self.api_keys = MemoryApiKeys(contents.api_keys, touched)
        self.journal = MemoryJournal(entries, contents.seq)
        self.vault = MemoryVault(contents.sealed)
        self.answers = MemoryAnswers(contents.sealed)
        self.audit = MemoryAudit(contents.told)
        self.webhooks = MemoryWebhooks(contents.told)
        self.dead_letters = MemoryDeadLetters(contents.told)

    async def next_id(self, kind: str) -> str:
        """Return the next free id of *kind*."""
        self.contents.counters[kind] = self.contents.counters.get(kind, 0) + 1
        return f"{kind}-{self.contents.counters[kind]}"

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call *call* once the transaction has committed."""
        self.calls.append(call)


class MemoryStore:
    """Everything that Colony remembers, until the process ends. Secrets are not sealed: they never leave memory."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._entries: list[Entry] = []
        self._touched: dict[str, object] = {}
        self._news: list[Callable[[], None]] = []
        self._writing = asyncio.Lock()
        self._open: dict[asyncio.Task[object] | None, MemoryTransaction] = {}
        self._closed = False

    def copied(self) -> "MemoryStore":
        """Return another store that remembers the same, and that nobody uses yet."""
        other = MemoryStore()
        other._contents = self._contents
        other._entries = list(self._entries)
        other._touched = dict(self._touched)
        return other

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        """Begin to change things; inside another transaction of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open.get(task)
        if outer is not None and outer.writes:
            with _dooming(outer):
                yield outer
            return
        self._require_open()
        async with self._writing:
            inner = MemoryTransaction(Contents(self._contents), self._entries, self._touched, writes=True)
            with self._opened(task, inner):
                yield inner
            self._commit(inner)
        self._tell(inner)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[MemoryTransaction]:
        """Begin to look at things; inside a transaction of the same task, go on with that one."""
        task = asyncio.current_task()
        outer = self._open.get(task)
        if outer is not None:
            yield outer
            return
        self._require_open()
        look = MemoryTransaction(self._contents, self._entries, self._touched, writes=False)
        with self._opened(task, look):
            yield look

    def on_news(self, call: Callable[[], None]) -> None:
        """Call *call* after every commit that wrote to the journal."""
        self._news.append(call)

    async def check(self) -> None:
        """Return if the store is open."""
        self._require_open()

    async def aclose(self) -> None:
        """Forget nothing, but answer nobody any more."""
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed")

    @contextlib.contextmanager
    def _opened(self, task: asyncio.Task[object] | None, unit: MemoryTransaction) -> Iterator[None]:
        before = self._open.get(task)
        self._open[task] = unit
        try:
            yield
        finally:
            if before is None:
                del self._open[task]
            else:
                self._open[task] = before

    def _commit(self, inner: MemoryTransaction) -> None:
        if inner.doomed:
            raise StoreUnavailable("A part of the transaction failed, so that all of it was dropped")
        for shelf in (inner.assets, inner.clusters, inner.runs):
            shelf.stamp()
        self._entries += inner.journal.written
        inner.contents.seq += len(inner.journal.written)
        self._contents = inner.contents

    def _tell(self, inner: MemoryTransaction) -> None:
        news = self._news if inner.journal.written else []
        for call in (*inner.calls, *news):
            call()


@contextlib.contextmanager
def _dooming(outer: MemoryTransaction) -> Iterator[None]:
    try:
        yield
    except BaseException:
        outer.doomed = True
        raise
