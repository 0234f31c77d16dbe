"""The contract of stores, on the function that opens the store of a test."""

from collections.abc import Awaitable, Callable

import pytest

from colony_core.ports.persistence import Store
from colony_testkit.store_contract import StoreContract


class TestStore(StoreContract):
    @pytest.fixture
    def open_store(self, colony_adapter: Callable[[], Awaitable[Store]]) -> Callable[[], Awaitable[Store]]:
        return colony_adapter
