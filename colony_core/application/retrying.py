"""Makes a new run of one that failed or was cancelled: finished steps are kept, machines are claimed anew."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from colony_core.application.advancing import put_asset, start
from colony_core.application.claiming import claim_for_install, claim_member, world_of
from colony_core.domain.assets import Move, advance, claimed
from colony_core.domain.building import members, new_run
from colony_core.domain.clusters import Cluster, ClusterBusy, ClusterStatus, NodeSpec, NodeStatus, with_statuses
from colony_core.domain.deciding import resumed
from colony_core.domain.hardware import Protocol
from colony_core.domain.machine_plans import MACHINE_PLANS
from colony_core.domain.manual_plans import MANUAL_PLANS
from colony_core.domain.orders import Build, Grow, Shrink
from colony_core.domain.passwords import check_rotatable
from colony_core.domain.plans import plan_of, suited
from colony_core.domain.steps import Plan, WorkflowType
from colony_core.domain.topology import Growth, NodeRequest, as_request, review_growth
from colony_core.domain.workflows import Run, RunStatus, WorkflowNotRetryable
from colony_core.ports.persistence import Transaction

OPENING: Mapping[WorkflowType, Move] = MappingProxyType(
    {
        WorkflowType.ASSET_DISCOVERY: Move.DISCOVER,
        WorkflowType.OS_PROVISION: Move.PROVISION,
        WorkflowType.DISK_WIPE: Move.WIPE,
    }
)
"""The lifecycle move with which work on a machine begins."""


async def retry(tx: Transaction, old: Run, *, now: datetime) -> Run:
    """Return the new run, stored and with everything claimed that it needs; while it lasts, asking again gives it."""
    _check(old)
    going_on = await _going_on(tx, old)
    if going_on is not None:
        return going_on
    await _check_machines(tx, old)
    plan = await _plan_today(tx, old)
    run = new_run(
        plan,
        old.order,
        run_id=await tx.next_id("workflow"),
        asset_id=old.asset_id,
        cluster_id=old.cluster_id,
        now=now,
        patience=old.patience,
    )
    goes_on = plan == plan_of(old) and await _can_go_on(tx, old)
    run = resumed(plan, old, run) if goes_on else replace(run, retry_of=old.id)
    if old.asset_id is not None:
        await _take_machine(tx, old, run, now=now)
    else:
        await _take_cluster(tx, old, run, now=now)
    tx.runs.put(replace(old, ticket=None))
    start(tx, run, now=now)
    return run


async def _plan_today(tx: Transaction, old: Run) -> Plan:
    """Return the plan of *old*, or its like for the controller that the machine has got, or lost, since then."""
    plan = plan_of(old)
    asset = (await tx.assets.get_many([old.asset_id])).get(old.asset_id) if old.asset_id is not None else None
    if asset is not None and old.type is WorkflowType.BMC_ROTATION:
        check_rotatable(asset.bmc.protocol)
        return plan
    manual = plan == MANUAL_PLANS.get(old.type)
    if asset is None or manual == (asset.bmc.protocol is Protocol.MANUAL):
        return plan
    return suited(MACHINE_PLANS[old.type], asset.bmc.protocol)


def _check(old: Run) -> None:
    if old.parent_id is not None:
        raise WorkflowNotRetryable(f"Workflow '{old.id}' is a part of '{old.parent_id}': retry that one")
    if old.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise WorkflowNotRetryable(f"Workflow '{old.id}' is {old.status}: only failed or cancelled work can be retried")


async def _going_on(tx: Transaction, old: Run) -> Run | None:
    """Return the retry of *old* that is at work already."""
    if old.asset_id is None:
        held_by = (await tx.clusters.get(str(old.cluster_id))).held_by
    else:
        asset = (await tx.assets.get_many([old.asset_id])).get(old.asset_id)
        held_by = asset.held_by if asset else None
    holder = await tx.runs.get(held_by) if held_by else None
    return holder if holder is not None and holder.retry_of == old.id else None


async def _check_machines(tx: Transaction, old: Run) -> None:
    """Refuse work on a machine that was forgotten since; a node may leave its cluster without its machine."""
    match old.order:
        case Build(installs=installs) | Grow(installs=installs):
            wanted = tuple(installs)
        case Shrink():
            return
        case _:
            wanted = (str(old.asset_id),)
    known = await tx.assets.get_many(wanted)
    gone = [asset_id for asset_id in wanted if asset_id not in known]
    if gone:
        raise WorkflowNotRetryable(f"Workflow '{old.id}' works on '{gone[0]}', which was forgotten since: begin anew")


async def _can_go_on(tx: Transaction, old: Run) -> bool:
    """Tell whether what *old* finished still holds; a machine that other work ended on since is begun with anew.

    Otherwise a wipe that failed after its disks were erased could be finished by a retry that erases nothing, after
    something else was installed on them.
    """
    if old.asset_id is None:
        return True
    asset = await tx.assets.get(old.asset_id)
    return asset.last_error is not None and asset.last_error.at == old.finished_at


async def _take_machine(tx: Transaction, old: Run, run: Run, *, now: datetime) -> None:
    asset = await tx.assets.get(str(old.asset_id))
    claim = claimed(asset, by=run.id, now=now)
    move = OPENING.get(old.type)
    put_asset(tx, asset, claim if move is None else advance(claim, move, now=now), now=now)


async def _take_cluster(tx: Transaction, old: Run, run: Run, *, now: datetime) -> None:
    cluster = await tx.clusters.get(str(old.cluster_id))
    if cluster.held_by is not None:
        raise ClusterBusy(cluster)
    if cluster.workflow_id != old.id:
        raise WorkflowNotRetryable(
            f"Workflow '{old.id}' is not the latest of cluster '{cluster.id}': retry '{cluster.workflow_id}'"
        )
    match old.order:
        case Build(installs=installs):
            building = replace(cluster, status=ClusterStatus.PROVISIONING, error=None)
            taken = await _claim_again(tx, building, tuple(installs), run=run, now=now)
        case Grow(installs=installs):
            grown = await _regrown(tx, cluster, old.order, now=now)
            taken = await _claim_again(tx, grown, tuple(installs), run=run, now=now)
        case Shrink(asset_id=asset_id):
            taken = await _shrink_again(tx, cluster, asset_id, run=run, now=now)
        case _:
            raise WorkflowNotRetryable(f"Workflow '{old.id}' does not change a cluster")
    tx.clusters.put(replace(taken, workflow_id=run.id, held_by=run.id, updated_at=now))


async def _claim_again(
    tx: Transaction, cluster: Cluster, asset_ids: tuple[str, ...], *, run: Run, now: datetime
) -> Cluster:
    """Hold every machine; those that are not installed yet begin to be."""
    installed = await claim_for_install(tx, cluster, asset_ids, run_id=run.id, now=now)
    statuses = {id: NodeStatus.INSTALLED if id in installed else NodeStatus.PENDING for id in asset_ids}
    return replace(cluster, nodes=with_statuses(cluster.nodes, statuses))


async def _shrink_again(tx: Transaction, cluster: Cluster, asset_id: str, *, run: Run, now: datetime) -> Cluster:
    """Hold the machine that is to leave, or has left already and is only to be switched off."""
    await claim_member(tx, cluster, asset_id, run_id=run.id, now=now)
    return replace(cluster, nodes=with_statuses(cluster.nodes, {asset_id: NodeStatus.LEAVING}))


async def _regrown(tx: Transaction, cluster: Cluster, order: Grow, *, now: datetime) -> Cluster:
    """Return the cluster with those machines back in it that an earlier growth lost."""
    lost = Growth(
        control_planes=_lost(cluster, order.control_planes, control_planes=True),
        workers=_lost(cluster, order.workers),
    )
    if not lost.control_planes and not lost.workers:
        return cluster
    world = await world_of(tx, tuple(order.installs), now=now)
    spec = review_growth(cluster, lost, world=world).accepted()
    back = [node for node in spec.nodes if cluster.spec.node(node.asset_id) is None]
    return replace(cluster, spec=spec, nodes=cluster.nodes + members(spec, back))


def _lost(cluster: Cluster, nodes: tuple[NodeSpec, ...], *, control_planes: bool = False) -> tuple[NodeRequest, ...]:
    missing = tuple(node for node in nodes if cluster.spec.node(node.asset_id) is None)
    if control_planes:
        return as_request(replace(cluster.spec, control_planes=missing)).control_planes
    return as_request(replace(cluster.spec, workers=missing)).workers
