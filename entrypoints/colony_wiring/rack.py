"""The simulated rack of a server: kept in a file beside the database, so that a restart finds its machines."""

import asyncio
import os
from pathlib import Path

from colony_core import Colony, Paging, Registration
from colony_core.ports.clock import Clock
from colony_simulator import SimulatedRack

SAVE_EVERY = 0.5
"""Real seconds between two looks whether the rack has changed."""

_BATCH = 500


class KeptRack:
    """A rack whose state outlives the server: saved when it changes, restored at the next start."""

    def __init__(self, rack: SimulatedRack, *, file: Path) -> None:
        self.rack = rack
        self._file = file
        self._saved: object = None

    @classmethod
    def open(cls, count: int, *, file: Path, clock: Clock) -> "KeptRack":
        """Return the rack of *file* on *clock*, with machines added until there are *count*."""
        rack = SimulatedRack.restore(file.read_bytes(), clock=clock) if file.exists() else SimulatedRack(clock=clock)
        known = {machine.name for machine in rack.machines}
        for machine in SimulatedRack.of(count, clock=clock).machines:
            if machine.name not in known:
                rack.add(machine)
        return cls(rack, file=file)

    async def enrol(self, colony: Colony) -> None:
        """Register every machine that the colony does not know yet; it is available at once."""
        known = await _known_addresses(colony)
        new = [
            (
                Registration(
                    id=machine.name,
                    hostname=machine.hostname,
                    address=machine.bmc.address,
                    protocol=machine.bmc.protocol,
                    port=machine.bmc.port,
                    username=machine.bmc.username,
                    password=machine.password,
                ),
                machine.inventory,
            )
            for machine in self.rack.machines
            if machine.bmc.address not in known
        ]
        for start in range(0, len(new), _BATCH):
            await colony.assets.enrol(new[start : start + _BATCH])

    async def keep(self) -> None:
        """Save the rack whenever it has changed, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(SAVE_EVERY)
                self.save()
        finally:
            self.save()

    def save(self) -> None:
        """Write the rack's state to its file, whole or not at all."""
        latest = self.rack.history[-1:]
        if latest == self._saved:
            return
        snapshot = self.rack.snapshot()
        draft = self._file.with_name(f"{self._file.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(snapshot)
        draft.replace(self._file)
        self._saved = latest


async def _known_addresses(colony: Colony) -> set[str]:
    known: set[str] = set()
    paging = Paging(limit=1000)
    while True:
        page = await colony.assets.page(paging)
        known.update(asset.bmc.address for asset in page.items)
        if page.next_cursor is None:
            return known
        paging = Paging(limit=1000, cursor=page.next_cursor)
