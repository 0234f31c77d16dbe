"""An asset is one physical machine; `LIFECYCLE` is everything that can become of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from colony_core.domain.hardware import Bmc, Inventory, PowerReading, System, is_whole, named_as
from colony_core.errors import Conflict, NotFound


class AssetStatus(StrEnum):
    """What may be done with a machine. Exactly these five."""

    DISCOVERING = "discovering"
    AVAILABLE = "available"
    PROVISIONING = "provisioning"
    PROVISIONED = "provisioned"
    DEPROVISIONING = "deprovisioning"


class Move(StrEnum):
    """What happens to a machine. The first three are asked for; the others are how work ends."""

    DISCOVER = "discover"
    PROVISION = "provision"
    WIPE = "wipe"
    INSPECTED = "inspected"
    INSTALLED = "installed"
    GIVE_UP = "give-up"
    WIPED = "wiped"
    WIPE_FAILED = "wipe-failed"


LIFECYCLE: Mapping[tuple[AssetStatus, Move], AssetStatus] = MappingProxyType(
    {
        (AssetStatus.DISCOVERING, Move.DISCOVER): AssetStatus.DISCOVERING,
        (AssetStatus.DISCOVERING, Move.INSPECTED): AssetStatus.AVAILABLE,
        (AssetStatus.AVAILABLE, Move.DISCOVER): AssetStatus.DISCOVERING,
        (AssetStatus.AVAILABLE, Move.PROVISION): AssetStatus.PROVISIONING,
        (AssetStatus.PROVISIONING, Move.INSTALLED): AssetStatus.PROVISIONED,
        (AssetStatus.PROVISIONING, Move.GIVE_UP): AssetStatus.AVAILABLE,
        (AssetStatus.PROVISIONED, Move.WIPE): AssetStatus.DEPROVISIONING,
        (AssetStatus.DEPROVISIONING, Move.WIPED): AssetStatus.AVAILABLE,
        (AssetStatus.DEPROVISIONING, Move.WIPE_FAILED): AssetStatus.PROVISIONED,
    }
)
"""Where each move leads. A move that is not here is refused.

A failed discovery makes no move: the machine stays `discovering`. A failed wipe leads back to `provisioned`,
because a disk that may hold data is never `available`.
"""

REQUESTS = frozenset({Move.DISCOVER, Move.PROVISION, Move.WIPE})
"""The moves that a person may ask for; the others are made by work that ends."""


class LastError(Struct, frozen=True, kw_only=True):
    """Why the machine's last work failed."""

    code: str
    message: str
    at: datetime


class Maintenance(Struct, frozen=True, kw_only=True):
    """Hands off: blocks new work until somebody lifts it, or until its time is over."""

    reason: str
    by: str
    until: datetime | None = None


class Asset(Struct, frozen=True, kw_only=True):
    """One machine, as Colony knows it.

    `held_by` names the workflow that works on the machine now; nobody else may. `macs` are the network interfaces
    it is known by before its inventory is: lower case, with colons. `identity` is what the controller says of the
    machine, as long as no agent has said more. `power_cycles` are the times in the last hour when work gave it power.
    `revision` counts how often it was stored.
    """

    id: str
    hostname: str
    status: AssetStatus
    bmc: Bmc
    inventory: Inventory | None = None
    identity: System | None = None
    power: PowerReading | None = None
    macs: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    power_cycles: tuple[datetime, ...] = ()
    cluster_id: str | None = None
    held_by: str | None = None
    last_error: LastError | None = None
    maintenance: Maintenance | None = None
    created_at: datetime
    updated_at: datetime
    revision: int = 0

    @property
    def system_uuid(self) -> str:
        """Return the UUID that the machine's firmware gives itself, lower case; empty while nobody has said it."""
        known = (self.inventory.system if self.inventory else None, self.identity)
        return next((system.uuid.lower() for system in known if system and system.uuid), "")


class AssetNotFound(NotFound):
    """No asset has this id."""

    code = "ASSET_NOT_FOUND"
    summary = "Asset not found"
    advice = "List the assets, and use an id from there."

    def __init__(self, asset_id: str) -> None:
        super().__init__(f"Asset with ID '{asset_id}' does not exist")


class AssetNotAvailable(Conflict):
    """The asset's status does not allow this move."""

    code = "ASSET_NOT_AVAILABLE"
    summary = "Asset is not in a state that allows this"
    advice = "The details name the present status and what is allowed in it."

    def __init__(self, asset: Asset, move: Move) -> None:
        super().__init__(f"Asset '{asset.id}' is {asset.status}: it cannot {move} now; {_allowed(asset.status)}")


