"""A cluster as clients ask for it and see it; credentials go in and never come out."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from colony_core import (
    Cluster,
    ClusterCredentials,
    ClusterRequest,
    ClusterStatus,
    Growth,
    NodeRequest,
    Run,
    Secret,
)
from colony_core.domain.clusters import Advice, ClusterType, Flavor, NodeSpec, NodeStatus, Role
from colony_core.domain.plan_hashes import PlanHashInvalid
from colony_core.domain.plans import cluster_plan, plan_of
from colony_core.ports.persistence import ClusterFilter
from colony_http.shapes_paging import Listed, PagingQuery
from colony_http.shapes_workflows import progress_view

TypeText = Annotated[str, Meta(extra_json_schema={"enum": [kind.value for kind in ClusterType]})]
FlavorText = Annotated[str, Meta(extra_json_schema={"enum": [flavor.value for flavor in Flavor]})]


class AskNode(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One machine; `subnet` is a prefix length or a mask, or is left out where `ip` is in CIDR form."""

    asset_id: str
    ip: str
    subnet: str | None = None
    gateway: str | None = None
    dns: Listed | None = None
    ntp: Listed | None = None
    disk_device: str | None = None
    hostname: str | None = None

    def request(self) -> NodeRequest:
        """Return the same in the words of the core."""
        return NodeRequest(**msgspec.structs.asdict(self))


