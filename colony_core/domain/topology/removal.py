"""Taking a node out of a living cluster: refused where the cluster could not go on without it."""

from msgspec.structs import replace

from colony_core.domain.clusters import Cluster, ClusterNode, ClusterSpec, NodeStatus, Role
from colony_core.domain.topology.counts import WORKERS_NONE
from colony_core.domain.topology.wording import counted
from colony_core.domain.validation import Finding, Rule, Severity
from colony_core.errors import Conflict, NotFound

LAST_CONTROL_PLANE = Rule(
    id="removal.last_control_plane",
    severity=Severity.ERROR,
    summary="The last control plane stays.",
    reason="Without it there is no Kubernetes API, and nothing that could be healed.",
    hint="Delete the cluster instead.",
    sentence="removing {path} would leave {observed}; it must leave {expected}",
)
QUORUM = Rule(
    id="removal.quorum",
    severity=Severity.ERROR,
    summary="The control planes that stay and are ready are a majority of those that stay.",
    reason="etcd stops where less than a majority of its members answers, and takes the API with it.",
    hint="Mend or remove the control planes that are not ready first.",
    sentence="removing {path} would leave {observed}; etcd needs {expected}",
)
LAST_SPARE = Rule(
    id="removal.last_spare",
    severity=Severity.ERROR,
    summary="A cluster that survives the loss of a control plane still does afterwards.",
    reason="Of two control planes neither may fail: going from 3 to 2 gives up what the third was for.",
    hint="Add control planes first; one that has failed may be removed.",
    sentence="removing {path} would leave {observed}; to survive the loss of one it needs {expected}",
)
REMOVAL_RULES = (LAST_CONTROL_PLANE, QUORUM, LAST_SPARE)


class NodeNotFound(NotFound):
    """The cluster has no node on this asset."""

    code = "NODE_NOT_FOUND"
    summary = "Node not found"
    advice = "Use the assetId of one of the cluster's nodes."

    def __init__(self, cluster: Cluster, asset_id: str) -> None:
        super().__init__(f"Cluster '{cluster.id}' has no node on asset '{asset_id}'")


class NodeNotRemovable(Conflict):
    """The cluster could not go on without the node; `findings` says why."""

    code = "NODE_NOT_REMOVABLE"
    summary = "Node cannot be removed"
    advice = "Add or mend control planes first, or delete the cluster: the details say what is needed."

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


def removal_findings(cluster: Cluster, asset_id: str) -> tuple[Finding, ...]:
    """Return why the node on *asset_id* must stay (errors), and what its removal would mean (warnings).

    A worker may always go. A control plane may go unless it is the last, unless those that stay and are ready
    would be less than a majority of those that stay, and unless that takes the last spare: 3 to 2 is refused,
    5 to 4 is not, and a failed one of 3 may go, as etcd wants it out before another comes in.
    Raises `NodeNotFound`.
    """
    spec, path = cluster.spec, f"nodes[{asset_id}]"
    if spec.node(asset_id) is None:
        raise NodeNotFound(cluster, asset_id)
    if spec.role_of(asset_id) is Role.CONTROL_PLANE:
        return _control_plane_findings(cluster, asset_id, path=path)
    if len(spec.workers) == 1:
        return (WORKERS_NONE.broken("workers", observed="none after this", expected="at least 1"),)
    return ()


def without_node(cluster: Cluster, asset_id: str) -> ClusterSpec:
    """Return the spec of *cluster* without the node on *asset_id*; raises `NodeNotRemovable` or `NodeNotFound`."""
    errors = tuple(f for f in removal_findings(cluster, asset_id) if f.severity is Severity.ERROR)
    if errors:
        raise NodeNotRemovable(errors)
    return replace(
        cluster.spec,
        control_planes=tuple(node for node in cluster.spec.control_planes if node.asset_id != asset_id),
        workers=tuple(node for node in cluster.spec.workers if node.asset_id != asset_id),
    )


def _control_plane_findings(cluster: Cluster, asset_id: str, *, path: str) -> tuple[Finding, ...]:
    before = [node for node in cluster.nodes if node.role is Role.CONTROL_PLANE]
    after = [node for node in before if node.asset_id != asset_id]
    if not after:
        expected = "at least one"
        return (LAST_CONTROL_PLANE.broken(path, observed="no control plane", expected=expected),)
    observed = f"{counted(len(after), 'control plane')}, {_ready(after)} of them ready"
    if _spare(after) < 0:
        return (QUORUM.broken(path, observed=observed, expected=f"{_quorum(after)} that are ready"),)
    if _spare(before) > 0 and _spare(after) == 0:
        return (LAST_SPARE.broken(path, observed=observed, expected=f"{_quorum(after) + 1} that are ready"),)
    return ()


def _spare(members: list[ClusterNode]) -> int:
    return _ready(members) - _quorum(members)


def _ready(members: list[ClusterNode]) -> int:
    return sum(node.status is NodeStatus.READY for node in members)


def _quorum(members: list[ClusterNode]) -> int:
    return len(members) // 2 + 1
