"""What the end of a run makes of the machine and the cluster that it worked on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, LastError, Move, advance, released
from colony_core.domain.cluster_plans import REMOVE_NODE
from colony_core.domain.clusters import (
    Cluster,
    ClusterFault,
    ClusterSpec,
    ClusterStatus,
    NodeStatus,
    with_statuses,
)
from colony_core.domain.deciding import CANCELLED
from colony_core.domain.orders import Grow, Shrink
from colony_core.domain.steps import WorkflowType
from colony_core.domain.workflows import Fault, Run, RunStatus, StepStatus

CLOSING: Mapping[tuple[WorkflowType, RunStatus], Move] = MappingProxyType(
    {
        (WorkflowType.ASSET_DISCOVERY, RunStatus.COMPLETED): Move.INSPECTED,
        (WorkflowType.OS_PROVISION, RunStatus.COMPLETED): Move.INSTALLED,
        (WorkflowType.OS_PROVISION, RunStatus.FAILED): Move.GIVE_UP,
        (WorkflowType.OS_PROVISION, RunStatus.CANCELLED): Move.GIVE_UP,
        (WorkflowType.DISK_WIPE, RunStatus.COMPLETED): Move.WIPED,
        (WorkflowType.DISK_WIPE, RunStatus.FAILED): Move.WIPE_FAILED,
        (WorkflowType.DISK_WIPE, RunStatus.CANCELLED): Move.WIPE_FAILED,
    }
)
"""The lifecycle move that each end of a run makes; an end that is not here leaves the status as it is."""


def asset_after(asset: Asset, run: Run, *, now: datetime) -> Asset:
    """Return the machine of *run* after the run's end: moved, and held by the run's parent or by nobody."""
    move = CLOSING.get((run.type, run.status))
    moved = asset if move is None else advance(asset, move, now=now)
    if run.status is RunStatus.COMPLETED:
        # A reboot says nothing about why a machine could not be discovered.
        error = asset.last_error if moved.status is AssetStatus.DISCOVERING else None
        return replace(released(moved, error=error, now=now), held_by=run.parent_id)
    freed = released(moved, error=_last_error(run, now), now=now)
    return replace(freed, cluster_id=None) if moved.status is AssetStatus.AVAILABLE else freed


def member_after(asset: Asset, run: Run, *, now: datetime) -> Asset:
    """Return a machine that the cluster's *run* still held when it ended."""
    if has_left(run):
        error = None if run.status is RunStatus.COMPLETED else _last_error(run, now)
        return replace(released(asset, error=error, now=now), cluster_id=None)
    if asset.status is AssetStatus.PROVISIONING:
        given_up = advance(asset, Move.GIVE_UP, now=now)
        return replace(released(given_up, error=_last_error(run, now), now=now), cluster_id=None)
    return released(asset, error=None, now=now)


def has_left(run: Run) -> bool:
    """Tell whether *run* took its machine out of the cluster, even if it failed at something after that."""
    removed = any(step.name == REMOVE_NODE.name and step.status is StepStatus.COMPLETED for step in run.steps)
    return isinstance(run.order, Shrink) and (removed or run.status is RunStatus.COMPLETED)


def cluster_after(cluster: Cluster, run: Run, members: frozenset[str], *, now: datetime) -> Cluster:
    """Return the cluster after the end of its *run*; *members* are the machines that are installed and in it."""
    freed = replace(cluster, held_by=None, updated_at=now)
    completed = run.status is RunStatus.COMPLETED
    match run.order:
        case Shrink(asset_id=leaving) if has_left(run):
            return _without(freed, frozenset({leaving}))
        case Shrink(asset_id=staying):
            stays = NodeStatus.READY if staying in members else NodeStatus.FAILED
            return replace(freed, nodes=with_statuses(freed.nodes, {staying: stays}))
        case Grow(installs=installs) if completed:
            return replace(freed, nodes=with_statuses(freed.nodes, dict.fromkeys(installs, NodeStatus.READY)))
        case Grow(installs=installs):
            gone = frozenset(installs) - members
            kept = dict.fromkeys(frozenset(installs) & members, NodeStatus.INSTALLED)
            return _without(replace(freed, nodes=with_statuses(freed.nodes, kept)), gone)
    lost = NodeStatus.READY if completed else NodeStatus.FAILED
    installed = NodeStatus.READY if completed else NodeStatus.INSTALLED
    everywhere = {node.asset_id: installed if node.asset_id in members else lost for node in cluster.nodes}
    status = ClusterStatus.READY if completed else ClusterStatus.ERROR
    fault = run.error or CANCELLED
    error = None if completed else ClusterFault(code=fault.code, message=fault.message, at=now)
    return replace(freed, status=status, error=error, nodes=with_statuses(freed.nodes, everywhere))


_MEANWHILE: Mapping[RunStatus, NodeStatus] = MappingProxyType(
    {
        RunStatus.PENDING: NodeStatus.PENDING,
        RunStatus.RUNNING: NodeStatus.INSTALLING,
        RunStatus.COMPLETED: NodeStatus.INSTALLED,
        RunStatus.FAILED: NodeStatus.FAILED,
        RunStatus.CANCELLED: NodeStatus.FAILED,
    }
)


def meanwhile(cluster: Cluster, children: Iterable[Run]) -> Cluster:
    """Return *cluster* with its nodes as the runs that install them are now; without work it is as it is stored."""
    if cluster.held_by is None:
        return cluster
    statuses = {str(run.asset_id): _MEANWHILE[run.status] for run in children}
    return replace(cluster, nodes=with_statuses(cluster.nodes, statuses))


def _without(cluster: Cluster, leaving: frozenset[str]) -> Cluster:
    spec: ClusterSpec = replace(
        cluster.spec,
        control_planes=tuple(node for node in cluster.spec.control_planes if node.asset_id not in leaving),
        workers=tuple(node for node in cluster.spec.workers if node.asset_id not in leaving),
    )
    return replace(cluster, spec=spec, nodes=tuple(node for node in cluster.nodes if node.asset_id not in leaving))


def _last_error(run: Run, now: datetime) -> LastError:
    fault: Fault = run.error or CANCELLED
    return LastError(code=fault.code, message=fault.message, at=now)
