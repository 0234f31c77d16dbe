"""Values to test with: a builder hides what does not matter to the case."""

from datetime import UTC, datetime

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.building import new_run
from colony_core.domain.cluster_plans import CIVO, GROW, K3S, SHRINK, TALOS
from colony_core.domain.clusters import ClusterType, Flavor, NodeSpec
from colony_core.domain.deciding import decide
from colony_core.domain.decisions import Event, Failed
from colony_core.domain.hardware import GB, Bmc, BootDevice, Cpu, Disk, DiskKind, Inventory, Nic, Protocol
from colony_core.domain.machine_plans import (
    ASSET_DISCOVERY,
    ASSET_DISCOVERY_1,
    ASSET_REBOOT,
    BMC_ROTATION,
    DISK_WIPE,
    OS_PROVISION,
)
from colony_core.domain.manual_plans import MANUAL_PLANS
from colony_core.domain.orders import (
    Build,
    Discovery,
    DiskIdentity,
    Grow,
    Install,
    Order,
    Reboot,
    Rotation,
    Shrink,
    Wipe,
    WipeMethod,
)
from colony_core.domain.plans import PLANS
from colony_core.domain.steps import Plan
from colony_core.domain.workflows import Fault, Run, RunStatus, StepState, StepStatus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

ALL_PLANS = tuple(PLANS.values())
MACHINE_PLANS = (
    *(ASSET_DISCOVERY_1, ASSET_DISCOVERY, OS_PROVISION, DISK_WIPE, ASSET_REBOOT, BMC_ROTATION),
    *MANUAL_PLANS.values(),
)
CLUSTER_PLANS = (TALOS, K3S, CIVO, GROW, SHRINK)

CLUSTER_KINDS = (
    (ClusterType.K8S_STACK, Flavor.TALOS),
    (ClusterType.K8S_STACK, Flavor.K3S),
    (ClusterType.CIVO_STACK, Flavor.TALOS),
)
"""Every pair of type and flavour that can be built."""

BROKEN = Fault("BROKEN", "It is broken")


def a_disk(
    name: str = "/dev/nvme0n1",
    *,
    serial: str = "S1",
    size: int = 1000 * GB,
    kind: DiskKind = DiskKind.NVME,
    removable: bool = False,
) -> Disk:
    """Return a disk: one TB of NVMe unless told otherwise."""
    return Disk(
        name=name, model="A Disk", serial=serial, wwn=f"eui.{serial}", size_bytes=size, kind=kind, removable=removable
    )


def an_inventory(
    *, disks: tuple[Disk, ...] = (a_disk(),), memory_mb: int = 65536, mac: str = "52:54:00:00:00:01"
) -> Inventory:
    """Return what the reference's machines are made of: an Intel Xeon, 64 GB, 1 TB of NVMe."""
    return Inventory(
        cpus=(Cpu(model="Intel Xeon", cores=16, threads=32),),
        memory_mb=memory_mb,
        disks=disks,
        nics=(Nic(name="eno1", mac=mac, speed_mbps=10_000),),
    )


def an_asset(
    status: AssetStatus = AssetStatus.AVAILABLE,
    *,
    id: str = "asset-1",
    held_by: str | None = None,
    cluster_id: str | None = None,
    inventory: Inventory | None = an_inventory(),  # noqa: B008 - frozen: one default may serve every call
) -> Asset:
    """Return a machine, idle unless *held_by* a workflow."""
    return Asset(
        id=id,
        hostname="server01",
        status=status,
        bmc=Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=623, username="admin"),
        inventory=inventory,
        held_by=held_by,
        cluster_id=cluster_id,
        created_at=NOON,
        updated_at=NOON,
    )


def an_install(disk: Disk = a_disk()) -> Install:  # noqa: B008 - frozen: one default may serve every call
    """Return the order to install an operating system on *disk*."""
    return Install(template="ubuntu-jammy", disk=DiskIdentity.of(disk), hostname="server01")


def an_order(plan: Plan) -> Order:
    """Return an order that runs of *plan* could have."""
    node = NodeSpec(asset_id="asset-2", ip="192.168.1.102", prefix=24, hostname="worker")
    orders: dict[str, Order] = {
        ASSET_DISCOVERY.key: Discovery(),
        OS_PROVISION.key: an_install(),
        DISK_WIPE.key: Wipe(method=WipeMethod.ZERO, disks=(DiskIdentity.of(a_disk()),)),
        ASSET_REBOOT.key: Reboot(boot_device=BootDevice.PXE),
        BMC_ROTATION.key: Rotation(),
        GROW.key: Grow(installs={"asset-2": an_install()}, workers=(node,)),
        SHRINK.key: Shrink(asset_id="asset-1"),
    }
    return orders.get(plan.key.removesuffix("/manual"), Build(installs={"asset-1": an_install()}))


def a_run(plan: Plan = OS_PROVISION, *, id: str = "workflow-1", parent_id: str | None = None) -> Run:
    """Return a run of *plan*, created at noon, that nothing has happened to yet."""
    on_machine = plan in MACHINE_PLANS
    return new_run(
        plan,
        an_order(plan),
        run_id=id,
        asset_id="asset-1" if on_machine else None,
        cluster_id=None if on_machine else "cluster-1",
        parent_id=parent_id,
        now=NOON,
    )


def a_run_at(plan: Plan, step: str) -> Run:
    """Return a run of *plan* that stands before *step*, everything before it done."""
    run = a_run(plan)
    place = next(place for place, state in enumerate(run.steps) if state.name == step)
    done = tuple(
        StepState(name=state.name, status=StepStatus.COMPLETED, attempt=1, started_at=NOON, finished_at=NOON)
        for state in run.steps[:place]
    )
    steps = done + run.steps[place:]
    return replace(run, steps=steps, position=place, status=RunStatus.RUNNING, started_at=NOON)


def an_ended_run(plan: Plan, status: RunStatus, *, id: str = "workflow-1", parent_id: str | None = None) -> Run:
    """Return a run of *plan* that has ended so, without saying how it came about."""
    run = a_run(plan, id=id, parent_id=parent_id)
    error = None if status is RunStatus.COMPLETED else BROKEN
    return replace(run, status=status, error=error, finished_at=NOON)


def after(plan: Plan, run: Run, *events: Event, now: datetime = NOON) -> Run:
    """Return *run* after *events*, all at one moment."""
    for event in events:
        run = decide(plan, run, event, now=now).run
    return run


def failure(run: Run, *, fault: Fault = BROKEN, final: bool = False) -> Failed:
    """Return the news that the present attempt of *run* failed."""
    state = run.steps[run.position]
    return Failed(state.name, state.attempt, fault, final)
