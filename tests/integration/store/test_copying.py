"""Everything goes from SQLite to PostgreSQL and back, and is what it was."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from colony_core.domain.healths import BmcState, Health
from colony_core.domain.secrets import Secret
from colony_core.errors import Conflict
from colony_core.ports.persistence import Answer, AssetFilter, AuditFilter, EntryFilter, Paging, Store
from colony_crypto.sealing import Sealer
from colony_store.copying import SETTINGS, TABLES, CopyRefused, Side, copied
from colony_store.postgres import PostgresStore
from colony_store.postgres.copying import PostgresSide
from colony_store.sqlite import SqliteStore
from colony_store.sqlite.copying import SqliteSide
from colony_store.sqlite.server_lock import StoreInUse
from colony_testkit.builders import NOON
from colony_testkit.store_given import cluster, entry, keep, key, machine, workflow
from colony_testkit.store_histories_contract import happen
from colony_testkit.store_told_contract import deed, letter, tell, webhook

SEALER = Sealer(bytes(32))


@asynccontextmanager
async def sqlite(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path, sealer=SEALER, synchronous="off")
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def postgres(url: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(url, sealer=SEALER)
    try:
        yield store
    finally:
        await store.aclose()


async def filled(store: Store) -> None:
    """Put something into every table, more than a batch of some, and take something out again."""
    await keep(store, *(machine(number, tags={"rack": "r\0 \1 \ufffe é"}) for number in range(1, 700)))
    await keep(store, cluster(1), cluster(2), workflow(1), key(1), key(2))
    await keep(store, *(entry(f"line {number}", run_id="workflow-1") for number in range(600)))
    await happen(store, "workflow-1", 1)
    await tell(store, deed(1), webhook(1), webhook(2), letter(1), letter(2, asked_for=True))
    answer = Answer(digest="d", status=201, headers=(), body=b"body", at=NOON)
    async with store.transaction() as tx:
        tx.assets.put(replace(await tx.assets.get("asset-7"), hostname="renamed"))
        tx.assets.remove(await tx.assets.get("asset-699"))
        tx.clusters.remove(await tx.clusters.get("cluster-2"))
        tx.webhooks.remove("webhook-2")
        tx.healths.put(Health(asset_id="asset-1", state=BmcState.UNKNOWN, checked_at=NOON))
        tx.vault.put("asset-1", "bmc-password", Secret("correct horse"))
        tx.answers.put("cd-1", "k\0\1", answer)
        await tx.next_id("asset")


async def content(store: Store) -> list[Any]:
    """Return everything that can be asked for."""
    async with store.reading() as look:
        paging = Paging(limit=1000)
        return [
            await look.assets.page(paging, AssetFilter()),
            await look.assets.page(paging, AssetFilter(tags=(("rack", "r\0 \1 \ufffe é"),))),
            await look.assets.count_by_status(),
            await look.clusters.all(),
            await look.runs.due(NOON, 10),
            await look.runs.count_by_status(),
            await look.histories.of(["workflow-1"]),
            await look.api_keys.page(paging),
            await look.journal.after(0, 1000, EntryFilter()),
            await look.audit.page(paging, AuditFilter()),
            await look.webhooks.all(),
            await look.dead_letters.page("webhook-1", paging),
            await look.dead_letters.asked_for("webhook-1", 10),
            await look.healths.get_many(["asset-1"]),
            await look.vault.get("asset-1", "bmc-password"),
            await look.answers.get("cd-1", "k\0\1", now=NOON),
        ]


async def next_things(store: Store) -> list[Any]:
    """Return the ids and seqs that are given next."""
    async with store.transaction() as tx:
        given = [await tx.next_id(kind) for kind in ("asset", "cluster", "workflow")]
        tx.journal.write(entry("next"))
        return [*given, await tx.journal.last()]


async def copy(source: Side, target: Side) -> dict[str, int]:
    try:
        return await copied(source, target)
    finally:
        await source.aclose()
        await target.aclose()


async def test_everything_goes_there_and_back_and_is_what_it_was(postgres_url: str, tmp_path: Path) -> None:
    there, back = tmp_path / "there.db", tmp_path / "back.db"
    async with sqlite(there) as store:
        await filled(store)
        original = await content(store)
    async with postgres(postgres_url):
        pass

    rows = await copy(await SqliteSide.open(there, writes=False), await PostgresSide.open(postgres_url))
    assert (rows["assets"], rows["journal"], rows["vault"]) == (698, 600, 1)
    async with postgres(postgres_url) as moved:
        assert await content(moved) == original

    async with sqlite(back):
        pass
    assert await copy(await PostgresSide.open(postgres_url), await SqliteSide.open(back, writes=True)) == rows
    async with sqlite(back) as store:
        assert await content(store) == original
        after_return = await next_things(store)
    async with postgres(postgres_url) as moved:
        assert await next_things(moved) == after_return
    async with sqlite(there) as store:
        assert await next_things(store) == after_return


async def test_a_target_that_is_not_empty_is_refused(postgres_url: str, tmp_path: Path) -> None:
    async with sqlite(tmp_path / "a.db") as store:
        await keep(store, machine(1))
    async with postgres(postgres_url) as target:
        await keep(target, key(1))

    with pytest.raises(CopyRefused, match="not empty"):
        await copy(await SqliteSide.open(tmp_path / "a.db", writes=False), await PostgresSide.open(postgres_url))
    async with postgres(postgres_url) as target, target.reading() as look:
        assert (await look.assets.page(Paging(), AssetFilter())).items == ()


async def test_a_copy_that_comes_back_otherwise_leaves_nothing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite(tmp_path / "a.db") as store:
        await filled(store)
    source, target = await SqliteSide.open(tmp_path / "a.db", writes=False), await PostgresSide.open(postgres_url)
    find = PostgresSide.find

    async def find_otherwise(self: PostgresSide, table: Any, keys: Any) -> list[Any]:
        found = await find(self, table, keys)
        return found[:-1] if table.name == "webhooks" else found

    monkeypatch.setattr(PostgresSide, "find", find_otherwise)

    with pytest.raises(CopyRefused, match="webhooks"):
        await copy(source, target)
    monkeypatch.undo()
    async with postgres(postgres_url) as kept, kept.reading() as look:
        assert await look.journal.last() == 0


async def test_a_database_that_somebody_uses_is_refused(postgres_url: str, tmp_path: Path) -> None:
    async with sqlite(tmp_path / "a.db") as serving:
        serving.acquire_server_lock()
        with pytest.raises(StoreInUse):
            await SqliteSide.open(tmp_path / "a.db", writes=False)
    async with postgres(postgres_url) as other:
        await keep(other, machine(1))
        with pytest.raises(Conflict, match="stop them first"):
            await PostgresSide.open(postgres_url)


async def test_no_table_and_no_column_is_forgotten(postgres_url: str, tmp_path: Path) -> None:
    known = {table.name: set(table.columns) for table in (SETTINGS, *TABLES)}
    async with sqlite(tmp_path / "a.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        in_sqlite = {
            name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
            for name in names
            if not name.startswith("sqlite_")
        }
    connection = await asyncpg.connect(postgres_url)
    in_postgres: dict[str, set[str]] = {}
    for table, column in await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        in_postgres.setdefault(table, set()).add(column)
    await connection.close()

    derived = {"tallies"}  # by triggers, from the rows
    of_postgres = {"colony_schema", "rate_subjects", "rate_log"}
    assert {name: columns for name, columns in in_sqlite.items() if name not in derived} == known
    assert {name: columns for name, columns in in_postgres.items() if name not in derived | of_postgres} == known
