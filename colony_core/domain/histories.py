"""A run's history: everything that changed it, with its moment, from which the run follows by `decide` alone."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.decisions import Act, CancelChildren, Effect, Event, Finish, Spawn
from colony_core.domain.reports import Report
from colony_core.domain.workflows import Run, RunStatus, StepStatus
from colony_core.errors import Conflict


class Began(Struct, frozen=True, tag="began"):
    """The run was made, as it stands in `run`; a retry begins with the steps that it took over."""

    run: Run


class Reported(Struct, frozen=True, tag="reported"):
    """The machine handed in its proof."""

    report: Report


class Parked(Struct, frozen=True, tag="parked"):
    """The run waits for its turn."""


class CalledIn(Struct, frozen=True, tag="called-in"):
    """There is a place for the run: it is due now."""


Change = Reported | Parked | CalledIn
"""What befalls a run beside its plan: nothing is decided about it."""

Befallen = Began | Event | Change


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where something left a run, and what was asked for then: enough to tell when another decider goes another way.

    `step`, `state` and `attempt` are those of the present step; `due` is when the run must be woken.
    """

    status: RunStatus
    step: str | None = None
    state: StepStatus | None = None
    attempt: int = 0
    due: datetime | None = None
    asks: tuple[str, ...] = ()


class Happening(Struct, frozen=True):
    """One thing that changed a run, and where it left it. What changed nothing is no happening."""

    at: datetime
    what: Befallen
    after: Standing


class History(Struct, frozen=True):
    """A run as it is, and all that made it so, oldest first."""

    run: Run
    happenings: tuple[Happening, ...]


class Journal(Struct, frozen=True):
    """The history of a workflow, and after it those of the workflows that it began."""

    histories: tuple[History, ...]


class JournalNotKept(Conflict):
    """The workflow, or one that it began, is older than the release that began to keep journals."""

    code = "JOURNAL_NOT_KEPT"
    summary = "Journal was not kept"
    advice = "Retry the workflow: the journal of the new one is kept."

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Workflow '{run_id}' began under a release that kept no journals")


def history_of(run: Run, happenings: tuple[Happening, ...]) -> History:
    """Return the history of *run*, without its ticket; raise `JournalNotKept` when the beginning is missing."""
    if not happenings or not isinstance(happenings[0].what, Began):
        raise JournalNotKept(run.id)
    return History(without_ticket(run), happenings)


def changed(run: Run, change: Change, *, now: datetime) -> Run:
    """Return *run* after what befell it beside its plan."""
    match change:
        case Reported(report):
            return replace(run, report=report)
        case Parked():
            return replace(run, parked=True)
        case CalledIn():
            first = replace(run.steps[run.position], not_before=now)
            steps = (*run.steps[: run.position], first, *run.steps[run.position + 1 :])
            return replace(run, parked=False, steps=steps)


def standing(run: Run, effects: tuple[Effect, ...] = ()) -> Standing:
    """Return where *run* stands, with what the last decision asked for."""
    step = run.current
    asks = tuple(map(_asked, effects))
    if step is None:
        return Standing(status=run.status, asks=asks)
    return Standing(status=run.status, step=step.name, state=step.status, attempt=step.attempt, due=run.due, asks=asks)


def without_ticket(run: Run) -> Run:
    """Return *run* as it may be shown to anybody: the ticket is the one thing in it that is no one else's business."""
    return replace(run, ticket=None)


def _asked(effect: Effect) -> str:
    match effect:
        case Act(action=action):
            return action.value
        case Spawn():
            return "spawn"
        case CancelChildren():
            return "cancel-children"
        case Finish():
            return "finish"
