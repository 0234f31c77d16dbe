"""What a service works on: real machines, a simulated rack of its own, or one that another process holds."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from colony_core.domain.recordings import Recording, RecordingInvalid, decoded
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Hardware
from colony_core.ports.persistence import EntryFilter, Store
from colony_core.ports.platform import Platform
from colony_simulator import RackFile, RackSilent, RemoteRack
from colony_system.clock import ScaledClock
from colony_wiring.rack import KeptRack
from colony_wiring.settings import Settings
from colony_wiring.steel import ByProtocol, NoPlatform

PATIENCE = 30.0
"""Seconds that a server or worker waits at its start for the rack that it shares."""

_LOOK = 0.2


class World(Struct, frozen=True, kw_only=True):
    """Machines, what runs on them, and their time, which passes *pace* times as fast as the wall clock's.

    `rack` is there where this process holds it.
    """

    hardware: Hardware
    platform: Platform
    clock: Clock
    pace: float = 1.0
    rack: KeptRack | None = None


async def world_of(settings: Settings, store: Store, stack: AsyncExitStack, *, wall: Clock) -> World:
    """Return the world that *settings* name; *stack* lets go of it."""
    if settings.simulator > 0:
        world = await _own_rack(settings, store, stack, now=wall.now())
    elif settings.simulator_rack is not None:
        remote = await _found(settings.simulator_rack)
        world = World(hardware=remote.hardware, platform=remote.platform, clock=remote.clock, pace=remote.speed)
    else:
        world = World(hardware=ByProtocol(), platform=NoPlatform(), clock=wall)
    stack.push_async_callback(world.hardware.aclose)
    return world


async def _found(path: Path) -> RemoteRack:
    """Return the rack at *path*, once its process has come: they may be started in any order."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return await RemoteRack.open(path)
        except RackSilent:
            if time.monotonic() > end:
                raise
        await asyncio.sleep(_LOOK)


async def _own_rack(settings: Settings, store: Store, stack: AsyncExitStack, *, now: datetime) -> World:
    recordings = _recordings(settings.simulator_recording)
    file = RackFile(_rack_path(settings))
    stack.callback(file.close)
    pace = settings.simulator_speed
    clock = ScaledClock(pace, await _latest(store, file, now))
    kept = KeptRack.open(settings.simulator, file=file, clock=clock, recordings=recordings)
    return World(hardware=kept.rack.hardware, platform=kept.rack.platform, clock=clock, pace=pace, rack=kept)


def _recordings(path: Path | None) -> list[Recording]:
    if path is None:
        return []
    try:
        return [decoded(path.read_bytes())]
    except OSError as error:
        raise RecordingInvalid(f"The recording {path} cannot be read: {error.strerror}") from error


async def _latest(store: Store, file: RackFile, now: datetime) -> datetime:
    """Return the present, or the last moment that the store or the rack knows if simulated time had run ahead."""
    async with store.reading() as look:
        last = await look.journal.last()
        entries = await look.journal.after(last - 1, 1, EntryFilter())
    return max([now, *(entry.at for entry in entries), *filter(None, [file.at])])


def _rack_path(settings: Settings) -> Path:
    """Return where the rack is kept: beside its socket, beside the database, or here."""
    beside = settings.simulator_rack or settings.database_path or Path("colony.db")
    return beside.with_name(f"{beside.name}.rack")
