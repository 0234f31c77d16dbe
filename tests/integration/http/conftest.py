"""A whole service in one process: a SQLite file, a simulated rack of five, clocks that tests move by hand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from colony_core import ApiRole, Colony, Ports, Registration
from colony_core.domain.rate_limits import Limits
from colony_crypto.authorities import ClusterAuthorities
from colony_crypto.sealing import Sealer
from colony_http.app import create_app
from colony_http.server import serve
from colony_simulator import SimulatedRack, Simulation, VirtualClock
from colony_store.rate_limits import MemoryRateLimiter
from colony_store.sqlite import SqliteStore
from colony_system.chance import SystemChance

VERSION = "0.0.0-test"
MACHINES = 5


class Service:
    """The service under test, and everything that a test may want to do to its world."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = VirtualClock()
        self.wall = VirtualClock()
        self.ticks = 0
        self.rack = SimulatedRack.of(MACHINES, clock=self.clock)
        self.colony = Colony(
            Ports(
                store=store,
                hardware=self.rack.hardware,
                platform=self.rack.platform,
                authorities=ClusterAuthorities(),
                rate_limiter=MemoryRateLimiter(lambda: self.ticks),
                clock=self.clock,
                wall=self.wall,
                chance=SystemChance(),
            )
        )
        self.rack.connect(self.colony.netboot)
        self.app: Litestar = create_app(self.colony, version=VERSION)
        self.simulation = Simulation(runner=self.colony.runner, rack=self.rack, clock=self.clock)

    async def enrol(self) -> None:
        """Register every machine of the rack as the server does."""
        await self.colony.assets.enrol([(registration(machine), machine.inventory) for machine in self.rack.machines])

    async def key(self, role: ApiRole = ApiRole.ADMIN, **others: Any) -> str:
        """Return a new key of *role*, whole."""
        return (await self.colony.api_keys.create("test", role, **others)).whole.reveal()

    async def settle(self, *, minutes: float = 240) -> None:
        """Let machines and workflows go on for at most so many minutes of their time."""
        await self.simulation.run(self.clock.now() + timedelta(minutes=minutes))

    def wait(self, seconds: float) -> None:
        """Let real time pass, as keys and limits see it."""
        self.ticks += round(seconds * 1_000_000_000)
        self.wall.advance(timedelta(seconds=seconds))

    def client(self, key: str | None = None, **others: Any) -> httpx.AsyncClient:
        """Return a client of the application itself, without a socket between."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        app: Any = self.app  # both describe ASGI, in types that do not match
        transport = httpx.ASGITransport(app, client=("192.0.2.1", 1234), raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://colony.test", headers=headers, **others)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serve on a real socket, and give its base URL."""
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(self.app, "127.0.0.1", 0, on_ready=ready.set_result))
        try:
            yield await asyncio.wait_for(ready, 10)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    store = await SqliteStore.open(tmp_path / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")
    try:
        service = Service(store)
        await service.enrol()
        yield service
    finally:
        await store.aclose()


@pytest.fixture
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an administrator's key that is never too fast."""
    key = await service.key(limits=Limits(per_minute=100_000, per_hour=100_000))
    async with service.client(key) as client:
        yield client


def registration(machine: Any) -> Registration:
    return Registration(
        id=machine.name,
        hostname=machine.hostname,
        address=machine.bmc.address,
        protocol=machine.bmc.protocol,
        port=machine.bmc.port,
        username=machine.bmc.username,
        password=machine.password,
    )
