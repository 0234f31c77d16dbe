"""Routes of clusters."""

from collections.abc import Sequence

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from colony_core import Cluster, Colony
from colony_core.domain.assets import AssetBusy, AssetInMaintenance, AssetNotAvailable
from colony_core.domain.clusters import (
    ClusterBusy,
    ClusterNameTaken,
    ClusterNotFound,
    ClusterNotReady,
    KubeconfigNotReady,
    TalosconfigNotAvailable,
)
from colony_core.domain.outcomes import meanwhile
from colony_core.domain.plan_hashes import PlanChanged, PlanHashInvalid
from colony_core.domain.topology import NodeNotFound, NodeNotRemovable
from colony_core.domain.validation import ValidationFailed
from colony_core.ports.persistence import CursorInvalid
from colony_http import examples
from colony_http.operations import Operation, described
from colony_http.replies import Reply, attached, created, shown
from colony_http.shapes_clusters import (
    ClusterList,
    ClusterQuery,
    ClusterView,
    CreateCluster,
    CreateQuery,
    DeleteQuery,
    GrowCluster,
    GrowQuery,
    StageView,
)
from colony_http.shapes_plans import PlanView
from colony_http.shapes_workflows import WorkflowView
from colony_http.workflows import begun

TAG = "Clusters"
YAML = "application/yaml"

_CLAIMS = (AssetNotAvailable, AssetBusy, AssetInMaintenance)
_LIST = Operation(
    summary="List clusters",
    tag=TAG,
    query=ClusterQuery,
    answers={200: ClusterList},
    errors=(CursorInvalid,),
)
_GET = Operation(summary="Get one cluster", tag=TAG, answers={200: ClusterView}, errors=(ClusterNotFound,))
_CREATE = Operation(
    summary="Create a cluster",
    tag=TAG,
    query=CreateQuery,
    answers={201: ClusterView, 200: PlanView},
    errors=(ValidationFailed, PlanHashInvalid, PlanChanged, ClusterNameTaken, *_CLAIMS),
    body_example=examples.CLUSTER,
)
_DELETE = Operation(
    summary="Delete a cluster",
    tag=TAG,
    query=DeleteQuery,
    answers={200: ClusterView},
    errors=(ValidationFailed, ClusterNotFound, ClusterBusy, AssetBusy, AssetInMaintenance),
)
_KUBECONFIG = Operation(
    summary="Download the kubeconfig",
    tag=TAG,
    answers={200: None},
    media=YAML,
    errors=(ClusterNotFound, KubeconfigNotReady),
    headers=("Content-Disposition",),
)
_TALOSCONFIG = Operation(
    summary="Download the talosconfig",
    tag=TAG,
    answers={200: None},
    media=YAML,
    errors=(ClusterNotFound, KubeconfigNotReady, TalosconfigNotAvailable),
    headers=("Content-Disposition",),
)
_GROW = Operation(
    summary="Add nodes to a cluster",
    tag=TAG,
    query=GrowQuery,
    answers={201: WorkflowView},
    errors=(ValidationFailed, ClusterNotFound, ClusterBusy, ClusterNotReady, *_CLAIMS),
    body_example=examples.GROWTH,
)
_SHRINK = Operation(
    summary="Remove a node from a cluster",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(ClusterNotFound, NodeNotFound, NodeNotRemovable, ClusterBusy, ClusterNotReady, *_CLAIMS),
)


@get("/clusters", **described(_LIST))
async def list_clusters(asked: NamedDependency[ClusterQuery], colony: NamedDependency[Colony]) -> Reply:
    """Return some of the clusters, oldest first."""
    page = await colony.clusters.page(asked.paging(), asked.where())
    return shown(ClusterList(clusters=await _seen(page.items, colony), next_cursor=page.next_cursor))


@get("/clusters/{id:str}", **described(_GET))
async def get_cluster(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return one cluster: what was asked, how far it has come, and how its nodes are."""
    (view,) = await _seen((await colony.clusters.get(id),), colony)
    return shown(view)


@post("/clusters", **described(_CREATE))
async def create_cluster(
    asked: NamedDependency[CreateQuery], data: JSONBody[CreateCluster], colony: NamedDependency[Colony]
) -> Reply:
    """Claim every machine, and start to build the cluster; everything on the chosen disks is destroyed.

    All errors come at once. With `dryRun` the plan is answered (200) and nothing is changed; its `planHash`, given
    here, makes sure that nothing else is done than what it showed.
    """
    if asked.dry_run:
        return shown(PlanView.of(await colony.clusters.plan(data.request(), strict=asked.strict)))
    expected = asked.expected(data)
    cluster = await colony.clusters.create(data.request(), strict=asked.strict, plan_hash=expected)
    return created(ClusterView.of(cluster, StageView.at_first(cluster)), f"/api/v1/clusters/{cluster.id}")


@delete("/clusters/{id:str}", **described(_DELETE))
async def delete_cluster(
    id: FromPath[str], asked: NamedDependency[DeleteQuery], colony: NamedDependency[Colony]
) -> Reply:
    """Forget the cluster, and return it as it was; its machines stay provisioned unless `wipe` is set."""
    cluster = await colony.clusters.delete(id, force=asked.force, wipe=asked.wipe)
    (view,) = await _seen((cluster,), colony)
    return shown(view)


@get("/clusters/{id:str}/kubeconfig", **described(_KUBECONFIG))
async def get_kubeconfig(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return a kubeconfig for the administrator of a ready cluster, with a new client certificate."""
    text = await colony.clusters.kubeconfig(id)
    return attached(text.reveal(), f"{(await colony.clusters.get(id)).spec.name}-kubeconfig.yaml")


@get("/clusters/{id:str}/talosconfig", **described(_TALOSCONFIG))
async def get_talosconfig(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return a talosconfig for the administrator of a ready Talos cluster, with a new client certificate."""
    text = await colony.clusters.talosconfig(id)
    return attached(text.reveal(), f"{(await colony.clusters.get(id)).spec.name}-talosconfig.yaml")


@post("/clusters/{id:str}/nodes", **described(_GROW))
async def add_nodes(
    id: FromPath[str],
    asked: NamedDependency[GrowQuery],
    data: JSONBody[GrowCluster],
    colony: NamedDependency[Colony],
) -> Reply:
    """Claim more machines, and start to add them to a ready cluster."""
    return begun(await colony.clusters.grow(id, data.growth(), strict=asked.strict), colony)


@delete("/clusters/{id:str}/nodes/{asset_id:str}", **described(_SHRINK))
async def remove_node(id: FromPath[str], asset_id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Start to take one machine out of a ready cluster; refused where quorum or the last control plane would go."""
    return begun(await colony.clusters.shrink(id, asset_id), colony)


async def _seen(clusters: Sequence[Cluster], colony: Colony) -> tuple[ClusterView, ...]:
    """Return *clusters* as clients see them, with two queries however many they are."""
    wanted = [cluster.workflow_id for cluster in clusters if cluster.workflow_id is not None]
    async with colony.ports.store.reading() as look:
        runs = await look.runs.get_many(wanted)
        children = await look.runs.children_of(wanted)

    def view(cluster: Cluster) -> ClusterView:
        run = runs.get(cluster.workflow_id or "")
        own = children.get(run.id, ()) if run else ()
        stage = StageView.of(run, own) if run else StageView.at_first(cluster)
        return ClusterView.of(meanwhile(cluster, own), stage)

    return tuple(map(view, clusters))


ROUTES = (
    list_clusters,
    get_cluster,
    create_cluster,
    delete_cluster,
    get_kubeconfig,
    get_talosconfig,
    add_nodes,
    remove_node,
)
