"""PostgreSQL among others: stores and processes that write beside us, die or stand still, and a server that goes."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import AssetFilter, EntryFilter, Paging, StaleWrite, StoreUnavailable
from colony_core.ports.sealing import WrongKey
from colony_crypto.sealing import Sealer
from colony_store.postgres import PostgresStore, news
from colony_store.postgres.link import Address, Patience
from colony_store.postgres.migrations import current_version, migrate
from colony_store.refusals import NotOurs, SchemaTooNew, SecretKeyWrong
from colony_testkit.postgres_server import PostgresServer, private_server
from colony_testkit.store_given import entry, ids, keep, machine

SEALER = Sealer(bytes(32))
SHORT = Patience(connect=2.0, lock=0.5, statement=5.0, idle=0.5)

# Adds machines from number FIRST on, each with an entry of the journal, and tells each once it is acknowledged.
WRITER = """
import asyncio, sys
from colony_crypto.sealing import Sealer
from colony_store.postgres import PostgresStore
from colony_testkit.store_given import entry, keep, machine

async def main(url: str, first: int, count: int) -> None:
    store = await PostgresStore.open(url, sealer=Sealer(bytes(32)))
    for number in range(first, first + count):
        await keep(store, machine(number), entry(f"asset-{number}"))
        print(number, flush=True)
    await store.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


