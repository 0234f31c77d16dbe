"""An asset as clients see it."""

from datetime import datetime

import msgspec
from msgspec import Struct

from colony_core import Asset, AssetStatus, Power
from colony_core.application.assets import Amended, Forgotten
from colony_core.application.watching import HeldUp
from colony_core.domain.hardware import Bmc, BootMode, DiskKind, Protocol, specs
from colony_core.domain.healths import BmcState, Health, latest_power
from colony_http.shapes_tasks import TaskView


class SpecsView(Struct, frozen=True):
    """An inventory as people read it."""

    cpu: str
    ram: str
    disk: str


class BmcHealthView(Struct, frozen=True, rename="camel"):
    """How the management controller is: `unknown`, `ok`, `degraded` or `refused`, since when, and why it is not ok.

    `checkedAt` is when it was last asked, whatever came of that; null if it never was.
    """

    state: BmcState = BmcState.UNKNOWN
    since: datetime | None = None
    why: str | None = None
    checked_at: datetime | None = None

    @classmethod
    def of(cls, health: Health | None) -> "BmcHealthView":
        """Return *health* as clients see it."""
        return cls(health.state, health.since, health.why or None, health.checked_at) if health else cls()


class BmcView(Struct, frozen=True, rename="camel"):
    """Where the machine's management controller is found; its password is never shown.

    A machine whose protocol is `manual` has none: its address is empty and its port 0.
    Until `protocolKnown` the protocol is a guess: the discovery asks the controller.
    """

    protocol: Protocol
    address: str
    port: int
    username: str
    verify_tls: bool
    ca_certificate: str
    tls_fingerprint: str
    protocol_known: bool
    health: BmcHealthView = BmcHealthView()


class CpuView(Struct, frozen=True, rename="camel"):
    """One processor package."""

    model: str
    cores: int
    threads: int


class DiskView(Struct, frozen=True, rename="camel"):
    """One block device."""

    name: str
    model: str
    serial: str
    wwn: str
    size_bytes: int
    kind: DiskKind
    removable: bool


class NicView(Struct, frozen=True, rename="camel"):
    """One network interface."""

    name: str
    mac: str
    speed_mbps: int


class SystemView(Struct, frozen=True, rename="camel"):
    """What the maker says of the machine."""

    manufacturer: str
    model: str
    serial: str
    uuid: str


class InventoryView(Struct, frozen=True, rename="camel"):
    """What the machine is made of."""

    cpus: tuple[CpuView, ...]
    memory_mb: int
    disks: tuple[DiskView, ...]
    nics: tuple[NicView, ...]
    system: SystemView
    boot_mode: BootMode


class LastErrorView(Struct, frozen=True, rename="camel"):
    """Why the machine's last work failed."""

    code: str
    message: str
    at: datetime


class MaintenanceView(Struct, frozen=True, rename="camel"):
    """Hands off; `by` is the id of the API key that asked for it."""

    reason: str
    by: str
    until: datetime | None


class AssetView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One machine. `specs` and `inventory` are null until it has been discovered."""

    id: str
    hostname: str
    status: AssetStatus
    ipmi: str
    specs: SpecsView | None
    bmc: BmcView
    inventory: InventoryView | None
    power_state: Power
    power_read_at: datetime | None
    macs: tuple[str, ...]
    tags: dict[str, str]
    cluster_id: str | None
    workflow_id: str | None
    last_error: LastErrorView | None
    maintenance: MaintenanceView | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, asset: Asset, health: Health | None = None) -> "AssetView":
        """Return *asset* as clients see it, and how its controller is; without *health* that is unknown."""
        power = latest_power(asset, health)
        bmc = msgspec.convert(_reach(asset), BmcView, from_attributes=True)
        return cls(
            id=asset.id,
            hostname=asset.hostname,
            status=asset.status,
            ipmi=_reach(asset).address,
            specs=msgspec.convert(specs(asset.inventory), SpecsView | None, from_attributes=True),
            bmc=msgspec.structs.replace(bmc, health=BmcHealthView.of(health)),
            inventory=msgspec.convert(asset.inventory, InventoryView | None, from_attributes=True),
            power_state=power.power if power else Power.UNKNOWN,
            power_read_at=power.at if power else None,
            macs=asset.macs,
            tags=asset.tags,
            cluster_id=asset.cluster_id,
            workflow_id=asset.held_by,
            last_error=msgspec.convert(asset.last_error, LastErrorView | None, from_attributes=True),
            maintenance=msgspec.convert(asset.maintenance, MaintenanceView | None, from_attributes=True),
            created_at=asset.created_at,
            updated_at=asset.updated_at,
        )


class HindranceView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a machine does not get on: the blocking step of its workflow, if it has one, and what can be done now."""

    since: datetime
    workflow_id: str | None
    step: str | None
    code: str
    message: str
    remedies: tuple[str, ...]


class WatchedAssetView(AssetView, frozen=True, kw_only=True, rename="camel"):
    """One machine, what holds it up, and what somebody has to do to it by hand: each null while there is nothing."""

    hindrance: HindranceView | None
    task: TaskView | None

    @classmethod
    def of_held_up(cls, held: HeldUp) -> "WatchedAssetView":
        """Return *held* as clients see it."""
        view = AssetView.of(held.asset, held.health)
        hindrance = msgspec.convert(held.hindrance, HindranceView | None, from_attributes=True)
        task = TaskView.of(held.task) if held.task else None
        return cls(**msgspec.structs.asdict(view), hindrance=hindrance, task=task)


def _reach(asset: Asset) -> Bmc:
    """Return where the controller of *asset* is; that of a manual machine is nowhere, whatever it is kept under."""
    bmc = asset.bmc
    return msgspec.structs.replace(bmc, address="") if bmc.protocol is Protocol.MANUAL else bmc


class AmendedView(AssetView, frozen=True, kw_only=True, rename="camel"):
    """An asset after a change; `changed` names what the change made different, such as `bmc.password`."""

    changed: tuple[str, ...]

    @classmethod
    def of_amended(cls, amended: Amended) -> "AmendedView":
        """Return *amended* as clients see it."""
        changed = tuple("bmc.verifyTls" if name == "bmc.verify_tls" else name for name in amended.changed)
        return cls(**msgspec.structs.asdict(AssetView.of(amended.asset, amended.health)), changed=changed)


class AssetList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the assets, oldest first; `nextCursor` is null on the last page."""

    assets: tuple[AssetView, ...]
    next_cursor: str | None = None


class ForgottenView(AssetView, frozen=True, kw_only=True, rename="camel"):
    """An asset that is gone, as it was; `notDone` says what was left undone when it went."""

    not_done: tuple[str, ...]

    @classmethod
    def of_forgotten(cls, forgotten: Forgotten) -> "ForgottenView":
        """Return *forgotten* as clients see it."""
        view = AssetView.of(forgotten.asset, forgotten.health)
        return cls(**msgspec.structs.asdict(view), not_done=forgotten.not_done)
