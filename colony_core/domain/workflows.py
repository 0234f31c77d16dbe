"""A run is a value: what has become of one execution of a plan, step by step."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.orders import Order
from colony_core.domain.reports import Report
from colony_core.domain.steps import Signal, WorkflowType
from colony_core.errors import Conflict, NotFound


class RunStatus(StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


class StepStatus(StrEnum):
    """Where a step stands. `skipped`: the run ended, or went to its clean-up, before the step was reached."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Fault(Struct, frozen=True):
    """Why something failed: a stable code, and a sentence that says what to do."""

    code: str
    message: str


class StepState(Struct, frozen=True, kw_only=True):
    """What has become of one step. `attempt` only ever rises; `not_before` holds back the next one.

    `kept` marks a step that an earlier run had finished and this one takes over. `performer` is the key of the call
    under which an act in flight is performed (see `colony_core.ports.dispatch`).
    """

    name: str
    status: StepStatus = StepStatus.PENDING
    attempt: int = 0
    failures: int = 0
    interruptions: int = 0
    kept: bool = False
    performer: str | None = None
    not_before: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deadline: datetime | None = None
    error: Fault | None = None


class Child(Struct, frozen=True, kw_only=True):
    """A child run as its parent sees it."""

    run_id: str
    asset_id: str
    status: RunStatus = RunStatus.PENDING


class Run(Struct, frozen=True, kw_only=True):
    """One execution of a plan; a workflow, as the API calls it.

    `position` is the index of the present step in `steps`, which grows by the clean-up steps when `ending` is set
    (the status that the run will have after them). `heard` holds what the machine said before a step asked for it.
    A `parked` run waits until it is called in. `patience` is how long a person
    has for a task (None: as the plan says). `ticket` is the SHA-256 (hex) of the token with which the machine
    proves that it speaks for this run; it opens nothing once the run has ended, unless a retry takes it over.
    """

    id: str
    type: WorkflowType
    plan: str
    plan_version: int
    order: Order
    asset_id: str | None = None
    cluster_id: str | None = None
    parent_id: str | None = None
    retry_of: str | None = None
    status: RunStatus = RunStatus.PENDING
    steps: tuple[StepState, ...]
    position: int = 0
    ending: RunStatus | None = None
    cancel_requested: bool = False
    heard: tuple[Signal, ...] = ()
    children: tuple[Child, ...] = ()
    parked: bool = False
    patience: timedelta | None = None
    ticket: str | None = None
    report: Report | None = None
    error: Fault | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    revision: int = 0

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen to the run."""
        return self.status in ENDED

    @property
    def current(self) -> StepState | None:
        """Return the step that the run stands at, or None once it has ended."""
        return None if self.ended else self.steps[self.position]

    def performed_under(self, key: str | None) -> bool:
        """Tell whether an act of the run is in flight that was begun under the call with this *key*."""
        step = self.current
        return step is not None and step.status is StepStatus.RUNNING and step.performer == key

    @property
    def due(self) -> datetime | None:
        """Return when the run must be woken: to begin an attempt, or because a deadline is over. None: never."""
        step = self.current
        if step is None or self.parked:
            return None
        if step.status is StepStatus.RUNNING:
            return step.deadline
        return step.not_before or self.created_at


class Progress(Struct, frozen=True):
    """How far work has come, in steps; `percent` is a whole number from 0 to 100."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        """Return the share that is done; work without steps is done."""
        return 100 * self.done // self.total if self.total else 100


def progress(run: Run, children: tuple["Run", ...] = ()) -> Progress:
    """Return how many steps of *run* and its *children* are done; a completed run has nothing left to do."""
    runs = (run, *children)
    total = sum(len(one.steps) for one in runs)
    if run.status is RunStatus.COMPLETED:
        return Progress(total, total)
    return Progress(sum(step.status is StepStatus.COMPLETED for one in runs for step in one.steps), total)


class WorkflowNotFound(NotFound):
    """No workflow has this id."""

    code = "WORKFLOW_NOT_FOUND"
    summary = "Workflow not found"
    advice = "List the workflows, and use an id from there."

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Workflow with ID '{run_id}' does not exist")


class WorkflowEnded(Conflict):
    """The workflow is over and cannot be cancelled."""

    code = "WORKFLOW_ENDED"
    summary = "Workflow has ended"
    advice = "There is nothing to cancel."

    def __init__(self, run: Run) -> None:
        super().__init__(f"Workflow '{run.id}' is {run.status}: only a pending or running workflow can be cancelled")


class WorkflowNotRetryable(Conflict):
    """The workflow cannot be retried as it stands."""

    code = "WORKFLOW_NOT_RETRYABLE"
    summary = "Workflow cannot be retried"
    advice = "Only failed and cancelled workflows can be retried, a cluster's by its own workflow."
