"""What the tests of SQLite alone begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "colony.db"


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(bytes(32))


@pytest.fixture
async def store(database: Path, sealer: Sealer) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(database, sealer=sealer, synchronous="off", busy_seconds=0.2)
    yield store
    await store.aclose()
