"""What the end of a run makes of the machine and the cluster that it worked on."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, LastError, Move, advance, released
from colony_core.domain.clusters import (
    Cluster,
    ClusterFault,
    ClusterNode,
    ClusterSpec,
    ClusterStatus,
    NodeStatus,
)
from colony_core.domain.deciding import CANCELLED
from colony_core.domain.orders import Grow, Shrink
from colony_core.domain.workflows import Fault, Run, RunStatus, WorkflowType

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
        return replace(released(moved, error=None, now=now), held_by=run.parent_id)
    freed = released(moved, error=_last_error(run, now), now=now)
    return replace(freed, cluster_id=None) if moved.status is AssetStatus.AVAILABLE else freed


def member_after(asset: Asset, run: Run, *, now: datetime) -> Asset:
    """Return a machine that the cluster's *run* still held when it ended."""
    if isinstance(run.order, Shrink) and run.status is RunStatus.COMPLETED:
        return replace(released(asset, error=None, now=now), cluster_id=None)
    if asset.status is AssetStatus.PROVISIONING:
        given_up = advance(asset, Move.GIVE_UP, now=now)
        return replace(released(given_up, error=_last_error(run, now), now=now), cluster_id=None)
    return released(asset, error=None, now=now)


def cluster_after(cluster: Cluster, run: Run, members: frozenset[str], *, now: datetime) -> Cluster:
    """Return the cluster after the end of its *run*; *members* are the machines that are installed and in it."""
    freed = replace(cluster, held_by=None, updated_at=now)
    completed = run.status is RunStatus.COMPLETED
    match run.order:
        case Shrink(asset_id=leaving) if completed:
            return _without(freed, frozenset({leaving}))
        case Shrink(asset_id=staying):
            return replace(freed, nodes=_nodes(freed, {staying: NodeStatus.READY}))
        case Grow(installs=installs) if completed:
            return replace(freed, nodes=_nodes(freed, dict.fromkeys(installs, NodeStatus.READY)))
        case Grow(installs=installs):
            gone = frozenset(installs) - members
            kept = dict.fromkeys(frozenset(installs) & members, NodeStatus.INSTALLED)
            return _without(replace(freed, nodes=_nodes(freed, kept)), gone)
    lost = NodeStatus.READY if completed else NodeStatus.FAILED
    installed = NodeStatus.READY if completed else NodeStatus.INSTALLED
    everywhere = {node.asset_id: installed if node.asset_id in members else lost for node in cluster.nodes}
    status = ClusterStatus.READY if completed else ClusterStatus.ERROR
    fault = run.error or CANCELLED
    error = None if completed else ClusterFault(code=fault.code, message=fault.message, at=now)
    return replace(freed, status=status, error=error, nodes=_nodes(freed, everywhere))


def _nodes(cluster: Cluster, statuses: Mapping[str, NodeStatus]) -> tuple[ClusterNode, ...]:
    return tuple(replace(node, status=statuses.get(node.asset_id, node.status)) for node in cluster.nodes)


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
