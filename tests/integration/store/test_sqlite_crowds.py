"""SQLite among others: processes that write beside us, that are killed, and tasks that are cancelled."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.assets import AssetNotFound
from colony_core.ports.persistence import AssetFilter, EntryFilter, Paging, StoreUnavailable
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore, news
from colony_store.sqlite import store as store_module
from colony_testkit.builders import NOON
from colony_testkit.store_given import entry, ids, keep, key, machine

# Adds machines from number FIRST on, each with an entry of the journal, and tells each once it is acknowledged.
WRITER = """
import asyncio, sys
from pathlib import Path
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.store_given import entry, keep, machine

async def main(path: str, first: int, count: int) -> None:
    store = await SqliteStore.open(Path(path), sealer=Sealer(bytes(32)))
    for number in range(first, first + count):
        await keep(store, machine(number), entry(f"asset-{number}"))
        print(number, flush=True)
    await store.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


@contextlib.contextmanager
def writer(database: Path, *, first: int, count: int) -> Iterator[subprocess.Popen[str]]:
    """Run another process that writes to the same file."""
    command = [sys.executable, "-c", WRITER, str(database), str(first), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
async def other(store: SqliteStore, database: Path, sealer: Sealer) -> AsyncIterator[SqliteStore]:
    """Open the file once more, as another process would."""
    other = await SqliteStore.open(database, sealer=sealer, synchronous="off", readers=1)
    yield other
    await other.aclose()


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the file as a process that writes does."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@contextlib.asynccontextmanager
async def reopened(database: Path, sealer: Sealer) -> AsyncIterator[SqliteStore]:
    """Open the file as a server does; a store that is left open would keep the tests alive."""
    store = await SqliteStore.open(database, sealer=sealer)
    try:
        yield store
    finally:
        await store.aclose()


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once *holds* says so."""
    while not holds():  # noqa: ASYNC110 - what is waited for happens in a file
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("acknowledged", [1, 7, 40])
async def test_what_was_acknowledged_is_there_after_a_kill(database: Path, sealer: Sealer, acknowledged: int) -> None:
    with writer(database, first=1, count=10_000) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout if line.endswith("\n")]

    async with reopened(database, sealer) as store, store.reading() as look:
        assets = ids((await look.assets.page(Paging(limit=20_000), AssetFilter())).items)
        entries = [each.message for each in await look.journal.after(0, 20_000, EntryFilter())]
    assert assets == entries, "no transaction is there by half"
    assert assets[: len(told)] == [f"asset-{number}" for number in told]
    assert len(assets) <= len(told) + 1


async def test_two_processes_that_write_at_once_never_hear_of_each_other(database: Path, sealer: Sealer) -> None:
    async with reopened(database, sealer) as store:
        with writer(database, first=1001, count=100) as process:
            for number in range(1, 101):
                await keep(store, machine(number), entry(f"asset-{number}"))
            assert await asyncio.to_thread(process.wait) == 0

        async with store.reading() as look:
            assert len(await look.journal.after(0, 1000, EntryFilter())) == 200
            assert sum((await look.assets.count_by_status()).values()) == 200


async def test_a_file_that_another_process_holds_for_long_is_unavailable_to_writers_alone(
    store: SqliteStore, database: Path
) -> None:
    await keep(store, machine(1))

    with locked(database):
        with pytest.raises(StoreUnavailable, match="another process"):
            await keep(store, machine(2))
        async with store.reading() as look:
            assert (await look.assets.get("asset-1")).id == "asset-1"

    await keep(store, machine(2))


async def test_a_file_that_another_process_holds_for_a_moment_is_waited_for(store: SqliteStore, database: Path) -> None:
    with locked(database):
        writing = asyncio.create_task(keep(store, machine(1)))
        await asyncio.sleep(0)
        async with store.reading() as look:
            with pytest.raises(AssetNotFound):
                await look.assets.get("asset-1")

    await writing


async def test_a_task_that_waits_for_its_own_transaction_is_told_so(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_TURN_SECONDS", 0.01)

    async with store.transaction():
        with pytest.raises(StoreUnavailable, match="holds it up"):
            await asyncio.create_task(keep(store, machine(1)))


async def test_a_cancelled_commit_has_happened_if_and_only_if_it_was_told(store: SqliteStore) -> None:
    told: set[str] = set()

    async def add(number: int) -> None:
        async with store.transaction() as tx:
            tx.assets.add(machine(number))
            tx.after_commit(lambda: told.add(f"asset-{number}"))

    for number in range(1, 61):
        task = asyncio.create_task(add(number))
        for _ in range(number % 6):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with store.reading() as look:
        assert set(ids((await look.assets.page(Paging(), AssetFilter())).items)) == told
    assert 0 < len(told) < 60


async def test_what_an_undone_transaction_read_of_itself_is_not_remembered(store: SqliteStore) -> None:
    await keep(store, machine(1))
    with contextlib.suppress(ZeroDivisionError):
        async with store.transaction() as tx:
            tx.assets.put(replace(await tx.assets.get("asset-1"), hostname="undone"))
            assert (await tx.assets.page(Paging(), AssetFilter())).items[0].hostname == "undone"
            raise ZeroDivisionError
    async with store.transaction() as tx:
        tx.assets.put(replace(await tx.assets.get("asset-1"), hostname="done"))

    async with store.reading() as look:
        assert (await look.assets.get("asset-1")).hostname == "done"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(st.booleans(), st.sampled_from(["put", "undo", "remove", "list"]), st.integers(1, 3)), max_size=12
    )
)
async def test_whatever_two_stores_of_one_file_do_by_turns_each_sees_the_truth(
    store: SqliteStore, other: SqliteStore, acts: list[tuple[bool, str, int]]
) -> None:
    truth: dict[str, str] = {}
    for step, (ours, act, number) in enumerate(acts):
        acting, id = (store if ours else other), f"asset-{number}"
        with contextlib.suppress(ZeroDivisionError):
            async with acting.transaction() as tx:
                known = await tx.assets.get_many(["asset-1", "asset-2", "asset-3"])
                assert {id: asset.hostname for id, asset in known.items()} == truth
                if act == "remove" and id in known:
                    tx.assets.remove(known[id])
                elif act in ("put", "undo") and id in known:
                    tx.assets.put(replace(known[id], hostname=str(step)))
                elif act in ("put", "undo"):
                    tx.assets.add(replace(machine(number), hostname=str(step)))
                if act != "put":
                    listed = (await tx.assets.page(Paging(), AssetFilter())).items
                    assert {asset.id: asset for asset in listed} == await tx.assets.get_many(ids(listed))
                if act == "undo":
                    raise ZeroDivisionError
        truth |= {id: str(step)} if act == "put" else {}
        if act == "remove":
            truth.pop(id, None)
    await emptied(store)


async def emptied(store: SqliteStore) -> None:
    """Take every asset out of *store*."""
    async with store.transaction() as tx:
        for asset in (await tx.assets.page(Paging(), AssetFilter())).items:
            tx.assets.remove(asset)


async def test_a_transaction_that_is_over_refuses_to_go_on(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        tx.assets.add(machine(1))

    with pytest.raises(RuntimeError, match="over"):
        await tx.assets.get("asset-9")


async def test_uses_of_keys_are_written_down_within_seconds(
    store: SqliteStore, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "TOUCH_SECONDS", 0.01)
    await keep(store, key(1))
    async with store.reading() as look:
        look.api_keys.touch(key(1).id, NOON)

    connection = sqlite3.connect(database)
    await eventually(lambda: connection.execute("SELECT last_used_at FROM api_keys").fetchone() != (None,))
    connection.close()


async def test_uses_that_cannot_be_written_down_now_are_written_down_later(
    store: SqliteStore, database: Path, sealer: Sealer
) -> None:
    await keep(store, key(1))
    with locked(database):
        async with store.reading() as look:
            look.api_keys.touch(key(1).id, NOON)
        with pytest.raises(StoreUnavailable):
            await store._note_uses()

    await store.aclose()
    async with reopened(database, sealer) as again, again.reading() as look:
        assert await look.api_keys.find(key(1).id) == replace(key(1), last_used_at=NOON)


async def test_the_commit_of_another_process_is_news(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "LISTENING_SECONDS", 0.01)
    heard: list[str] = []
    store.on_news(lambda: heard.append("news"))

    async def write_until_heard() -> None:
        while not heard:
            await keep(other, entry("theirs"))
            await asyncio.sleep(0.005)

    await asyncio.wait_for(write_until_heard(), 10)
