"""The store in memory keeps the contract of stores."""

from collections.abc import Awaitable, Callable

import pytest

from colony_core.ports.persistence import Store
from colony_testkit.memory_store import MemoryStore
from colony_testkit.store_contract import StoreContract


class TestMemory(StoreContract):
    @pytest.fixture
    def open_store(self) -> Callable[[], Awaitable[Store]]:
        opened: list[MemoryStore] = []

        async def open_it() -> Store:
            opened.append(opened[-1].copied() if opened else MemoryStore())
            return opened[-1]

        return open_it
