"""What a person is asked to do to a machine without a management controller, and whether that is over."""

from datetime import datetime

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.hardware import BootDevice
from colony_core.domain.orders import Reboot
from colony_core.domain.plans import plan_of
from colony_core.domain.steps import Ask, Chore
from colony_core.domain.workflows import Run, StepState, StepStatus
from colony_core.errors import Conflict, NotFound


class Task(Struct, frozen=True, kw_only=True):
    """One thing that a person has to do, and to confirm; `deadline` is when the work is given up for want of it.

    The id names the attempt, so that a confirmation that comes late or twice cannot be taken for another's.
    """

    id: str
    asset_id: str
    workflow_id: str
    step: str
    instruction: str
    since: datetime
    deadline: datetime | None


class TaskNotFound(NotFound):
    """Nothing of this id was ever asked of anybody for this machine."""

    code = "TASK_NOT_FOUND"
    summary = "Task not found"
    advice = "List the tasks (`GET /api/v1/tasks`), and use an id from there."

    def __init__(self, task_id: str) -> None:
        super().__init__(f"Task with ID '{task_id[:80]}' does not exist for this asset")


class TaskOver(Conflict):
    """The task is not asked for any more: its time is over, or its workflow has ended."""

    code = "TASK_OVER"
    summary = "Task is over"
    advice = "List the tasks to see what is asked for now."

    def __init__(self, task_id: str, run: Run) -> None:
        super().__init__(f"Task '{task_id}' is not asked for any more: workflow '{run.id}' is {run.status} and went on")


def task_of(asset: Asset, run: Run | None) -> Task | None:
    """Return what *run*, which holds *asset*, asks a person to do now; None if it asks nothing."""
    state = run.current if run is not None else None
    if run is None or state is None or state.status is not StepStatus.RUNNING:
        return None
    do = plan_of(run).step(state.name).do
    if not isinstance(do, Ask):
        return None
    return Task(
        id=_id(run, state),
        asset_id=asset.id,
        workflow_id=run.id,
        step=state.name,
        instruction=instruction(do.chore, asset, run),
        since=state.started_at or run.created_at,
        deadline=state.deadline,
    )


def asked_in(task_id: str) -> str:
    """Return the id of the workflow that a task's id names; it may not exist."""
    return task_id.partition(".")[0]


def awaited(task_id: str, run: Run) -> StepState | None:
    """Return the step of *run* that waits for *task_id*, or None if it is confirmed already.

    Raises `TaskNotFound`, or `TaskOver` when it went past it otherwise.
    """
    state = next((one for one in run.steps if _id(run, one).rpartition(".")[0] == task_id.rpartition(".")[0]), None)
    number = task_id.rpartition(".")[2]
    if state is None or not isinstance(plan_of(run).step(state.name).do, Ask) or not number.isdecimal():
        raise TaskNotFound(task_id)
    if len(number) > 9 or not 1 <= int(number) <= state.attempt:
        raise TaskNotFound(task_id)
    if int(number) == state.attempt and state.status is StepStatus.COMPLETED:
        return None
    if int(number) == state.attempt and state.status is StepStatus.RUNNING and not run.ended:
        return state
    raise TaskOver(task_id, run)


def instruction(chore: Chore, asset: Asset, run: Run) -> str:
    """Return in words what somebody shall do, and where the machine is found."""
    rack = f" in rack {asset.tags['rack']}" if asset.tags.get("rack") else ""
    slot = f", slot {asset.tags['slot']}" if asset.tags.get("slot") else ""
    machine = f"{asset.id} ({asset.hostname}){rack}{slot}"
    match chore:
        case Chore.START_FROM_NETWORK:
            return f"Switch {machine} off if it is on, press its power button and choose network boot; then confirm"
        case Chore.START_FROM_DISK:
            return f"Switch {machine} off if it is on, press its power button and let it boot from disk; then confirm"
        case Chore.RESTART:
            return f"Restart {machine}{_from(run)}; then confirm"


def _from(run: Run) -> str:
    wanted = run.order.boot_device if isinstance(run.order, Reboot) else None
    words = {BootDevice.PXE: " and choose network boot", BootDevice.DISK: " and let it boot from disk"}
    return words[wanted] if wanted is not None else ""


def _id(run: Run, state: StepState) -> str:
    return f"{run.id}.{state.name}.{state.attempt}"
