"""What an accepted cluster asks of each of its machines, and how that is shown before it is done."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Advice, Cluster, ClusterNode, ClusterSpec, ClusterStatus, NodeSpec, Role
from colony_core.domain.deciding import begin
from colony_core.domain.disks import resolve_disk
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.orders import DiskIdentity, Install, Order, StaticNetwork
from colony_core.domain.plans import cluster_plan, suited
from colony_core.domain.steps import Plan, Step
from colony_core.domain.topology.platforms import FLOORS
from colony_core.domain.workflows import Run


def installs(spec: ClusterSpec, nodes: Iterable[NodeSpec], assets: Mapping[str, Asset]) -> dict[str, Install]:
    """Return what is installed on the machine of each of *nodes*, by asset id.

    The disk is resolved here, once: what the order names is what is written, whatever is plugged in later.
    """
    return {node.asset_id: _install(spec, node, assets[node.asset_id]) for node in nodes}


def _install(spec: ClusterSpec, node: NodeSpec, asset: Asset) -> Install:
    assert asset.inventory is not None, "a spec is accepted only when every machine's inventory is known"
    floor = FLOORS[(spec.flavor, spec.role_of(node.asset_id))]
    disk = resolve_disk(asset.inventory, node.disk_device, minimum_bytes=floor.disk_bytes)
    return Install(
        template=spec.flavor.value,
        disk=DiskIdentity.of(disk),
        hostname=node.hostname,
        network=StaticNetwork(
            ip=node.ip,
            prefix=node.prefix,
            gateway=node.gateway or spec.gateway,
            dns=node.dns or spec.dns,
            ntp=node.ntp or spec.ntp,
        ),
        ssh_public_keys=(spec.ssh_public_key,) if spec.ssh_public_key else (),
    )


def members(spec: ClusterSpec, nodes: Iterable[NodeSpec]) -> tuple[ClusterNode, ...]:
    """Return *nodes* as members that are still to be installed."""
    return tuple(
        ClusterNode(asset_id=node.asset_id, role=spec.role_of(node.asset_id), ip=node.ip, hostname=node.hostname)
        for node in nodes
    )


def new_cluster(
    spec: ClusterSpec, *, cluster_id: str, run_id: str, warnings: tuple[Advice, ...], now: datetime
) -> Cluster:
    """Return the cluster of *spec*, about to be built by run *run_id*."""
    return Cluster(
        id=cluster_id,
        spec=spec,
        status=ClusterStatus.PROVISIONING,
        nodes=members(spec, spec.nodes),
        workflow_id=run_id,
        held_by=run_id,
        warnings=warnings,
        created_at=now,
        updated_at=now,
    )


def new_run(
    plan: Plan,
    order: Order,
    *,
    run_id: str,
    now: datetime,
    asset_id: str | None = None,
    cluster_id: str | None = None,
    parent_id: str | None = None,
    patience: timedelta | None = None,
) -> Run:
    """Return a run of *plan* that nothing has happened to yet."""
    run = Run(
        id=run_id,
        type=plan.type,
        plan=plan.key,
        plan_version=plan.version,
        order=order,
        asset_id=asset_id,
        cluster_id=cluster_id,
        parent_id=parent_id,
        patience=patience,
        steps=(),
        created_at=now,
    )
    return begin(plan, run)


class MachinePlan(Struct, frozen=True, kw_only=True):
    """What would happen to one machine; everything on `install.disk` is destroyed."""

    asset_id: str
    role: Role
    install: Install
    steps: tuple[Step, ...]


class BuildPlan(Struct, frozen=True, kw_only=True):
    """What a cluster's creation would do, step by step; `estimate` is the usual least and most."""

    spec: ClusterSpec
    steps: tuple[Step, ...]
    machines: tuple[MachinePlan, ...]
    warnings: tuple[Advice, ...]
    estimate: tuple[timedelta, timedelta]


def build_plan(spec: ClusterSpec, assets: Mapping[str, Asset], *, warnings: tuple[Advice, ...]) -> BuildPlan:
    """Return what building *spec* would do, without doing it."""
    plan = cluster_plan(spec.type, spec.flavor)
    machines = tuple(
        MachinePlan(
            asset_id=asset_id,
            role=spec.role_of(asset_id),
            install=install,
            steps=suited(OS_PROVISION, assets[asset_id].bmc.protocol).steps,
        )
        for asset_id, install in installs(spec, spec.nodes, assets).items()
    )
    return BuildPlan(spec=spec, steps=plan.steps, machines=machines, warnings=warnings, estimate=plan.typical)
