"""What the store's contract begins with: machines, clusters and workflows that do not clash."""

from collections.abc import Iterable
from datetime import timedelta

from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey, ApiRole
from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.clusters import Cluster, ClusterSpec, ClusterStatus, ClusterType, Flavor, NodeSpec
from colony_core.domain.events import Entry, EventType
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.steps import Await
from colony_core.domain.workflows import Run, RunStatus, StepState, StepStatus
from colony_core.ports.persistence import Store
from colony_testkit.builders import NOON, a_run, an_asset, an_inventory


def machine(number: int, status: AssetStatus = AssetStatus.AVAILABLE, *, tags: dict[str, str] | None = None) -> Asset:
    """Return the machine of that *number*, with a controller and a network address of its own."""
    asset = an_asset(status, id=f"asset-{number}", inventory=an_inventory(mac=mac_of(number)))
    bmc = replace(asset.bmc, address=f"192.168.{number >> 8}.{number & 255}")
    return replace(asset, bmc=bmc, tags=tags or {})


def mac_of(number: int) -> str:
    """Return the network address of the machine of that *number*."""
    return f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}"


def cluster(
    number: int,
    *,
    name: str | None = None,
    status: ClusterStatus = ClusterStatus.READY,
    kind: ClusterType = ClusterType.K8S_STACK,
) -> Cluster:
    """Return the cluster of that *number*, named after it unless told otherwise."""
    node = NodeSpec(asset_id=f"asset-{number}", ip="192.168.1.101", prefix=24, hostname="cp-1")
    spec = ClusterSpec(
        name=name or f"cluster-{number}",
        type=kind,
        flavor=Flavor.TALOS,
        gateway="192.168.1.1",
        control_planes=(node,),
    )
    return Cluster(
        id=f"cluster-{number}",
        spec=spec,
        status=status,
        nodes=(),
        workflow_id=None,
        created_at=NOON,
        updated_at=NOON,
    )


def workflow(number: int, *, parent_id: str | None = None) -> Run:
    """Return the pending workflow of that *number*; it is due at noon."""
    return replace(a_run(OS_PROVISION, id=f"workflow-{number}", parent_id=parent_id), asset_id=f"asset-{number}")


def begun(run: Run, *, minutes: int) -> Run:
    """Return *run* with its first step begun, and its deadline so many minutes after noon."""
    first = replace(run.steps[0], status=StepStatus.RUNNING, attempt=1, deadline=NOON + timedelta(minutes=minutes))
    return replace(run, status=RunStatus.RUNNING, steps=(first, *run.steps[1:]))


def awaiting(run: Run) -> Run:
    """Return *run* at a step that waits for its machine, with the steps before it done."""
    place = next(place for place, step in enumerate(OS_PROVISION.steps) if isinstance(step.do, Await))
    done = tuple(replace(state, status=StepStatus.COMPLETED) for state in run.steps[:place])
    waits = replace(run.steps[place], status=StepStatus.RUNNING, attempt=1, deadline=NOON + timedelta(minutes=9))
    return replace(run, status=RunStatus.RUNNING, position=place, steps=(*done, waits, *run.steps[place + 1 :]))


def resting(run: Run, *, minutes: int) -> Run:
    """Return *run* held back until so many minutes after noon."""
    first: StepState = replace(run.steps[0], not_before=NOON + timedelta(minutes=minutes))
    return replace(run, steps=(first, *run.steps[1:]))


def ended(run: Run, status: RunStatus = RunStatus.COMPLETED) -> Run:
    """Return *run* after its end."""
    return replace(run, status=status, finished_at=NOON)


def key(number: int) -> ApiKey:
    """Return the API key of that *number*."""
    return ApiKey(
        id=f"cd-{number:012x}",
        secret_hash=f"{number:064x}",
        description=f"key {number}",
        role=ApiRole.ADMIN,
        created_at=NOON,
    )


def entry(message: str, *, run_id: str | None = None) -> Entry:
    """Return an entry of the journal that says *message*."""
    return Entry(at=NOON, type=EventType.LOG, message=message, run_id=run_id)


def stored(value: Asset) -> Asset:
    """Return *value* as it is after it was stored once more."""
    return replace(value, revision=value.revision + 1)


async def keep(store: Store, *values: Asset | Cluster | Run | ApiKey | Entry) -> None:
    """Store *values* in one transaction."""
    async with store.transaction() as tx:
        for value in values:
            match value:
                case Asset():
                    tx.assets.add(value)
                case Cluster():
                    tx.clusters.add(value)
                case Run():
                    tx.runs.add(value)
                case ApiKey():
                    tx.api_keys.add(value)
                case Entry():
                    tx.journal.write(value)


def ids(values: Iterable[Asset | Cluster | Run | ApiKey]) -> list[str]:
    """Return the ids of *values*, in their order."""
    return [value.id for value in values]