class AssetBusy(Conflict):
    """A workflow works on the asset."""

    code = "ASSET_BUSY"
    summary = "Asset is busy"
    advice = "Wait for the workflow that the details name, or cancel it."

    def __init__(self, asset: Asset) -> None:
        super().__init__(
            f"Asset '{asset.id}' is {asset.status} and held by workflow '{asset.held_by}':"
            " wait for it to end, or cancel it"
        )


class AssetInMaintenance(Conflict):
    """The asset is in maintenance."""

    code = "ASSET_IN_MAINTENANCE"
    summary = "Asset is in maintenance"
    advice = "Lift the maintenance with PATCH, or wait until it ends."

    def __init__(self, asset: Asset, maintenance: Maintenance) -> None:
        until = f" until {maintenance.until:%Y-%m-%dT%H:%M:%SZ}" if maintenance.until else ""
        super().__init__(
            f"Asset '{asset.id}' is {asset.status} and in maintenance{until} by {maintenance.by}:"
            f" {maintenance.reason}; lift the maintenance first"
        )


class AssetInCluster(Conflict):
    """The asset belongs to a living cluster."""

    code = "ASSET_IN_CLUSTER"
    summary = "Asset belongs to a cluster"
    advice = "Remove the node from its cluster, or delete the cluster, first."

    def __init__(self, asset: Asset) -> None:
        super().__init__(
            f"Asset '{asset.id}' is {asset.status} and belongs to cluster '{asset.cluster_id}':"
            " remove it from the cluster, or delete the cluster, first"
        )


class AssetExists(Conflict):
    """Another asset has this id, or this management controller."""

    code = "ASSET_EXISTS"
    summary = "Asset exists already"
    advice = "Use the existing asset that the details name, or delete it first."


def advance(asset: Asset, move: Move, *, now: datetime) -> Asset:
    """Return *asset* after *move*, or refuse it with `AssetNotAvailable`."""
    status = LIFECYCLE.get((asset.status, move))
    if status is None:
        raise AssetNotAvailable(asset, move)
    return replace(asset, status=status, updated_at=now)


def moves_from(status: AssetStatus) -> tuple[Move, ...]:
    """Return the moves that *status* allows, in the order of the table."""
    return tuple(move for origin, move in LIFECYCLE if origin is status)


def claimed(asset: Asset, *, by: str, now: datetime) -> Asset:
    """Return *asset* held by workflow *by*; refuse one that is held already, or in maintenance."""
    if asset.held_by is not None:
        raise AssetBusy(asset)
    maintenance = maintenance_at(asset, now)
    if maintenance is not None:
        raise AssetInMaintenance(asset, maintenance)
    return replace(asset, held_by=by, updated_at=now)


def released(asset: Asset, *, error: LastError | None, now: datetime) -> Asset:
    """Return *asset* held by nobody, with the error that its work ended in, if any."""
    return replace(asset, held_by=None, last_error=error, updated_at=now)


def inspected(asset: Asset, inventory: Inventory, *, now: datetime) -> Asset:
    """Return *asset* with the *inventory* that an agent on it took, and known by its interfaces."""
    macs = tuple(dict.fromkeys([*asset.macs, *(nic.mac.lower() for nic in inventory.nics)]))
    return replace(asset, inventory=inventory, macs=macs, updated_at=now)


def told_of(asset: Asset, inventory: Inventory, *, now: datetime) -> Asset:
    """Return *asset* with what its controller tells of it.

    Half an inventory is none, but its interfaces are known from then on: the machine may boot from one. The names that
    an agent once saw are kept for what is still there.
    """
    if not is_whole(inventory):
        return replace(inspected(asset, inventory, now=now), inventory=asset.inventory)
    return inspected(asset, named_as(inventory, asset.inventory), now=now)


POWER_WINDOW = timedelta(hours=1)
"""The time over which power cycles are counted."""


def cycles_at(asset: Asset, now: datetime) -> tuple[datetime, ...]:
    """Return when the machine was given power in the last `POWER_WINDOW`."""
    return tuple(at for at in asset.power_cycles if now - at < POWER_WINDOW)


def maintenance_at(asset: Asset, now: datetime) -> Maintenance | None:
    """Return the maintenance that binds *asset* at *now*: one whose time is over binds nothing."""
    maintenance = asset.maintenance
    if maintenance is None or (maintenance.until is not None and maintenance.until <= now):
        return None
    return maintenance


def as_of(asset: Asset, now: datetime) -> Asset:
    """Return *asset* as it is at *now*: a maintenance whose time is over is none, stored though it may be."""
    if asset.maintenance is None or maintenance_at(asset, now) is not None:
        return asset
    return replace(asset, maintenance=None)


def _allowed(status: AssetStatus) -> str:
    requests = [move.value for move in moves_from(status) if move in REQUESTS]
    if not requests:
        return "wait for its workflow to end, or cancel it"
    return f"it can only {' or '.join(requests)}"
