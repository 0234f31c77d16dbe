"""The state machine of all work: a plan is data, a run is a value, `decide` is the only way forward.

A `Run` walks the steps of its `Plan`. Whatever happens is an `Event`; `decide` answers with the run after it and
the `Effect`s that follow. Only `Woken` begins attempts, so that whoever wakes a run is the one who performs it;
an outcome names its step and attempt, so that late and repeated outcomes change nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.orders import Order
from colony_core.domain.reports import Report
from colony_core.errors import Conflict, NotFound


class WorkflowType(StrEnum):
    """What a workflow does, as the API names it."""

    ASSET_DISCOVERY = "asset-discovery"
    OS_PROVISION = "os-provision"
    DISK_WIPE = "disk-wipe"
    ASSET_REBOOT = "asset-reboot"
    CLUSTER_PROVISION = "cluster-provision"
    CLUSTER_SCALE = "cluster-scale"
    BMC_ROTATION = "bmc-rotation"


class Action(StrEnum):
    """What a step asks of a port; the answer is its outcome. Every action is safe to repeat."""

    CONTACT = "contact"
    INSPECT = "inspect"
    POWER_OFF = "power-off"
    POWER_ON = "power-on"
    RESTART = "restart"
    BOOT_FROM_NETWORK = "boot-from-network"
    BOOT_FROM_DISK = "boot-from-disk"
    SET_ASKED_BOOT_DEVICE = "set-asked-boot-device"
    CREATE_AUTHORITY = "create-authority"
    BOOTSTRAP = "bootstrap"
    CHECK_API = "check-api"
    CHECK_NODES = "check-nodes"
    INSTALL_STACK = "install-stack"
    CHECK_STACK = "check-stack"
    REMOVE_NODE = "remove-node"
    POWER_OFF_REMOVED = "power-off-removed"
    CHANGE_PASSWORD = "change-password"  # noqa: S105 - an action, not a password
    SETTLE_PASSWORD = "settle-password"  # noqa: S105 - an action, not a password


class Signal(StrEnum):
    """What a machine says of its own accord."""

    ASKED_FOR_BOOT = "asked-for-boot"
    SENT_INVENTORY = "sent-inventory"
    INSTALLED = "installed"
    WIPED = "wiped"
    BOOTED = "booted"


class Chore(StrEnum):
    """What a person is asked to do to a machine that has no controller."""

    START_FROM_NETWORK = "start-from-network"
    START_FROM_DISK = "start-from-disk"
    RESTART = "restart"


class Perform(Struct, frozen=True, tag="perform"):
    """A step that acts."""

    action: Action


class Await(Struct, frozen=True, tag="await"):
    """A step that waits for the machine to say something. A wait that overran fails with `overrun`."""

    signal: Signal
    overrun: tuple[str, str]


class Ask(Struct, frozen=True, tag="ask"):
    """A step that a person does and confirms; a machine that says one of `evidence` has confirmed it by itself."""

    chore: Chore
    evidence: tuple[Signal, ...] = ()


class FanOut(Struct, frozen=True, tag="fan-out"):
    """A step that starts one child run per machine and waits for them all."""


class Step(Struct, frozen=True, kw_only=True):
    """One step of a plan.

    `within` bounds one attempt. After a failure the step is tried again, up to `tries` attempts, beginning at step
    `back_to` (itself unless named) after `pause`, doubled each time up to `LONGEST_PAUSE`. An attempt that was cut
    off by the end of its process is no failure; it is repeated up to `interruptions` times. When a whole run is
    retried after this step failed, it begins at `resume_at` (where `back_to` points, unless named). A step that is
    `optional` is passed over when its last attempt failed.
    """

    name: str
    title: str
    do: Perform | Await | Ask | FanOut
    within: timedelta
    tries: int = 1
    pause: timedelta = timedelta(seconds=5)
    back_to: str | None = None
    resume_at: str | None = None
    interruptions: int = 25
    optional: bool = False


LONGEST_PAUSE = timedelta(minutes=2)


class Plan(Struct, frozen=True, kw_only=True):
    """All steps of one kind of work, with what is done after a failure or a cancel. Step names are unique in it.

    `key` and `version` name the plan for good: a run keeps the plan it began with. `typical` is how long it usually
    takes on real machines, from the documents of the original.
    """

    key: str
    version: int
    type: WorkflowType
    steps: tuple[Step, ...]
    after_failure: tuple[Step, ...] = ()
    after_cancel: tuple[Step, ...] = ()
    typical: tuple[timedelta, timedelta]

    def step(self, name: str) -> Step:
        """Return the step called *name*, wherever it stands in the plan."""
        return next(step for step in (*self.steps, *self.after_failure, *self.after_cancel) if step.name == name)


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


class Woken(Struct, frozen=True, tag="woken", omit_defaults=True):
    """Somebody looks after the run now, and will perform what it asks for, under the call with the key `by`."""

    by: str | None = None


class Succeeded(Struct, frozen=True, tag="succeeded", omit_defaults=True):
    """The attempt did what it should; when that was `enough`, the rest of the plan is not needed."""

    step: str
    attempt: int
    enough: bool = False


class Failed(Struct, frozen=True, tag="failed"):
    """The attempt failed; `final` when trying again is useless."""

    step: str
    attempt: int
    fault: Fault
    final: bool = False


class Interrupted(Struct, frozen=True, tag="interrupted"):
    """The process that performed the attempt is gone, and nobody knows how far it came."""

    step: str
    attempt: int


class Heard(Struct, frozen=True, tag="heard"):
    """The machine said something; with a `fault` it says that this went wrong, for good when `final`."""

    signal: Signal
    fault: Fault | None = None
    final: bool = False


class CancelAsked(Struct, frozen=True, tag="cancel-asked"):
    """Somebody wants the run to stop at the next safe point."""


class ChildStarted(Struct, frozen=True, tag="child-started"):
    """A child run was made for a machine of this run's present fan-out."""

    run_id: str
    asset_id: str


class ChildEnded(Struct, frozen=True, tag="child-ended"):
    """A child run came to its end."""

    run_id: str
    status: RunStatus


Event = Woken | Succeeded | Failed | Interrupted | Heard | CancelAsked | ChildStarted | ChildEnded


class Act(Struct, frozen=True):
    """Perform *action* through its port, outside any transaction, and tell the outcome of this step and attempt."""

    run_id: str
    step: str
    attempt: int
    action: Action
    deadline: datetime


class Spawn(Struct, frozen=True):
    """Make one child run for every machine that still needs one, and tell the run of each (`ChildStarted`)."""

    run_id: str


class CancelChildren(Struct, frozen=True):
    """Ask every living child to stop."""

    run_ids: tuple[str, ...]


class Finish(Struct, frozen=True):
    """The run has ended: make its lifecycle move, free what it held, tell its parent."""

    run_id: str


Effect = Act | Spawn | CancelChildren | Finish


class Level(StrEnum):
    """How much a note matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Note(Struct, frozen=True):
    """A line for the run's log."""

    step: str | None
    level: Level
    message: str


class Decision(Struct, frozen=True):
    """The run after an event, what follows from it, and what to tell people."""

    run: Run
    effects: tuple[Effect, ...] = ()
    notes: tuple[Note, ...] = ()


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