@asynccontextmanager
async def opened(url: str, patience: Patience | None = None) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(url, sealer=SEALER, patience=patience)
    try:
        yield store
    finally:
        await store.aclose()


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def eventually(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - another process does what is waited for
            await asyncio.sleep(0.01)


async def writer(url: str, *, first: int, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, url, str(first), str(count), stdout=PIPE)


async def everything(store: PostgresStore) -> tuple[list[str], list[str]]:
    async with store.reading() as look:
        assets = ids((await look.assets.page(Paging(limit=5000), AssetFilter())).items)
        return assets, [each.message for each in await look.journal.after(0, 5000, EntryFilter())]


async def test_no_reader_of_the_journal_ever_misses_an_entry_of_concurrent_writers(postgres_url: str) -> None:
    async with opened(postgres_url) as reader, opened(postgres_url) as one, opened(postgres_url) as two:
        writing = asyncio.gather(
            *(keep(store, *(entry(f"{number}.{line}") for line in range(3)))
              for store in (one, two) for number in range(40))
        )  # fmt: skip
        seen: list[str] = []
        last = 0
        while len(seen) < 240:
            async with reader.reading() as look:
                found = await look.journal.after(last, 7, EntryFilter())
            seen += [each.message for each in found]
            last = found[-1].seq if found else last
        await writing

        assert len(seen) == 240
        assert seen == [each for place in range(0, 240, 3) for each in _lines_of(seen[place])], (
            "no transaction is split"
        )


def _lines_of(message: str) -> list[str]:
    number = message.partition(".")[0]
    return [f"{number}.{line}" for line in range(3)]


async def test_stores_that_claim_the_same_machines_get_all_or_none(postgres_url: str) -> None:
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        await keep(one, *(machine(number) for number in range(1, 9)))
        claimed: list[str] = []

        async with one.reading() as look:
            free = await look.assets.get_many([f"asset-{number}" for number in range(1, 9)])

        async def claim(store: PostgresStore, name: str) -> None:
            async with store.transaction() as tx:
                for asset in free.values():
                    tx.assets.put(replace(asset, cluster_id=name))
                tx.after_commit(lambda: claimed.append(name))

        outcomes = await asyncio.gather(
            *(claim(store, f"cluster-{number}") for number, store in enumerate([one, two] * 10)), return_exceptions=True
        )
        async with one.reading() as look:
            holders = {asset.cluster_id for asset in (await look.assets.page(Paging(), AssetFilter())).items}

    assert len(claimed) == 1
    assert holders == set(claimed)
    assert all(isinstance(outcome, StaleWrite) for outcome in outcomes if outcome is not None)


async def test_ids_of_two_stores_never_meet(postgres_url: str) -> None:
    async with opened(postgres_url) as one, opened(postgres_url) as two:

        async def next_id(store: PostgresStore) -> str:
            async with store.transaction() as tx:
                return await tx.next_id("asset")

        given = await asyncio.gather(*(next_id(store) for store in [one, two] * 10))

    # A transaction that writes nothing else still counts its id.
    assert sorted(given) == sorted(f"asset-{number}" for number in range(1, 21))


async def test_what_was_acknowledged_is_there_after_a_kill_and_nobody_is_held_up(postgres_url: str) -> None:
    process = await writer(postgres_url, first=1, count=10_000)
    assert process.stdout is not None
    told = [int(await process.stdout.readline()) for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in (await process.communicate())[0].splitlines()]

    async with opened(postgres_url) as store:
        await keep(store, machine(20_001), entry("asset-20001"))
        assets, entries = await everything(store)
    assert assets == entries, "no transaction is there by half"
    assert assets[: len(told)] == [f"asset-{number}" for number in told]
    assert len(assets) <= len(told) + 2


async def test_processes_that_write_at_once_wait_for_each_other(postgres_url: str) -> None:
    processes = [await writer(postgres_url, first=first, count=30) for first in (1, 1001, 2001)]
    assert [len((await process.communicate())[0].split()) for process in processes] == [30, 30, 30]

    async with opened(postgres_url) as store:
        assets, entries = await everything(store)
    assert len(assets) == 90
    assert assets == entries


async def test_a_store_that_stands_still_in_a_transaction_holds_the_others_up_for_a_moment_only(
    postgres_url: str,
) -> None:
    async with opened(postgres_url, SHORT) as still, opened(postgres_url, replace(SHORT, lock=10.0)) as other:
        with pytest.raises(StoreUnavailable):  # noqa: PT012 - the commit refuses
            async with still.transaction() as tx:
                tx.assets.add(machine(1))
                await tx.next_id("asset")
                await keep_in_another_task(other)
                tx.assets.add(machine(3))
        await keep(still, machine(4))
        assert (await everything(other))[0] == ["asset-2", "asset-4"]


async def keep_in_another_task(store: PostgresStore) -> None:
    await asyncio.create_task(keep(store, machine(2)))


async def test_whoever_waits_too_long_for_its_turn_is_told_so(postgres_url: str) -> None:
    async with opened(postgres_url) as busy, opened(postgres_url, SHORT) as other:
        async with busy.transaction() as tx:
            await tx.next_id("asset")
            with pytest.raises(StoreUnavailable, match="another transaction holds it up"):
                await keep_in_another_task(other)
        await keep(other, machine(1))


async def test_the_commit_of_another_store_is_news_at_once_and_once(postgres_url: str) -> None:
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        heard: list[str] = []
        one.on_news(lambda: heard.append("news"))
        await listening(postgres_url)
        await keep(two, entry("a"), entry("b"))
        await eventually(lambda: bool(heard))
        await keep(one, entry("ours"))
        assert heard == ["news", "news"]


async def test_news_of_the_time_without_a_connection_is_told_afterwards(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "AGAIN_SECONDS", 0.2)
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        heard: list[str] = []
        one.on_news(lambda: heard.append("news"))
        await listening(postgres_url)
        await execute(postgres_url, TERMINATE_LISTENERS)
        await keep(two, entry("unheard"))
        await eventually(lambda: bool(heard))


LISTENERS = "query LIKE 'LISTEN%' OR query LIKE '%max(seq)%'"
TERMINATE_LISTENERS = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND ({LISTENERS}) AND pid <> pg_backend_pid()"  # noqa: E501


async def listening(url: str) -> None:
    """Return once a store listens."""
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(20):
        while not await connection.fetchval(  # noqa: ASYNC110 - another process does it
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'"
            " AND query LIKE '%max(seq)%' AND pid <> pg_backend_pid()"
        ):
            await asyncio.sleep(0.01)
    await connection.close()


async def test_a_cancelled_commit_has_happened_if_and_only_if_it_was_told(postgres_url: str) -> None:
    told: set[str] = set()
    async with opened(postgres_url) as store:

        async def add(number: int) -> None:
            async with store.transaction() as tx:
                tx.assets.add(machine(number))
                tx.after_commit(lambda: told.add(f"asset-{number}"))

        for number in range(1, 41):
            task = asyncio.create_task(add(number))
            await asyncio.sleep(0.0003 * (number % 12))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert set((await everything(store))[0]) == told


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with private_server() as server:
        yield server


async def test_a_restart_of_the_server_is_survived_by_itself(server: PostgresServer) -> None:
    async with opened(server.url, SHORT) as store:
        await keep(store, machine(1))
        await asyncio.gather(*(everything(store) for _ in range(5)))
        await asyncio.to_thread(server.restart)
        await keep(store, machine(2))
        await asyncio.to_thread(server.stop)
        with pytest.raises(StoreUnavailable, match="out of reach"):
            await keep(store, machine(3))
        with pytest.raises(StoreUnavailable, match="out of reach"):
            await store.check()
        await asyncio.to_thread(server.start)
        await store.check()
        await keep(store, machine(4))
        assert (await everything(store))[0] == ["asset-1", "asset-2", "asset-4"]


async def test_a_server_that_hangs_is_unavailable_and_comes_back(server: PostgresServer) -> None:
    patience = Patience(connect=1.0, statement=0.5)
    async with opened(server.url, patience) as store:
        await keep(store, machine(1))
        server.pause()
        try:
            async with asyncio.timeout(15):
                with pytest.raises(StoreUnavailable):
                    await store.check()
        finally:
            server.go_on()
        await store.check()
        await keep(store, machine(2))


async def test_another_key_is_refused_at_the_start(postgres_url: str) -> None:
    async with opened(postgres_url):
        pass

    with pytest.raises(SecretKeyWrong, match="another secret key"):
        await PostgresStore.open(postgres_url, sealer=Sealer(bytes(31) + b"x"))


async def test_a_secret_lies_sealed_and_in_its_place(postgres_url: str) -> None:
    async with opened(postgres_url) as store:
        async with store.transaction() as tx:
            tx.vault.put("asset-1", "bmc-password", Secret("correct horse"))
            tx.vault.put("asset-2", "bmc-password", Secret("other"))
        connection = await asyncpg.connect(postgres_url)
        sealed = [row[0] for row in await connection.fetch("SELECT sealed FROM vault")]
        await connection.close()
        assert not any(b"correct horse" in each for each in sealed)

        await execute(postgres_url, "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE owner = 'asset-2')")
        async with store.reading() as look:
            with pytest.raises(WrongKey):
                await look.vault.get("asset-1", "bmc-password")


async def test_a_schema_that_serves_this_release_no_more_is_refused(postgres_url: str) -> None:
    newer = current_version() + 1
    async with opened(postgres_url) as store:
        await execute(postgres_url, f"INSERT INTO colony_schema (version, serves_from) VALUES ({newer}, 1)")
        await store.check()
        async with opened(postgres_url) as another:
            await another.check()
        await execute(postgres_url, f"UPDATE colony_schema SET serves_from = {newer} WHERE version = {newer}")
        with pytest.raises(SchemaTooNew, match=f"schema {newer}"):
            await store.check()

    with pytest.raises(SchemaTooNew, match=f"schema {newer}.*up to {current_version()}"):
        await PostgresStore.open(postgres_url, sealer=SEALER)


async def test_the_database_of_another_program_is_refused(server: PostgresServer) -> None:
    await execute(server.url, "CREATE TABLE theirs (x text)")

    with pytest.raises(NotOurs):
        await migrate(Address(url=Secret(server.url)))


async def test_many_may_start_on_a_new_database_at_once(server: PostgresServer) -> None:
    stores = await asyncio.gather(*(PostgresStore.open(server.url, sealer=SEALER) for _ in range(4)))
    for number, store in enumerate(stores, 1):
        await keep(store, machine(number))
        await store.aclose()


@pytest.mark.parametrize(
    "url", ["postgresql://u:sesame@127.0.0.1:1/x", "postgresql://u:sesame@host:port/x", "postgresql://u:ses@ame@[/x"]
)
async def test_no_error_shows_the_password_of_the_url(url: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        await PostgresStore.open(url, sealer=SEALER)

    shown: BaseException | None = refused.value
    while shown is not None:
        assert "sesame" not in f"{shown} {shown!r}"
        assert "ame@" not in f"{shown} {shown!r}"
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
