"""Histories of workflows for property tests: plans that nobody wrote, and everything that can happen to their runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import strategies as st
from msgspec import Struct

from colony_core.domain.deciding import decide
from colony_core.domain.decisions import (
    Act,
    CancelAsked,
    ChildEnded,
    ChildStarted,
    Decision,
    Event,
    Failed,
    Heard,
    Interrupted,
    Spawn,
    Succeeded,
    Woken,
)
from colony_core.domain.plans import PLANS
from colony_core.domain.steps import Action, Ask, Await, Chore, FanOut, Perform, Plan, Signal, Step, WorkflowType
from colony_core.domain.workflows import ENDED, Fault, Run, RunStatus, StepStatus
from colony_testkit.builders import BROKEN, a_run


class Turn(Struct, frozen=True):
    """One thing that happened to a run, and what was decided about it."""

    before: Run
    event: Event
    now: datetime
    decision: Decision


class Life(Struct, frozen=True):
    """What happened to one run of a plan since it was as it is in `start`."""

    plan: Plan
    start: Run
    turns: tuple[Turn, ...] = ()

    def __repr__(self) -> str:
        steps = [(step.name, step.do, f"x{step.tries}", step.back_to) for step in self.plan.steps]
        return f"Life({self.plan.key} {steps}: {[(turn.event, str(turn.now)) for turn in self.turns]})"

    @property
    def run(self) -> Run:
        """Return the run as it is now."""
        return self.turns[-1].decision.run if self.turns else self.start

    @property
    def now(self) -> datetime:
        """Return when the last thing happened."""
        return self.turns[-1].now if self.turns else self.start.created_at


_DOINGS = st.one_of(
    st.builds(Perform, st.sampled_from(Action)),
    st.builds(Ask, st.sampled_from(Chore), st.lists(st.sampled_from(Signal), max_size=2).map(tuple)),
    st.builds(Await, st.sampled_from(Signal), st.just(("TOO_LATE", "It never came"))),
    st.just(FanOut()),
)
_PAUSES = st.sampled_from([timedelta(0), timedelta(seconds=2), timedelta(minutes=3)])


@st.composite
def invented_plans(draw: st.DrawFn) -> Plan:
    """Draw a plan that keeps the rules of plans and makes no sense."""
    main = _steps(draw, "step", draw(st.integers(1, 5)))
    after_failure = _steps(draw, "failed", draw(st.integers(0, 2)))
    after_cancel = after_failure if draw(st.booleans()) else _steps(draw, "cancelled", draw(st.integers(0, 2)))
    typical = (timedelta(minutes=1), timedelta(minutes=2))
    return Plan(
        key="invented",
        version=1,
        type=WorkflowType.OS_PROVISION,
        steps=main,
        after_failure=after_failure,
        after_cancel=after_cancel,
        typical=typical,
    )


def _steps(draw: st.DrawFn, prefix: str, count: int) -> tuple[Step, ...]:
    names = [f"{prefix}-{place}" for place in range(count)]
    return tuple(
        Step(
            name=name,
            title=name,
            do=draw(_DOINGS if prefix == "step" else st.builds(Perform, st.sampled_from(Action))),
            within=timedelta(seconds=draw(st.integers(1, 600))),
            tries=draw(st.integers(1, 3)),
            pause=draw(_PAUSES),
            back_to=draw(st.none() | st.sampled_from(names[: place + 1])),
            resume_at=draw(st.none() | st.sampled_from(names[: place + 1])),
            interruptions=draw(st.integers(0, 2)),
        )
        for place, name in enumerate(names)
    )


plans = st.one_of(st.sampled_from(list(PLANS.values())), invented_plans())
"""Plans: real ones and invented ones."""


def _moment(draw: st.DrawFn, run: Run, now: datetime) -> datetime:
    """Draw when something happens next: at once, a little later, or exactly when the run is due."""
    due = run.due
    choices = [now, now + timedelta(seconds=1)]
    return draw(st.sampled_from([*choices, max(now, due)] if due is not None else choices))


def _outcome(draw: st.DrawFn, step: str, attempt: int) -> Event:
    good = Succeeded(step, attempt)
    bad = Failed(step, attempt, BROKEN, draw(st.booleans()))
    outcomes: list[Event] = [good, good, bad, Interrupted(step, attempt)]
    return draw(st.sampled_from(outcomes))


@st.composite
def events(draw: st.DrawFn, run: Run) -> Event:
    """Draw something that may happen to *run*: what it waits for, what comes too late, and what is none of its own."""
    state = run.steps[run.position]
    kind = draw(st.sampled_from(["wake"] * 4 + ["outcome"] * 4 + ["late", "hear", "hear", "child", "child", "cancel"]))
    if kind == "outcome":
        return _outcome(draw, state.name, state.attempt)
    if kind == "late":
        return _outcome(draw, draw(st.sampled_from(run.steps)).name, draw(st.integers(0, 3)))
    if kind == "hear":
        return Heard(draw(st.sampled_from(Signal)), draw(st.none() | st.just(Fault("BAD", "Bad news"))), final=False)
    if kind == "child":
        return _of_child(draw, run)
    return CancelAsked() if kind == "cancel" and draw(st.booleans()) else Woken()


def _of_child(draw: st.DrawFn, run: Run) -> Event:
    known = [child.run_id for child in run.children]
    child = draw(st.sampled_from([*known, "stranger"]))
    if draw(st.integers(0, 4)) == 0:
        return ChildStarted(child, "asset-9")
    return ChildEnded(child, draw(st.sampled_from([RunStatus.COMPLETED, *sorted(ENDED)])))


@st.composite
def lives(draw: st.DrawFn, plan: st.SearchStrategy[Plan] = plans, *, longest: int = 25) -> Life:
    """Draw a plan, and a life of one of its runs: at most *longest* things happen to it."""
    chosen = draw(plan)
    life = Life(chosen, a_run(chosen))
    for _ in range(draw(st.integers(0, longest))):
        now = _moment(draw, life.run, life.now)
        life = lived(life, draw(events(life.run)), now=now, children=draw(st.integers(0, 3)))
    return life


def lived(life: Life, event: Event, *, now: datetime, children: int = 2) -> Life:
    """Return *life* after *event*; a fan-out finds so many machines to start children for, at once."""
    return Life(life.plan, life.start, (*life.turns, *_turns(life.plan, life.run, event, now=now, children=children)))


def _turns(plan: Plan, run: Run, event: Event, *, now: datetime, children: int = 2) -> list[Turn]:
    turns = [_turn(plan, run, event, now)]
    decided = turns[0].decision
    if not any(isinstance(effect, Spawn) for effect in decided.effects):
        return turns
    state = decided.run.steps[decided.run.position]
    follow: list[Event] = [
        ChildStarted(f"child-{state.name}-{state.attempt}-{number}", f"asset-{number}") for number in range(children)
    ]
    for start in follow or [Succeeded(state.name, state.attempt)]:
        turns.append(_turn(plan, turns[-1].decision.run, start, now))
    return turns


def _turn(plan: Plan, run: Run, event: Event, now: datetime) -> Turn:
    return Turn(run, event, now, decide(plan, run, event, now=now))


def in_silence(life: Life, *, at_most: int) -> Life:
    """Return *life* after its run was woken whenever it was due, and heard nothing else, until its end.

    Raises `AssertionError` when that takes more than *at_most* wake-ups.
    """
    return _until_the_end(life, lambda plan, run: Woken(), at_most=at_most)


def in_fortune(life: Life, *, at_most: int = 500) -> Life:
    """Return *life* after everything that its run asked for went well, at once, until its end."""
    return _until_the_end(life, _good_news, at_most=at_most)


def _until_the_end(life: Life, follows: Callable[[Plan, Run], Event], *, at_most: int) -> Life:
    plan, run, now, turns = life.plan, life.run, life.now, list(life.turns)
    for _ in range(at_most):
        due = run.due
        if due is None:
            return Life(plan, life.start, tuple(turns))
        event = follows(plan, run)
        now = max(now, due) if isinstance(event, Woken) else now
        turns += _turns(plan, run, event, now=now)
        run = turns[-1].decision.run
    raise AssertionError(f"not ended after {at_most} events: {run}")


def _good_news(plan: Plan, run: Run) -> Event:
    state = run.steps[run.position]
    if state.status is not StepStatus.RUNNING:
        return Woken()
    match plan.step(state.name).do:
        case Perform() | Ask():
            return Succeeded(state.name, state.attempt)
        case Await(signal):
            return Heard(signal)
        case FanOut():
            living = (child.run_id for child in run.children if child.status not in ENDED)
            return ChildEnded(next(living), RunStatus.COMPLETED)


def acts(life: Life) -> list[Act]:
    """Return everything that the run asked to have performed, in order."""
    return [effect for turn in life.turns for effect in turn.decision.effects if isinstance(effect, Act)]
