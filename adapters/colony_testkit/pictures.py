"""Pictures of a service: everything that its store shows at one moment, and what a rack's disks hold."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.orders import Build, DiskIdentity, Grow, Install, Wipe
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import (
    AssetFilter,
    ClusterFilter,
    EntryFilter,
    Page,
    Paging,
    RunFilter,
    Store,
    Transaction,
)
from colony_simulator import SimulatedDisk, SimulatedRack
from colony_simulator.activities import Installing, Wiping
from colony_simulator.machines import Machine

T = TypeVar("T", Asset, Run, Cluster)

PAGE = 1000


class Picture(Struct, frozen=True, kw_only=True):
    """What a store shows at one moment, by id; `entries` are those of the journal since the picture before.

    `touched` counts the writes to every disk, `in_hand` are the disks that machines have a job for: both by serial.
    """

    at: datetime
    assets: Mapping[str, Asset] = {}
    runs: Mapping[str, Run] = {}
    clusters: Mapping[str, Cluster] = {}
    entries: tuple[Entry, ...] = ()
    seq: int = 0
    touched: Mapping[str, int] = {}
    in_hand: frozenset[str] = frozenset()

    @property
    def revisions(self) -> dict[str, int]:
        """Return how often each thing was stored: two pictures with the same ones show the same."""
        things: list[Asset | Run | Cluster] = [*self.assets.values(), *self.runs.values(), *self.clusters.values()]
        return {thing.id: thing.revision for thing in things}

    @property
    def living(self) -> tuple[Run, ...]:
        """Return every run that has not ended."""
        return tuple(run for run in self.runs.values() if not run.ended)


async def taken(store: Store, rack: SimulatedRack, *, seq: int = 0) -> Picture:
    """Return a picture of *store* and of the disks in *rack*, with the entries after *seq*."""
    async with store.reading() as look:
        assets = await all_assets(look)
        runs = await _all(lambda paging: look.runs.page(paging, RunFilter()))
        clusters = await _all(lambda paging: look.clusters.page(paging, ClusterFilter()))
        entries: tuple[Entry, ...] = ()
        while more := await look.journal.after(seq + len(entries), PAGE, EntryFilter()):
            entries += more
        last = await look.journal.last()
    touched = {serial: disk.touched for serial, disk in disks_of(rack).items()}
    return Picture(
        at=rack.clock.now(),
        assets=assets,
        runs=runs,
        clusters=clusters,
        entries=entries,
        seq=last,
        touched=touched,
        in_hand=frozenset(disk.serial for machine in rack.machines for disk in _in_hand(machine)),
    )


async def all_assets(look: Transaction) -> dict[str, Asset]:
    """Return every asset that *look* sees."""
    return await _all(lambda paging: look.assets.page(paging, AssetFilter()))


async def _all(page: Callable[[Paging], Awaitable[Page[T]]]) -> dict[str, T]:
    found: dict[str, T] = {}
    paging = Paging(limit=PAGE)
    while True:
        part = await page(paging)
        found |= {thing.id: thing for thing in part.items}
        if part.next_cursor is None:
            return found
        paging = Paging(limit=PAGE, cursor=part.next_cursor)


def disks_of(rack: SimulatedRack) -> dict[str, SimulatedDisk]:
    """Return every disk in *rack* by its serial number."""
    return {disk.identity.serial: disk for machine in rack.machines for disk in machine.disks}


def _in_hand(machine: Machine) -> tuple[DiskIdentity, ...]:
    match machine.activity:
        case Installing(order=Install(disk=disk)):
            return (disk,)
        case Wiping(order=Wipe(disks=disks)):
            return disks
    return ()


def named_by(run: Run) -> tuple[DiskIdentity, ...]:
    """Return every disk that the order of *run* allows to be written."""
    match run.order:
        case Install(disk=disk):
            return (disk,)
        case Wipe(disks=disks):
            return disks
        case Build(installs=installs) | Grow(installs=installs):
            return tuple(install.disk for install in installs.values())
    return ()
