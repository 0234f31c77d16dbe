"""The simulated rack of a server: kept in a file beside the database, so that a restart finds its machines."""

import asyncio
from collections.abc import Sequence

from colony_core import Colony, Paging, Registration
from colony_core.domain.recordings import Recording
from colony_core.ports.clock import Clock
from colony_simulator import Machine, RackFile, SimulatedRack

TICK = 0.1
"""Real seconds between two notes of how late it is in the rack: a kill sets its time back by no more."""

_BATCH = 500


class KeptRack:
    """A rack whose state outlives the server, however that ends; while there is no server, its time stands still."""

    def __init__(self, rack: SimulatedRack, *, file: RackFile) -> None:
        self.rack = rack
        self._file = file

    @classmethod
    def open(cls, count: int, *, file: RackFile, clock: Clock, recordings: Sequence[Recording] = ()) -> "KeptRack":
        """Return the rack of *file* on *clock*, with machines added, like those of *recordings*, up to *count*."""
        state = file.state
        rack = SimulatedRack.of_state(state, clock=clock) if state else SimulatedRack(clock=clock)
        known = {machine.name for machine in rack.machines}
        fresh = SimulatedRack.of_recordings(recordings, count=count) if recordings else SimulatedRack.of(count)
        for machine in fresh.machines:
            if machine.name not in known:
                rack.add(machine)
        rack.keep_in(file)
        return cls(rack, file=file)

    async def enrol(self, colony: Colony) -> None:
        """Register every machine that the colony does not know yet; it is available at once."""
        if await _all_known(colony, self.rack.machines):
            return
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
        """Note how late it is, until cancelled; what happens to machines is written down when it happens."""
        while True:
            await asyncio.sleep(TICK)
            self._file.tick(self.rack.clock.now())


async def _all_known(colony: Colony, machines: Sequence[Machine]) -> bool:
    """Tell whether every machine is registered under its own name, as after the first start."""
    async with colony.ports.store.reading() as look:
        assets = await look.assets.get_many([machine.name for machine in machines])
    found = {asset.bmc.address for asset in assets.values()}
    return found >= {machine.bmc.address for machine in machines}


async def _known_addresses(colony: Colony) -> set[str]:
    known: set[str] = set()
    paging = Paging(limit=1000)
    while True:
        page = await colony.assets.page(paging)
        known.update(asset.bmc.address for asset in page.items)
        if page.next_cursor is None:
            return known
        paging = Paging(limit=1000, cursor=page.next_cursor)
