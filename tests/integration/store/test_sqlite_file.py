"""The file: who may have it, which release may open it, with which key, and what is readable in it."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import Answer, StoreUnavailable
from colony_core.ports.sealing import WrongKey
from colony_crypto.sealing import Sealer
from colony_store.refusals import NotOurs, SchemaTooNew, SecretKeyWrong
from colony_store.sqlite import SqliteStore
from colony_store.sqlite.migrations import current_version
from colony_store.sqlite.server_lock import ServerLock, StoreInUse
from colony_testkit.builders import NOON
from colony_testkit.store_given import keep, machine


def content(database: Path) -> bytes:
    """Return what lies on the disk."""
    return database.read_bytes()


def execute(database: Path, statement: str) -> list[tuple[object, ...]]:
    """Do *statement* as another program would."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


async def test_a_new_file_can_be_read_by_its_owner_alone(store: SqliteStore, database: Path) -> None:
    await keep(store, machine(1))

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.parent.iterdir()}
    assert modes == dict.fromkeys(("colony.db", "colony.db-wal", "colony.db-shm"), 384)


async def test_closing_leaves_one_file_and_no_thread(database: Path, sealer: Sealer) -> None:
    before = threading.active_count()
    store = await SqliteStore.open(database, sealer=sealer)
    await keep(store, machine(1))
    await store.aclose()

    assert threading.active_count() == before
    assert [file.name for file in database.parent.iterdir()] == ["colony.db"]


async def test_a_refused_file_leaves_no_thread(database: Path, sealer: Sealer) -> None:
    before = threading.active_count()
    with database.open("wb") as file:
        file.write(b"no database" * 1000)

    with pytest.raises(StoreUnavailable, match="no SQLite database"):
        await SqliteStore.open(database, sealer=sealer)
    assert threading.active_count() == before


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path, sealer: Sealer) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        await SqliteStore.open(tmp_path / "nowhere" / "colony.db", sealer=sealer)


async def test_a_newer_schema_is_refused_and_left_alone(store: SqliteStore, database: Path, sealer: Sealer) -> None:
    await store.aclose()
    execute(database, f"PRAGMA user_version = {current_version() + 1}")
    before = content(database)

    with pytest.raises(SchemaTooNew, match=f"schema {current_version() + 1}.*up to {current_version()}"):
        await SqliteStore.open(database, sealer=sealer)
    assert content(database) == before


async def test_readiness_notices_that_another_release_changed_the_schema(store: SqliteStore, database: Path) -> None:
    await store.check()
    execute(database, f"PRAGMA user_version = {current_version() + 1}")

    with pytest.raises(StoreUnavailable, match="schema"):
        await store.check()


async def test_the_database_of_another_program_is_refused(database: Path, sealer: Sealer) -> None:
    execute(database, "CREATE TABLE theirs (x)")

    with pytest.raises(NotOurs):
        await SqliteStore.open(database, sealer=sealer)
    assert execute(database, "SELECT name FROM sqlite_schema") == [("theirs",)]


async def test_many_may_open_a_new_file_at_once(database: Path, sealer: Sealer) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(database, sealer=sealer, readers=1) for _ in range(5)))
    for number, store in enumerate(stores, 1):
        await keep(store, machine(number))
        await store.aclose()


async def test_another_key_is_refused_at_the_start(store: SqliteStore, database: Path) -> None:
    await store.aclose()

    with pytest.raises(SecretKeyWrong, match="another secret key") as refused:
        await SqliteStore.open(database, sealer=Sealer(bytes(31) + b"x"))
    assert refused.value.code == "SECRET_KEY_WRONG"


async def test_no_secret_can_be_read_in_the_file(store: SqliteStore, database: Path) -> None:
    answer = Answer(digest="d", status=201, headers=(), body=b"the-whole-api-key", at=NOON)
    async with store.transaction() as tx:
        tx.vault.put("asset-1", "bmc-password", Secret("correct horse battery"))
        tx.answers.put("cd-1", "key", answer)
    await store.aclose()

    assert b"correct horse" not in content(database)
    assert b"the-whole-api-key" not in content(database)


async def test_a_secret_that_was_moved_to_another_place_is_refused(store: SqliteStore, database: Path) -> None:
    async with store.transaction() as tx:
        tx.vault.put("asset-1", "bmc-password", Secret("one"))
        tx.vault.put("asset-2", "bmc-password", Secret("two"))
    execute(database, "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE owner = 'asset-2')")

    async with store.reading() as look:
        assert await look.vault.get("asset-2", "bmc-password") == Secret("two")
        with pytest.raises(WrongKey):
            await look.vault.get("asset-1", "bmc-password")


async def test_a_second_server_is_refused_and_told_who_has_the_file(
    store: SqliteStore, database: Path, sealer: Sealer
) -> None:
    store.acquire_server_lock()
    store.acquire_server_lock()
    other = await SqliteStore.open(database, sealer=sealer)

    with pytest.raises(StoreInUse, match=f"process {os.getpid()}"):
        other.acquire_server_lock()
    await keep(other, machine(1))
    await store.aclose()
    other.acquire_server_lock()
    await other.aclose()


def test_the_lock_of_a_killed_server_is_free(database: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from colony_store.sqlite.server_lock import ServerLock;"
        "lock = ServerLock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, database], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "locked\n"
        with pytest.raises(StoreInUse, match=str(server.pid)):
            ServerLock(database)
        server.kill()

    ServerLock(database).release()
