"""What people do with clusters."""

import asyncio
from datetime import datetime, timedelta

from msgspec.structs import replace

from colony_core.application.advancing import start
from colony_core.application.assets import AssetDesk
from colony_core.application.bell import Bell
from colony_core.application.claiming import claim_for_install, claim_member, world_of
from colony_core.application.safekeeping import AUTHORITY, CREDENTIALS, packed
from colony_core.application.workflows import WorkflowDesk
from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.building import BuildPlan, build_plan, installs, members, new_cluster, new_run
from colony_core.domain.cluster_plans import GROW, SHRINK
from colony_core.domain.clusters import (
    Cluster,
    ClusterBusy,
    ClusterNotReady,
    ClusterSpec,
    ClusterStatus,
    Flavor,
    KubeconfigNotReady,
    NodeStatus,
    TalosconfigNotAvailable,
    with_statuses,
)
from colony_core.domain.events import Entry, EventType
from colony_core.domain.orders import Build, Grow, Shrink, WipeMethod
from colony_core.domain.plan_hashes import require_plan
from colony_core.domain.plans import cluster_plan
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import ClusterRequest, Growth, Review, World, review, review_growth
from colony_core.domain.topology.conflicts import conflict_in
from colony_core.domain.topology.removal import without_node
from colony_core.domain.workflows import Run
from colony_core.ports.authorities import Authorities
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import ClusterFilter, Page, Paging, Store, Transaction


