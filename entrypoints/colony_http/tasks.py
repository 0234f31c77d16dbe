"""Routes of what people do by hand."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from colony_core import Colony
from colony_core.domain.assets import AssetNotFound
from colony_core.domain.tasks import TaskNotFound, TaskOver
from colony_http.operations import Operation, described
from colony_http.replies import Reply, shown
from colony_http.shapes_tasks import TaskList, TaskView
from colony_http.shapes_workflows import WorkflowView

TAG = "Tasks"

_LIST = Operation(summary="List tasks for people", tag=TAG, answers={200: TaskList})
_CONFIRM = Operation(
    summary="Confirm a task",
    tag=TAG,
    answers={200: WorkflowView},
    errors=(AssetNotFound, TaskNotFound, TaskOver),
)


@get("/tasks", **described(_LIST))
async def list_tasks(colony: NamedDependency[Colony]) -> Reply:
    """Return what somebody has to do now to machines without a controller."""
    return shown(TaskList(tasks=tuple(map(TaskView.of, await colony.tasks.all()))))


@post("/assets/{id:str}/tasks/{task:str}/confirm", **described(_CONFIRM))
async def confirm_task(id: FromPath[str], task: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Say that a task is done; its workflow goes on. Saying it again changes nothing."""
    return shown(WorkflowView.of(await colony.tasks.confirm(id, task), now=colony.ports.clock.now()))


ROUTES = (list_tasks, confirm_task)
