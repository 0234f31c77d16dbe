"""Routes of work."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from colony_core import Colony, Run
from colony_core.domain.assets import AssetBusy, AssetInMaintenance, AssetNotAvailable, AssetNotFound
from colony_core.domain.clusters import ClusterBusy, ClusterNotFound
from colony_core.domain.validation import ValidationFailed
from colony_core.domain.workflows import WorkflowEnded, WorkflowNotFound, WorkflowNotRetryable
from colony_core.ports.persistence import CursorInvalid
from colony_http.operations import Operation, described
from colony_http.replies import Reply, created, shown
from colony_http.shapes_paging import PagingQuery
from colony_http.shapes_workflows import LogList, LogView, WorkflowList, WorkflowQuery, WorkflowView

TAG = "Workflows"

_LIST = Operation(
    summary="List workflows",
    tag=TAG,
    query=WorkflowQuery,
    answers={200: WorkflowList},
    errors=(CursorInvalid,),
)
_GET = Operation(summary="Get one workflow", tag=TAG, answers={200: WorkflowView}, errors=(WorkflowNotFound,))
_LOGS = Operation(
    summary="Get a workflow's log",
    tag=TAG,
    query=PagingQuery,
    answers={200: LogList},
    errors=(CursorInvalid, WorkflowNotFound),
)
_CANCEL = Operation(
    summary="Cancel a workflow",
    tag=TAG,
    answers={200: WorkflowView},
    errors=(WorkflowNotFound, WorkflowEnded),
)
_RETRY = Operation(
    summary="Retry a workflow",
    tag=TAG,
    answers={201: WorkflowView},
    errors=(
        ValidationFailed,
        WorkflowNotFound,
        AssetNotFound,
        ClusterNotFound,
        WorkflowNotRetryable,
        AssetNotAvailable,
        AssetBusy,
        AssetInMaintenance,
        ClusterBusy,
    ),
)


@get("/workflows", **described(_LIST))
async def list_workflows(asked: NamedDependency[WorkflowQuery], colony: NamedDependency[Colony]) -> Reply:
    """Return some of the workflows, oldest first."""
    page = await colony.workflows.page(asked.paging(), asked.where())
    children = await colony.workflows.children_of([run.id for run in page.items])
    now = colony.ports.clock.now()
    views = tuple(WorkflowView.of(run, children.get(run.id, ()), now=now) for run in page.items)
    return shown(WorkflowList(workflows=views, next_cursor=page.next_cursor))


@get("/workflows/{id:str}", **described(_GET))
async def get_workflow(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return one workflow: where it stands, every step with its deadline, and why it failed if it did."""
    return shown(await _seen(await colony.workflows.get(id), colony))


@get("/workflows/{id:str}/logs", **described(_LOGS))
async def get_logs(id: FromPath[str], asked: NamedDependency[PagingQuery], colony: NamedDependency[Colony]) -> Reply:
    """Return some of what happened in a workflow, oldest first."""
    page = await colony.workflows.logs(id, asked.paging())
    return shown(LogList(logs=tuple(map(LogView.of, page.items)), next_cursor=page.next_cursor))


@post("/workflows/{id:str}/cancel", **described(_CANCEL))
async def cancel_workflow(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Ask a workflow to stop at its next safe point; asking again changes nothing."""
    return shown(await _seen(await colony.workflows.cancel(id), colony))


@post("/workflows/{id:str}/retry", **described(_RETRY))
async def retry_workflow(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Start a new workflow from the failed step of one that failed or was cancelled; finished steps are `kept`."""
    return begun(await colony.workflows.retry(id), colony)


def begun(run: Run, colony: Colony) -> Reply:
    """Answer that *run* was made, and where it is found."""
    return created(WorkflowView.of(run, now=colony.ports.clock.now()), f"/api/v1/workflows/{run.id}")


async def _seen(run: Run, colony: Colony) -> WorkflowView:
    children = await colony.workflows.children_of([run.id]) if run.children else {}
    return WorkflowView.of(run, children.get(run.id, ()), now=colony.ports.clock.now())


ROUTES = (list_workflows, get_workflow, get_logs, cancel_workflow, retry_workflow)
