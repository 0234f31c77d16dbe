"""That a backup, taken as docs/operations.md says, is the whole store."""

import os
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import AssetFilter, EntryFilter, Paging, Store
from colony_crypto.sealing import Sealer
from colony_store.postgres import PostgresStore
from colony_store.sqlite import SqliteStore
from colony_testkit.postgres_server import find_bindir
from colony_testkit.postgres_shared import create_database, drop_database
from colony_testkit.store_given import entry, ids, keep, machine, workflow

SEALER = Sealer(bytes(32))


async def fill(store: Store) -> None:
    """Keep a little of everything."""
    async with store.transaction() as tx:
        assert await tx.next_id("asset") == "asset-1"
        tx.vault.put("asset-1", "bmc-password", Secret("correct horse"))
    await keep(store, machine(1, tags={"rack": "r1"}), workflow(1), entry("one"), entry("two"))


async def whole(store: Store) -> tuple[object, ...]:
    """Return what `fill` has kept, as it is found by lists, ids and owners."""
    async with store.reading() as look:
        return (
            ids((await look.assets.page(Paging(), AssetFilter(tags=(("rack", "r1"),)))).items),
            await look.runs.get("workflow-1"),
            [each.message for each in await look.journal.after(0, 10, EntryFilter())],
            await look.vault.get("asset-1", "bmc-password"),
            await look.assets.count_by_status(),
        )


async def restored(open_store: Callable[[], Awaitable[Store]], before: tuple[object, ...]) -> None:
    """Expect everything to be there, and ids and seqs to go on where they were."""
    store = await open_store()
    try:
        assert await whole(store) == before
        async with store.transaction() as tx:
            assert await tx.next_id("asset") == "asset-2"
        await keep(store, entry("three"))
        async with store.reading() as look:
            assert await look.journal.last() == 3
    finally:
        await store.aclose()


async def test_a_backup_of_a_file_in_use_is_the_whole_store(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "colony.db", sealer=SEALER)
    await fill(store)
    before = await whole(store)
    source, target = sqlite3.connect(tmp_path / "colony.db"), sqlite3.connect(tmp_path / "copy.db")
    source.backup(target)
    source.close()
    target.close()
    await keep(store, entry("too late"))
    await store.aclose()

    await restored(lambda: SqliteStore.open(tmp_path / "copy.db", sealer=SEALER), before)


async def test_a_dump_of_a_database_in_use_is_the_whole_store(
    postgres_url: str, postgres_server: str, tmp_path: Path
) -> None:
    dump, restore = find_bindir() / "pg_dump", find_bindir() / "pg_restore"
    if not dump.exists() or not restore.exists():
        pytest.skip("this PostgreSQL comes without pg_dump: apt-get install postgresql-client")
    store = await PostgresStore.open(postgres_url, sealer=SEALER)
    await fill(store)
    before = await whole(store)
    run(dump, "--format=custom", f"--file={tmp_path / 'colony.dump'}", postgres_url)
    await keep(store, entry("too late"))
    await store.aclose()

    name = f"restored-{os.getpid()}"
    url = await create_database(postgres_server, name)
    try:
        run(restore, "--no-owner", "--exit-on-error", f"--dbname={url}", tmp_path / "colony.dump")
        await restored(lambda: PostgresStore.open(url, sealer=SEALER), before)
    finally:
        await drop_database(postgres_server, name)


def run(program: Path, *arguments: str | Path) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
