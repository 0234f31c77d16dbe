"""Puts a whole service together: every adapter is named here, and here alone is decided which one is used."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from colony_core import Colony, Policy, Ports
from colony_core.application.duties import LoneDuties
from colony_core.domain.breakers import Pace
from colony_core.domain.rate_limits import Limits
from colony_core.domain.rounds import Polling
from colony_core.ports.bmc_locks import BmcLocks
from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Dispatcher
from colony_core.ports.duties import Duties
from colony_core.ports.persistence import Store
from colony_core.ports.rate_limits import RateLimiter
from colony_crypto.authorities import ClusterAuthorities
from colony_crypto.sealing import Sealer, parse_key
from colony_http.shapes_events import written
from colony_simulator import shared
from colony_system.chance import SystemChance
from colony_system.clock import SystemClock
from colony_system.keyfile import find_secret_key
from colony_webhooks import HttpCourier
from colony_wiring.plugins import load
from colony_wiring.rack import KeptRack
from colony_wiring.settings import Settings
from colony_wiring.steel import ByProtocol, NoPlatform
from colony_wiring.world import World, world_of

LOOK = timedelta(seconds=5)
"""How often whoever delivers looks for webhooks that other processes made."""

NO_KEY_YET = (
    "There is no API key yet. Make the first one, beside this server:\n  colony api-key create --description first"
)


class Service(Struct, frozen=True, kw_only=True):
    """A running colony, and what people should know about how it started."""

    colony: Colony
    wall: Clock
    notices: tuple[str, ...] = ()


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Service]:
    """Run the service that *settings* describe: its store is locked against a second server, its work goes on.

    Without `worker` no work goes on here: what requests ask for wakes workers through the store.

    On leaving, acts in flight are dropped in a state that the next start takes up. When the work itself breaks,
    whoever waits inside is cancelled and the error comes out: a server that cannot work must not look alive.
    """
    async with AsyncExitStack() as stack:
        store, notices = await _open_store(settings, stack, serving=True)
        wall = SystemClock()
        world = await world_of(settings, store, stack, wall=wall)
        colony = _colony(
            settings,
            store,
            world=world,
            limiter=_rate_limiter(settings, stack),
            dispatcher=await _dispatcher(settings, store, stack, world=world),
            bmc_locks=_bmc_locks(settings, stack),
            wall=wall,
        )
        if world.rack is not None:
            world.rack.rack.connect(colony.netboot)
            await world.rack.enrol(colony)
        if not await colony.api_keys.any():
            notices += (NO_KEY_YET,)
        async with _working(colony, world.rack, settings=settings, duties=_duties(settings, stack)):
            yield Service(colony=colony, wall=wall, notices=notices)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Colony]:
    """Open the store beside a server that may be running; no work goes on here."""
    async with AsyncExitStack() as stack:
        store, _ = await _open_store(settings, stack, serving=False)
        wall = SystemClock()
        world = World(hardware=ByProtocol(), platform=NoPlatform(), clock=wall)
        yield _colony(
            settings,
            store,
            world=world,
            limiter=_rate_limiter(settings, stack),
            dispatcher=await _dispatcher(settings, store, stack, world=world),
            wall=wall,
        )


async def _open_store(settings: Settings, stack: AsyncExitStack, *, serving: bool) -> tuple[Store, tuple[str, ...]]:
    database = settings.database_path
    found = find_secret_key(settings.secret_key, settings.secret_key_file, database=database)
    sealer = Sealer(parse_key(found.secret))
    open_store = load("colony_core.store", "sqlite" if database else "postgresql")
    store: Store = await open_store(settings.database_url, sealer=sealer, serving=serving)
    stack.push_async_callback(store.aclose)
    return store, (found.origin,) if found.made else ()


def _rate_limiter(settings: Settings, stack: AsyncExitStack) -> RateLimiter:
    """Return the limiter whose memory is as wide as the store: one process, or the whole database."""
    if settings.database_path is not None:
        alone: RateLimiter = load("colony_core.rate_limits", "memory")(time.monotonic_ns)
        return alone
    shared = load("colony_core.rate_limits", "postgresql")(settings.database_url)
    stack.push_async_callback(shared.aclose)
    limiter: RateLimiter = shared
    return limiter


async def _dispatcher(settings: Settings, store: Store, stack: AsyncExitStack, *, world: World) -> Dispatcher | None:
    """Return what shares the work among all processes on one database; None where there is only this one."""
    if settings.database_path is not None:
        return None
    dispatcher = await load("colony_core.dispatch", "postgresql")(
        settings.database_url,
        store,
        clock=world.clock,
        pace=world.pace,
        takeover=timedelta(seconds=settings.takeover_seconds),
    )
    stack.push_async_callback(dispatcher.aclose)
    shared: Dispatcher = dispatcher
    return shared


def _bmc_locks(settings: Settings, stack: AsyncExitStack) -> BmcLocks | None:
    """Return what lets one process at a time speak to a controller; None where there is only this one."""
    if settings.database_path is not None:
        return None
    locks = load("colony_core.bmc_locks", "postgresql")(settings.database_url)
    stack.push_async_callback(locks.aclose)
    shared: BmcLocks = locks
    return shared


def _duties(settings: Settings, stack: AsyncExitStack) -> Duties:
    """Return what says which of the processes on one database delivers, and which polls."""
    if settings.database_path is not None:
        return LoneDuties()
    duties = load("colony_core.duties", "postgresql")(settings.database_url)
    stack.push_async_callback(duties.aclose)
    shared: Duties = duties
    return shared


def _colony(
    settings: Settings,
    store: Store,
    *,
    world: World,
    limiter: RateLimiter,
    dispatcher: Dispatcher | None,
    wall: Clock,
    bmc_locks: BmcLocks | None = None,
) -> Colony:
    limits = Limits(per_minute=settings.rate_limit_per_minute, per_hour=settings.rate_limit_per_hour)
    ports = Ports(
        store=store,
        hardware=world.hardware,
        platform=world.platform,
        authorities=ClusterAuthorities(),
        rate_limiter=limiter,
        clock=world.clock,
        wall=wall,
        chance=SystemChance(),
        dispatcher=dispatcher,
        bmc_locks=bmc_locks,
    )
    policy = Policy(
        limits=limits,
        strict_topology=settings.strict_topology,
        max_installs=settings.max_installs,
        acts_at_once=settings.concurrency,
        power_cycles_per_hour=settings.power_cycles_per_hour,
        bmc_pace=Pace(gap=timedelta(seconds=settings.bmc_gap), per_second=settings.bmc_calls_per_second),
        bmc_sessions=settings.bmc_sessions,
        polling=Polling(
            interval=timedelta(seconds=settings.health_interval), per_second=settings.health_polls_per_second
        ),
        task_patience=timedelta(hours=settings.task_hours),
    )
    return Colony(ports, policy=policy)


@asynccontextmanager
async def _working(colony: Colony, rack: KeptRack | None, *, settings: Settings, duties: Duties) -> AsyncIterator[None]:
    """Keep going while inside: with `worker` the runner, the poller and the deliveries; the rack where it is held."""
    going: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
    if settings.worker:
        courier = HttpCourier(allow_private=settings.webhook_private_addresses)
        deliveries = colony.deliveries(courier, written=written, look=None if settings.database_path else LOOK)
        going["runner"] = colony.runner.run
        going["poller"] = partial(duties.keep, "poller", colony.poller.run)
        going["deliveries"] = partial(duties.keep, "deliveries", deliveries.run)
    if rack is not None:
        going |= {"rack": rack.rack.live, "rack keeper": rack.keep}
    async with _offered(rack, settings), asyncio.TaskGroup() as group:
        tasks = [group.create_task(work(), name=name) for name, work in going.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def _offered(rack: KeptRack | None, settings: Settings) -> AsyncIterator[None]:
    """Let other processes use the rack while inside, where one is held and a socket is named."""
    if rack is None or settings.simulator_rack is None:
        yield
        return
    async with shared(rack.rack, settings.simulator_rack, speed=settings.simulator_speed):
        yield