class AskCredentials(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the installer of a civo_stack needs; the secrets among them are write-only."""

    gitlab_token: Secret | None = None
    image_pull_secret: Secret | None = None
    civo_api_token: Secret | None = None
    region: str | None = None
    cse_installer_image: str | None = None


class CreateCluster(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A cluster to be built; no workers means that the control planes take workloads.

    With `planHash` (from a dry run; here or in the query) it is created only if the plan is still the same.
    """

    name: str
    type: TypeText
    flavor: FlavorText
    gateway: str
    control_planes: tuple[AskNode, ...]
    workers: tuple[AskNode, ...] = ()
    credentials: AskCredentials | None = None
    extra_sans: Listed | None = field(name="extraSANs", default=None)
    vip: str | None = None
    dns: Listed | None = None
    ntp: Listed | None = None
    ssh_public_key: str | None = None
    plan_hash: str | None = None

    def request(self) -> ClusterRequest:
        """Return the same in the words of the core."""
        given = self.credentials
        secrets = ClusterCredentials(
            gitlab_token=given.gitlab_token if given else None,
            image_pull_secret=given.image_pull_secret if given else None,
            civo_api_token=given.civo_api_token if given else None,
        )
        return ClusterRequest(
            name=self.name,
            type=self.type,
            flavor=self.flavor,
            gateway=self.gateway,
            control_planes=tuple(node.request() for node in self.control_planes),
            workers=tuple(node.request() for node in self.workers),
            extra_sans=self.extra_sans,
            vip=self.vip,
            dns=self.dns,
            ntp=self.ntp,
            ssh_public_key=self.ssh_public_key,
            credentials=secrets if given else None,
            region=given.region if given else None,
            cse_installer_image=given.cse_installer_image if given else None,
        )


class GrowCluster(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Machines to be added."""

    control_planes: tuple[AskNode, ...] = ()
    workers: tuple[AskNode, ...] = ()

    def growth(self) -> Growth:
        """Return the same in the words of the core."""
        return Growth(
            control_planes=tuple(node.request() for node in self.control_planes),
            workers=tuple(node.request() for node in self.workers),
        )


class NodeSpecView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One machine as it was asked for, with what was left out filled in."""

    asset_id: str
    ip: str
    subnet: str
    hostname: str
    gateway: str | None
    dns: tuple[str, ...]
    ntp: tuple[str, ...]
    disk_device: str | None

    @classmethod
    def of(cls, node: NodeSpec) -> "NodeSpecView":
        """Return *node* as clients see it."""
        return cls(
            asset_id=node.asset_id,
            ip=node.ip,
            subnet=str(node.prefix),
            hostname=node.hostname,
            gateway=node.gateway,
            dns=node.dns,
            ntp=node.ntp,
            disk_device=node.disk_device,
        )


class NodeView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One machine's part in the cluster as it lives."""

    asset_id: str
    role: Role
    ip: str
    hostname: str
    status: NodeStatus


class StageView(Struct, frozen=True, kw_only=True):
    """How far the cluster's latest workflow has come, in steps of it and its machines; `stage` is in words."""

    done: int
    total: int
    percent: int
    stage: str

    @classmethod
    def of(cls, run: Run, children: tuple[Run, ...]) -> "StageView":
        """Return how far *run* has come."""
        steps = progress_view(run, children)
        stage = plan_of(run).step(run.current.name).title if run.current else run.status.value
        return cls(done=steps.done, total=steps.total, percent=steps.percent, stage=stage)

    @classmethod
    def at_first(cls, cluster: Cluster) -> "StageView":
        """Return how far a cluster has come that is about to be built."""
        plan = cluster_plan(cluster.spec.type, cluster.spec.flavor)
        return cls(done=0, total=len(plan.steps), percent=0, stage=plan.steps[0].title)


class ClusterFaultView(Struct, frozen=True):
    """Why the cluster is in `error`."""

    code: str
    message: str
    at: datetime


class ClusterView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster: what was asked, never its credentials, and how it lives."""

    id: str
    name: str
    type: ClusterType
    flavor: Flavor
    status: ClusterStatus
    gateway: str
    control_planes: tuple[NodeSpecView, ...]
    workers: tuple[NodeSpecView, ...]
    extra_sans: tuple[str, ...] = field(name="extraSANs")
    vip: str | None
    dns: tuple[str, ...]
    ntp: tuple[str, ...]
    ssh_public_key: str | None
    region: str | None
    cse_installer_image: str | None
    progress: StageView
    nodes: tuple[NodeView, ...]
    workflow_id: str | None
    warnings: tuple[Advice, ...]
    error: ClusterFaultView | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, cluster: Cluster, stage: StageView) -> "ClusterView":
        """Return *cluster* as clients see it."""
        spec = cluster.spec
        return cls(
            id=cluster.id,
            name=spec.name,
            type=spec.type,
            flavor=spec.flavor,
            status=cluster.status,
            gateway=spec.gateway,
            control_planes=tuple(map(NodeSpecView.of, spec.control_planes)),
            workers=tuple(map(NodeSpecView.of, spec.workers)),
            extra_sans=spec.extra_sans,
            vip=spec.vip,
            dns=spec.dns,
            ntp=spec.ntp,
            ssh_public_key=spec.ssh_public_key,
            region=spec.region,
            cse_installer_image=spec.cse_installer_image,
            progress=stage,
            nodes=msgspec.convert(cluster.nodes, tuple[NodeView, ...], from_attributes=True),
            workflow_id=cluster.workflow_id,
            warnings=cluster.warnings,
            error=msgspec.convert(cluster.error, ClusterFaultView | None, from_attributes=True),
            created_at=cluster.created_at,
            updated_at=cluster.updated_at,
        )


class ClusterList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the clusters, oldest first; `nextCursor` is null on the last page."""

    clusters: tuple[ClusterView, ...]
    next_cursor: str | None = None


class ClusterQuery(PagingQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which clusters."""

    status: ClusterStatus | UnsetType = UNSET
    type: ClusterType | UnsetType = UNSET

    def where(self) -> ClusterFilter:
        """Return the filter in the words of the core."""
        return ClusterFilter(
            status=self.status.value if self.status else None, type=self.type.value if self.type else None
        )


class CreateQuery(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`dryRun` shows the plan and changes nothing; `strict` turns warnings into errors.

    With `planHash` (from a dry run) the cluster is created only if the plan is still the same.
    """

    dry_run: bool = False
    strict: bool = False
    plan_hash: str | UnsetType = UNSET

    def expected(self, body: CreateCluster) -> str | None:
        """Return the hash of the plan that is expected, which *body* may name instead of the query."""
        named = {given for given in (self.plan_hash, body.plan_hash) if given}
        if len(named) > 1:
            raise PlanHashInvalid("The query and the body name two different plans: give planHash once")
        return next(iter(named), None)


class GrowQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`strict` turns warnings into errors."""

    strict: bool = False


class DeleteQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`wipe` starts to wipe the machines; `force` cancels what is going on first."""

    force: bool = False
    wipe: bool = False
