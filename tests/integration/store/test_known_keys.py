"""A key that is remembered is still the key: whoever changes it, the next look sees it."""

from pathlib import Path

import pytest

from colony_core.domain.api_keys import ApiKey, revoked
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_store.sqlite.link import Link
from colony_testkit.builders import NOON
from colony_testkit.store_given import keep, key


async def seen(store: SqliteStore) -> ApiKey | None:
    async with store.reading() as look:
        return await look.api_keys.find(key(1).id)


async def revoke(store: SqliteStore) -> None:
    async with store.transaction() as tx:
        tx.api_keys.put(revoked(key(1), now=NOON))


async def test_a_key_that_is_seen_again_is_not_read_again(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await keep(store, key(1))
    first = await seen(store)

    async def no_trip(_: Link, __: object) -> None:
        pytest.fail("a reader was asked")

    monkeypatch.setattr(Link, "hop", no_trip)

    assert await seen(store) == first == key(1)


async def test_a_key_that_was_revoked_here_is_seen_revoked(store: SqliteStore) -> None:
    await keep(store, key(1))
    await seen(store)

    await revoke(store)

    found = await seen(store)
    assert found is not None
    assert found.revoked_at == NOON


async def test_a_key_that_another_store_on_the_file_revoked_is_seen_revoked_at_once(
    store: SqliteStore, database: Path, sealer: Sealer
) -> None:
    await keep(store, key(1))
    other = await SqliteStore.open(database, sealer=sealer, synchronous="off")
    try:
        for _ in range(20):
            assert await seen(store) == key(1)
        await revoke(other)
        found = await seen(store)
    finally:
        await other.aclose()

    assert found is not None
    assert found.revoked_at == NOON


async def test_a_file_that_cannot_be_asked_is_read_as_ever(store: SqliteStore) -> None:
    await keep(store, key(1))
    store._known_keys.close()

    assert await seen(store) == key(1)


async def test_a_key_read_while_somebody_commits_is_not_taken_for_the_newest(store: SqliteStore) -> None:
    await keep(store, key(1))
    known = store._known_keys
    before = known.version()

    await revoke(store)
    known.version()
    known.remember(key(1), as_of=before)

    assert known.find(key(1).id) is None


async def test_a_key_that_is_not_there_may_come_later(store: SqliteStore) -> None:
    assert await seen(store) is None

    await keep(store, key(1))

    assert await seen(store) == key(1)
