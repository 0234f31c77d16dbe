"""PostgreSQL keeps the contract of stores."""

from collections.abc import Awaitable, Callable

import pytest

from colony_core.ports.persistence import Store
from colony_crypto.sealing import Sealer
from colony_store.postgres import PostgresStore
from colony_testkit.store_contract import StoreContract


class TestPostgres(StoreContract):
    @pytest.fixture
    def open_store(self, postgres_url: str) -> Callable[[], Awaitable[Store]]:
        async def open_it() -> Store:
            return await PostgresStore.open(postgres_url, sealer=Sealer(bytes(32)))

        return open_it
