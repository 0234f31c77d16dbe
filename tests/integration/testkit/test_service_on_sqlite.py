"""The service keeps its laws on SQLite too, where transactions really wait for each other."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from colony_core.ports.persistence import Store
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.service_machine import ServiceMachine

EXAMPLES = int(os.environ.get("COLONY_LAWS_EXAMPLES") or ("30" if os.environ.get("CI") else "10"))


class ServiceOnSqlite(ServiceMachine):
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        super().__init__()

    async def make_store(self) -> Store:
        database = Path(self._folder.name) / "colony.db"
        return await SqliteStore.open(database, sealer=Sealer(bytes(32)), synchronous="off", readers=1)

    async def reopen_store(self, store: Store) -> Store:
        await store.aclose()
        return await self.make_store()

    def teardown(self) -> None:
        super().teardown()
        self._folder.cleanup()


TestServiceOnSqlite = pytest.mark.timeout(3600)(ServiceOnSqlite.TestCase)
TestServiceOnSqlite.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)
