"""Several real servers and workers on one PostgreSQL database, and a colony of the test's own beside them."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest

from colony_core import ApiRole, Colony
from colony_core.domain.rate_limits import Limits
from colony_core.domain.secrets import Secret
from colony_simulator import SimulatedRack
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings
from tests.integration.http.conftest import registration

COLONY = ("-m", "colony_console")
PATIENCE = 90.0
"""Seconds that a busy machine may take for what takes one."""

SECRET_KEY = "00" * 32


class Processes:
    """Starts processes on one database, and ends what is left of them."""

    def __init__(self, url: str, *, folder: Path, stack: AsyncExitStack) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COLONY_")}
        self.environment = inherited | {
            "COLONY_DATABASE_URL": url,
            "COLONY_SECRET_KEY": SECRET_KEY,
            "COLONY_HEALTH_INTERVAL": "0",
            "PYTHONUNBUFFERED": "1",
        }
        self._folder = folder
        self._stack = stack

    async def start(self, *words: str, **settings: str) -> tuple[Process, str]:
        """Run Python with *words* until it is ready; return the process, and the last word of what it says then."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=self.environment | settings, cwd=self._folder, stdout=PIPE
        )
        self._stack.push_async_callback(_ended, process)
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in process.stdout:
                if b"ready" in line:
                    return process, line.decode().split()[-1]
        raise AssertionError(f"{words} never said that it is ready")

    async def client(self, address: str, key: str) -> httpx.AsyncClient:
        """Return a client of the server at *address*."""
        client = httpx.AsyncClient(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            limits=httpx.Limits(max_connections=100),
            timeout=PATIENCE,
            trust_env=False,
        )
        return await self._stack.enter_async_context(client)


class Fleet(Processes):
    """Servers and workers of this release; `colony` is beside them, and does no work."""

    def __init__(self, colony: Colony, url: str, *, folder: Path, stack: AsyncExitStack) -> None:
        super().__init__(url, folder=folder, stack=stack)
        self.colony = colony
        self.key = ""

    async def servers(self, count: int, *words: str, **settings: str) -> list[httpx.AsyncClient]:
        """Return a client of each of *count* new servers; the key that they share is never too fast."""
        if not self.key:
            limits = Limits(per_minute=100_000, per_hour=100_000)
            self.key = (await self.colony.api_keys.create("tests", ApiRole.ADMIN, limits=limits)).whole.reveal()
        serve = (*COLONY, "serve", "--port", "0", *words)
        started = await asyncio.gather(*(self.start(*serve, **settings) for _ in range(count)))
        return [await self.client(address, self.key) for _, address in started]

    async def enrol(self, count: int) -> None:
        """Make *count* machines of a rack available."""
        machines = SimulatedRack.of(count).machines
        await self.colony.assets.enrol([(registration(machine), machine.inventory) for machine in machines])


async def _ended(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@pytest.fixture
async def fleet(postgres_url: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    settings = Settings(database_url=postgres_url, secret_key=Secret(SECRET_KEY))
    async with AsyncExitStack() as stack:
        colony = await stack.enter_async_context(opened(settings))
        yield Fleet(colony, postgres_url, folder=tmp_path, stack=stack)