class ClusterDesk:
    """Builds, changes and deletes clusters, and hands out their credentials."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        work: Bell,
        authorities: Authorities,
        assets: AssetDesk,
        workflows: WorkflowDesk,
        strict: bool = False,
        patience: timedelta | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._work = work
        self._authorities = authorities
        self._assets = assets
        self._workflows = workflows
        self._strict = strict
        self._patience = patience

    async def get(self, cluster_id: str) -> Cluster:
        """Return one cluster, or raise `ClusterNotFound`."""
        async with self._store.reading() as look:
            return await look.clusters.get(cluster_id)

    async def page(self, paging: Paging, where: ClusterFilter = ClusterFilter()) -> Page[Cluster]:
        """Return some of the clusters, oldest first."""
        async with self._store.reading() as look:
            return await look.clusters.page(paging, where)

    async def plan(self, request: ClusterRequest, *, strict: bool = False) -> BuildPlan:
        """Return what `create` would do, and do nothing."""
        async with self._store.reading() as look:
            world = await world_of(look, _asset_ids(request), now=self._clock.now())
        verdict = review(request, world, strict=strict or self._strict)
        return build_plan(verdict.accepted(), world.assets, warnings=verdict.advice)

    async def create(self, request: ClusterRequest, *, strict: bool = False, plan_hash: str | None = None) -> Cluster:
        """Claim every machine, and start to build the cluster; with *plan_hash* only as that dry run showed it.

        Raises `ValidationFailed`, `AssetBusy`, `ClusterNameTaken` or `PlanChanged`.
        """
        async with self._store.transaction() as tx:
            now = self._clock.now()
            world = await world_of(tx, _asset_ids(request), now=now)
            verdict = review(request, world, strict=strict or self._strict)
            spec = _accepted(verdict, world, name=request.name.strip())
            if plan_hash is not None:
                require_plan(plan_hash, build_plan(spec, world.assets, warnings=verdict.advice))
            run_id, cluster_id = await tx.next_id("workflow"), await tx.next_id("cluster")
            cluster = new_cluster(spec, cluster_id=cluster_id, run_id=run_id, warnings=verdict.advice, now=now)
            tx.clusters.add(cluster)
            if verdict.credentials is not None:
                tx.vault.put(cluster.id, CREDENTIALS, packed(verdict.credentials))
            order = Build(installs=installs(spec, spec.nodes, world.assets))
            await claim_for_install(tx, cluster, tuple(order.installs), run_id=run_id, now=now)
            run = new_run(cluster_plan(spec.type, spec.flavor), order, run_id=run_id, cluster_id=cluster_id, now=now)
            run = replace(run, patience=self._patience)
            self._begin(tx, run)
            tx.journal.write(_changed(cluster, f"Cluster {spec.name} is {cluster.status}", run, now=now))
        return cluster

    async def grow(self, cluster_id: str, growth: Growth, *, strict: bool = False) -> Run:
        """Claim the new machines, and start to add them."""
        async with self._store.transaction() as tx:
            now = self._clock.now()
            cluster = await self._ready(tx, cluster_id)
            world = await world_of(tx, [node.asset_id for node in growth.control_planes + growth.workers], now=now)
            verdict = review_growth(cluster, growth, world=world, strict=strict or self._strict)
            spec = _accepted(verdict, world, name=cluster.spec.name)
            added = [node for node in spec.nodes if cluster.spec.node(node.asset_id) is None]
            order = Grow(
                installs=installs(spec, added, world.assets),
                control_planes=tuple(node for node in added if node in spec.control_planes),
                workers=tuple(node for node in added if node in spec.workers),
            )
            run = new_run(GROW, order, run_id=await tx.next_id("workflow"), cluster_id=cluster_id, now=now)
            run = replace(run, patience=self._patience)
            grown = replace(cluster, spec=spec, nodes=cluster.nodes + members(spec, added))
            await claim_for_install(tx, grown, tuple(order.installs), run_id=run.id, now=now)
            return self._hold(tx, grown, run)

    async def shrink(self, cluster_id: str, asset_id: str) -> Run:
        """Start to take one machine out of the cluster; it stays provisioned."""
        async with self._store.transaction() as tx:
            now = self._clock.now()
            cluster = await self._ready(tx, cluster_id)
            without_node(cluster, asset_id)
            order = Shrink(asset_id=asset_id)
            run = new_run(SHRINK, order, run_id=await tx.next_id("workflow"), cluster_id=cluster_id, now=now)
            await claim_member(tx, cluster, asset_id, run_id=run.id, now=now)
            nodes = with_statuses(cluster.nodes, {asset_id: NodeStatus.LEAVING})
            return self._hold(tx, replace(cluster, nodes=nodes), run)

    async def delete(self, cluster_id: str, *, force: bool = False, wipe: bool = False) -> Cluster:
        """Forget the cluster and return it as it was; its machines stay as they are, or are wiped."""
        async with self._store.transaction() as tx:
            cluster, builder = await tx.clusters.get(cluster_id), None
            if cluster.held_by is not None:
                if not force:
                    raise ClusterBusy(cluster)
                run = await tx.runs.get(cluster.held_by)
                builder = None if isinstance(run.order, Shrink) else run.id
                await self._workflows.ask_to_stop(tx, run)
            tx.clusters.remove(cluster)
            tx.vault.remove(cluster_id)
            for asset in await tx.assets.of_cluster(cluster_id):
                await self._let_go(tx, asset, builder=builder, wipe=wipe)
            tx.journal.write(_changed(cluster, f"Cluster {cluster.spec.name} is deleted", None, now=self._clock.now()))
        return cluster

    async def kubeconfig(self, cluster_id: str) -> Secret:
        """Return a kubeconfig for the administrator of a ready cluster."""
        cluster, authority = await self._opened(cluster_id)
        return await asyncio.to_thread(self._authorities.kubeconfig, authority, cluster.spec, now=self._clock.now())

    async def talosconfig(self, cluster_id: str) -> Secret:
        """Return a talosconfig for the administrator of a ready Talos cluster."""
        cluster, authority = await self._opened(cluster_id)
        if cluster.spec.flavor is not Flavor.TALOS:
            raise TalosconfigNotAvailable(cluster)
        return await asyncio.to_thread(self._authorities.talosconfig, authority, cluster.spec, now=self._clock.now())

    async def _opened(self, cluster_id: str) -> tuple[Cluster, Secret]:
        async with self._store.reading() as look:
            cluster = await look.clusters.get(cluster_id)
            authority = await look.vault.get(cluster_id, AUTHORITY)
        if cluster.status is not ClusterStatus.READY or authority is None:
            raise KubeconfigNotReady(cluster)
        return cluster, authority

    async def _ready(self, tx: Transaction, cluster_id: str) -> Cluster:
        cluster = await tx.clusters.get(cluster_id)
        if cluster.held_by is not None:
            raise ClusterBusy(cluster)
        if cluster.status is not ClusterStatus.READY:
            raise ClusterNotReady(cluster)
        return cluster

    def _hold(self, tx: Transaction, cluster: Cluster, run: Run) -> Run:
        """Let *run* hold the cluster, and begin it."""
        held = replace(cluster, workflow_id=run.id, held_by=run.id, updated_at=run.created_at)
        tx.clusters.put(held)
        self._begin(tx, run)
        return run

    def _begin(self, tx: Transaction, run: Run) -> None:
        start(tx, run, now=run.created_at)
        tx.after_commit(self._work.ring)

    async def _let_go(self, tx: Transaction, asset: Asset, *, builder: str | None, wipe: bool) -> None:
        """Take the machine out of its deleted cluster; one that is still worked on is freed by its own run.

        An installed one that only waits for the rest, held by the *builder* of the cluster, is free at once.
        """
        asset = (await tx.assets.get_many([asset.id]))[asset.id]
        waits = builder is not None and asset.held_by == builder and asset.status is AssetStatus.PROVISIONED
        asset = replace(asset, cluster_id=None, held_by=None if waits else asset.held_by, updated_at=self._clock.now())
        tx.assets.put(asset)
        if wipe and asset.held_by is None and asset.status is AssetStatus.PROVISIONED:
            await self._assets.start_wipe(tx, asset.id, method=WipeMethod.SIGNATURES)


def _accepted(verdict: Review, world: World, *, name: str) -> ClusterSpec:
    """Return the spec, or raise `Conflict` where only the present state forbids it, or `ValidationFailed`."""
    conflict = conflict_in(verdict, world, name=name)
    if conflict is not None:
        raise conflict
    return verdict.accepted()


def _asset_ids(request: ClusterRequest) -> tuple[str, ...]:
    return tuple(node.asset_id for node in (*request.control_planes, *request.workers))


def _changed(cluster: Cluster, message: str, run: Run | None, *, now: datetime) -> Entry:
    return Entry(
        at=now,
        type=EventType.CLUSTER,
        message=message,
        cluster_id=cluster.id,
        run_id=run.id if run else None,
        status=cluster.status,
    )
