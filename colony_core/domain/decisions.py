"""The state machine of all work in words: what happens to a run, and what follows from it.

A `Run` walks the steps of its `Plan`. Whatever happens is an `Event`; `decide` answers with the run after it and
the `Effect`s that follow. Only `Woken` begins attempts, so that whoever wakes a run is the one who performs it;
an outcome names its step and attempt, so that late and repeated outcomes change nothing.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.steps import Action, Signal
from colony_core.domain.workflows import Fault, Run, RunStatus


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
