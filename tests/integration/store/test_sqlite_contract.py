"""SQLite keeps the contract of stores."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from colony_core.ports.persistence import Store
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.store_contract import StoreContract


class TestSqlite(StoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Callable[[], Awaitable[Store]]:
        async def open_it() -> Store:
            return await SqliteStore.open(tmp_path / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")

        return open_it
