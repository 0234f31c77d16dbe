"""A cluster as it is asked for (`ClusterSpec`) and as it lives (`Cluster`)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.secrets import Secret
from colony_core.errors import Conflict, NotFound


class ClusterType(StrEnum):
    """What is built: Civo's stack, or plain Kubernetes."""

    CIVO_STACK = "civo_stack"
    K8S_STACK = "k8s_stack"


class Flavor(StrEnum):
    """The Kubernetes distribution of the nodes."""

    TALOS = "talos"
    K3S = "k3s"


class Role(StrEnum):
    """What a node does in its cluster."""

    CONTROL_PLANE = "control-plane"
    WORKER = "worker"


class ClusterStatus(StrEnum):
    """Where a cluster stands."""

    PROVISIONING = "provisioning"
    READY = "ready"
    ERROR = "error"


class NodeStatus(StrEnum):
    """Where one node of a cluster stands."""

    PENDING = "pending"
    INSTALLING = "installing"
    INSTALLED = "installed"
    READY = "ready"
    FAILED = "failed"
    LEAVING = "leaving"


class ClusterCredentials(Struct, frozen=True, kw_only=True):
    """What the platform's installer needs to fetch its parts; each is write-only."""

    gitlab_token: Secret | None = None
    image_pull_secret: Secret | None = None
    civo_api_token: Secret | None = None


class NodeSpec(Struct, frozen=True, kw_only=True):
    """One machine of a cluster in canonical form: dotted IPv4 `ip`, integer `prefix`, lists split and trimmed.

    `hostname` is never empty (`<cluster>-cp-1`, `<cluster>-worker-1` unless it was given). An empty `dns` or `ntp`
    and a missing `gateway` mean the cluster's; a missing `disk_device` means the only disk that fits.
    """

    asset_id: str
    ip: str
    prefix: int
    hostname: str
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    disk_device: str | None = None


class ClusterSpec(Struct, frozen=True, kw_only=True):
    """A cluster as it is asked for, in canonical form and without secrets."""

    name: str
    type: ClusterType
    flavor: Flavor
    gateway: str
    control_planes: tuple[NodeSpec, ...]
    workers: tuple[NodeSpec, ...] = ()
    extra_sans: tuple[str, ...] = ()
    vip: str | None = None
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    ssh_public_key: str | None = None
    region: str | None = None
    cse_installer_image: str | None = None

    @property
    def nodes(self) -> tuple[NodeSpec, ...]:
        """Return every node, control planes first."""
        return self.control_planes + self.workers

    @property
    def endpoint(self) -> str:
        """Return the address where the Kubernetes API is reached: the VIP, or the first control plane."""
        return self.vip or self.control_planes[0].ip

    @property
    def api_url(self) -> str:
        """Return the URL of the Kubernetes API."""
        return f"https://{self.endpoint}:6443"

    def role_of(self, asset_id: str) -> Role:
        """Return what the machine *asset_id* does here."""
        control = any(node.asset_id == asset_id for node in self.control_planes)
        return Role.CONTROL_PLANE if control else Role.WORKER

    def node(self, asset_id: str) -> NodeSpec | None:
        """Return the node on machine *asset_id*, or None."""
        return next((node for node in self.nodes if node.asset_id == asset_id), None)


class Advice(Struct, frozen=True, kw_only=True):
    """A warning that came with a cluster: accepted, but worth reading."""

    rule: str
    path: str
    message: str
    hint: str


class ClusterNode(Struct, frozen=True, kw_only=True):
    """One machine's part in a living cluster."""

    asset_id: str
    role: Role
    ip: str
    hostname: str
    status: NodeStatus = NodeStatus.PENDING


def with_statuses(nodes: tuple[ClusterNode, ...], statuses: Mapping[str, NodeStatus]) -> tuple[ClusterNode, ...]:
    """Return *nodes* with those *statuses* that are given, by asset id."""
    return tuple(replace(node, status=statuses.get(node.asset_id, node.status)) for node in nodes)


class ClusterFault(Struct, frozen=True, kw_only=True):
    """Why a cluster is in `error`."""

    code: str
    message: str
    at: datetime


class Cluster(Struct, frozen=True, kw_only=True):
    """A cluster as it lives.

    `workflow_id` names the run that builds it or changed it last, `held_by` the one that does so now.
    """

    id: str
    spec: ClusterSpec
    status: ClusterStatus
    nodes: tuple[ClusterNode, ...]
    workflow_id: str | None
    held_by: str | None = None
    warnings: tuple[Advice, ...] = ()
    error: ClusterFault | None = None
    created_at: datetime
    updated_at: datetime
    revision: int = 0


class ClusterNotFound(NotFound):
    """No living cluster has this id."""

    code = "CLUSTER_NOT_FOUND"
    summary = "Cluster not found"
    advice = "List the clusters, and use an id from there."

    def __init__(self, cluster_id: str) -> None:
        super().__init__(f"Cluster with ID '{cluster_id}' does not exist")


class ClusterNameTaken(Conflict):
    """A living cluster has this name."""

    code = "CLUSTER_NAME_TAKEN"
    summary = "Cluster name is taken"
    advice = "Choose another name, or delete the cluster that has it."

    def __init__(self, name: str) -> None:
        super().__init__(f"A cluster named '{name}' exists already: choose another name, or delete that cluster first")


class ClusterBusy(Conflict):
    """A workflow is changing the cluster."""

    code = "CLUSTER_BUSY"
    summary = "Cluster is busy"
    advice = "Wait for the workflow that the details name, or cancel it."

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(
            f"Cluster '{cluster.id}' is {cluster.status} and held by workflow '{cluster.held_by}':"
            " wait for it to end, or cancel it"
        )


class ClusterNotReady(Conflict):
    """The cluster's status does not allow this."""

    code = "CLUSTER_NOT_READY"
    summary = "Cluster is not ready"
    advice = "Wait until the cluster is ready; retry or delete one that is in error."

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(
            f"Cluster '{cluster.id}' is {cluster.status}: wait until it is ready,"
            " or retry its workflow or delete it if it is in error"
        )


class KubeconfigNotReady(Conflict):
    """The cluster has no credentials to give yet."""

    code = "KUBECONFIG_NOT_READY"
    summary = "Kubeconfig is not ready"
    advice = "Wait until the cluster is ready."

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(f"Cluster '{cluster.id}' is {cluster.status}: its credentials can be had once it is ready")


class TalosconfigNotAvailable(Conflict):
    """The cluster does not run Talos."""

    code = "TALOSCONFIG_NOT_AVAILABLE"
    summary = "Cluster has no talosconfig"
    advice = "Only clusters of flavour talos have one; use the kubeconfig."

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(f"Cluster '{cluster.id}' is of flavor {cluster.spec.flavor}: only talos has a talosconfig")
