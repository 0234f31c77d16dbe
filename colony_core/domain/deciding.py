"""`decide`: what a run does about an event. Pure, total, and the same for every plan."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from colony_core.domain.decisions import (
    Act,
    CancelAsked,
    CancelChildren,
    ChildEnded,
    ChildStarted,
    Decision,
    Effect,
    Event,
    Failed,
    Finish,
    Heard,
    Interrupted,
    Level,
    Note,
    Spawn,
    Succeeded,
    Woken,
)
from colony_core.domain.steps import LONGEST_PAUSE, Action, Ask, Await, FanOut, Perform, Plan, Step
from colony_core.domain.workflows import ENDED, Child, Fault, Run, RunStatus, StepState, StepStatus

CANCELLED = Fault("WORKFLOW_CANCELLED", "The workflow was cancelled")

MOST_DOUBLINGS = 20
"""How often a pause is doubled at most: more would overflow before `LONGEST_PAUSE` could cut it."""


def decide(plan: Plan, run: Run, event: Event, *, now: datetime) -> Decision:  # noqa: C901 - one case an event
    """Return the run after *event*, and what to do about it.

    An event that is late, repeated, meant for another step or attempt, or after the end changes nothing.
    """
    if run.ended:
        return Decision(run)
    match event:
        case Woken(by):
            return _woken(plan, run, by=by, now=now)
        case Succeeded() if _awaited(run, event):
            return _passed(plan, run, now=now, enough=event.enough)
        case Failed() if _awaited(run, event):
            return _failed(plan, run, event.fault, final=event.final, now=now)
        case Interrupted() if _awaited(run, event) and _performs(plan, run):
            return _interrupted(plan, run, now=now)
        case Heard():
            return _heard(plan, run, event, now=now)
        case CancelAsked():
            return _cancel_asked(plan, run, now=now)
        case ChildStarted():
            return Decision(_child_started(plan, run, event))
        case ChildEnded():
            return _child_ended(plan, run, event, now=now)
    return Decision(run)


def begin(plan: Plan, run: Run) -> Run:
    """Return *run* with the steps of *plan* before it, none begun."""
    return replace(run, steps=tuple(StepState(name=step.name) for step in plan.steps))


def resumed(plan: Plan, old: Run, run: Run) -> Run:
    """Return *run* taking over the finished steps of *old*, so that it begins where trying again makes sense.

    It takes over the ticket too: what the old run installed goes on to speak with the token that it was given.
    """
    reached = next(place for place, step in enumerate(old.steps) if step.status is not StepStatus.COMPLETED)
    step = plan.steps[reached]
    name = step.resume_at or step.back_to or step.name
    start = next(place for place, one in enumerate(plan.steps) if one.name == name)
    kept = tuple(replace(state, kept=True) for state in old.steps[:start])
    fresh = tuple(StepState(name=one.name) for one in plan.steps[start:])
    return replace(run, steps=kept + fresh, position=start, retry_of=old.id, ticket=old.ticket, report=old.report)


def _woken(plan: Plan, run: Run, *, by: str | None, now: datetime) -> Decision:
    """Begin what is due; fail what has overrun its deadline."""
    step = run.steps[run.position]
    if step.status is StepStatus.RUNNING:
        if step.deadline is None or now < step.deadline:
            return Decision(run)
        return _overrun(plan, run, now=now)
    if step.not_before is not None and now < step.not_before:
        return Decision(run)
    return _attempt(plan, run, by=by, now=now)


def _attempt(plan: Plan, run: Run, *, by: str | None = None, now: datetime) -> Decision:
    """Begin the next attempt of the present step."""
    state = run.steps[run.position]
    step = plan.step(state.name)
    state = replace(
        state,
        status=StepStatus.RUNNING,
        attempt=state.attempt + 1,
        performer=by if isinstance(step.do, Perform) else None,
        not_before=None,
        started_at=state.started_at or now,
        deadline=now + _time_for(step, run),
    )
    started = replace(run, status=RunStatus.RUNNING, started_at=run.started_at or now)
    begun = _with_step(started, state)
    note = Note(state.name, Level.INFO, step.title + (f" (attempt {state.attempt})" if state.attempt > 1 else ""))
    match step.do:
        case Perform(action):
            act = Act(run.id, state.name, state.attempt, action, now + step.within)
            return Decision(begun, (act,), (note,))
        case Ask(evidence=evidence) if not set(evidence).isdisjoint(begun.heard):
            return _after(Decision(begun, (), (note,)), _passed(plan, begun, now=now))
        case Ask():
            return Decision(begun, (), (replace(note, message=f"{note.message}: somebody has to do it, and confirm"),))
        case Await(signal) if signal in begun.heard:
            return _after(Decision(begun, (), (note,)), _passed(plan, begun, now=now))
        case Await():
            return Decision(begun, (), (note,))
        case FanOut():
            return Decision(replace(begun, children=()), (Spawn(run.id),), (note,))


def _passed(plan: Plan, run: Run, *, now: datetime, enough: bool = False) -> Decision:
    """Close the present step as done, and go to the next, to a wanted cancel, or to the end.

    When it was *enough* the end is here, and the steps before it are skipped.
    """
    state = run.steps[run.position]
    done = _with_step(run, replace(state, status=StepStatus.COMPLETED, finished_at=now, deadline=None, error=None))
    if plan.step(state.name).do == Perform(Action.POWER_OFF):
        done = replace(done, heard=())  # What a machine said before it was off says nothing about its next start.
    if enough and run.ending is None:
        done = _skipping(done)
    last = done.position + 1 == len(run.steps)
    if run.ending is None and run.cancel_requested and not last:
        return _cleaning(plan, done, RunStatus.CANCELLED, CANCELLED, now=now)
    return _onward(done, now=now)


def _skipping(run: Run) -> Run:
    """Stand at the last step, with those that were not begun marked as skipped."""
    steps = tuple(
        replace(step, status=StepStatus.SKIPPED, not_before=None) if step.status is StepStatus.PENDING else step
        for step in run.steps
    )
    return replace(run, steps=steps, position=len(steps) - 1)


def _onward(run: Run, *, now: datetime) -> Decision:
    """Stand at the next step, or end after the last."""
    if run.position + 1 < len(run.steps):
        place = run.position + 1
        following = replace(run.steps[place], not_before=now)
        return Decision(_with_step(replace(run, position=place), following))
    status = run.ending or RunStatus.COMPLETED
    level = Level.INFO if status is RunStatus.COMPLETED else Level.ERROR
    message = status.value if run.error is None else f"{status.value}: {run.error.message}"
    ticket = None if status is RunStatus.COMPLETED else run.ticket
    ended = replace(run, status=status, finished_at=now, ticket=ticket, heard=())
    return Decision(ended, (Finish(run.id),), (Note(None, level, f"Workflow {message}"),))


def _failed(plan: Plan, run: Run, fault: Fault, *, final: bool, now: datetime) -> Decision:
    """Try again if the plan allows it; otherwise give the run up. A clean-up step that fails is passed over."""
    state = run.steps[run.position]
    step = plan.step(state.name)
    state = replace(state, failures=state.failures + 1, error=fault, deadline=None)
    failed = _with_step(run, state)
    note = Note(state.name, Level.WARNING, f"{fault.code}: {fault.message}")
    if run.ending is None and run.cancel_requested:
        given_up = _closed(failed, now=now)
        return _after(Decision(run, (), (note,)), _cleaning(plan, given_up, RunStatus.CANCELLED, CANCELLED, now=now))
    if not final and state.failures < step.tries:
        if isinstance(plan.step(step.back_to or step.name).do, Ask):
            failed = replace(failed, heard=())  # It speaks of the start that failed, not of the one to come.
        return Decision(_again(failed, step, now=now), (), (note,))
    given_up = _closed(failed, now=now)
    if run.ending is not None or step.optional:
        return _after(Decision(run, (), (note,)), _onward(given_up, now=now))
    return _after(Decision(run, (), (note,)), _cleaning(plan, given_up, RunStatus.FAILED, fault, now=now))


def _again(run: Run, step: Step, *, now: datetime) -> Run:
    """Put *run* back to where trying *step* again begins, after a pause; steps on the way get all their tries anew."""
    failed = run.steps[run.position]
    doublings = min(failed.failures - 1, MOST_DOUBLINGS)
    pause: timedelta = min(step.pause * 2**doublings, LONGEST_PAUSE)
    target = step.back_to or step.name
    start = next(place for place, state in enumerate(run.steps) if state.name == target)
    steps = list(run.steps)
    for place in range(start, run.position + 1):
        fresh = replace(steps[place], status=StepStatus.PENDING, kept=False, finished_at=None, deadline=None)
        steps[place] = fresh if place == run.position else replace(fresh, failures=0)
    steps[start] = replace(steps[start], not_before=now + pause)
    return replace(run, steps=tuple(steps), position=start)


def _overrun(plan: Plan, run: Run, *, now: datetime) -> Decision:
    """Fail the present step because its time is over; children that still work are told to stop first, once."""
    state = run.steps[run.position]
    step = plan.step(state.name)
    match step.do:
        case Await(overrun=(code, message)):
            return _failed(plan, run, Fault(code, message), final=False, now=now)
        case Ask():
            message = f"'{step.title}' was not confirmed within {_time_for(step, run)}: do it, and start the work again"
            return _failed(plan, run, Fault("TASK_NOT_CONFIRMED", message), final=True, now=now)
        case FanOut() if _living(run) and state.error is None:
            late = _with_step(run, replace(state, deadline=now + step.within, error=_too_slow(step)))
            return Decision(late, (CancelChildren(_living(run)),))
        case _:
            return _failed(plan, run, _too_slow(step), final=False, now=now)


def _interrupted(plan: Plan, run: Run, *, now: datetime) -> Decision:
    """Begin the attempt anew: its process is gone. Too many times, and it counts as a failure."""
    state = run.steps[run.position]
    if run.cancel_requested and run.ending is None:
        return _cleaning(plan, _closed(run, now=now), RunStatus.CANCELLED, CANCELLED, now=now)
    if state.interruptions >= plan.step(state.name).interruptions:
        fault = Fault("STEP_INTERRUPTED", "The service was stopped too often while it performed this step")
        return _failed(plan, run, fault, final=True, now=now)
    pending = replace(
        state, status=StepStatus.PENDING, interruptions=state.interruptions + 1, not_before=now, deadline=None
    )
    note = Note(state.name, Level.WARNING, "Interrupted by the end of the service; begun again")
    return Decision(_with_step(run, pending), (), (note,))


def _heard(plan: Plan, run: Run, event: Heard, *, now: datetime) -> Decision:
    """Take what the machine said as the outcome of the step that waits for it, or remember it for one to come."""
    state = run.steps[run.position]
    do = plan.step(state.name).do
    if isinstance(do, Await) and do.signal is event.signal and event.fault and state.status is StepStatus.PENDING:
        # The machine was given its job before anybody woke the run, and has failed already: nobody would say it again.
        begun = _attempt(plan, run, now=now)
        return _after(begun, _heard(plan, begun.run, event, now=now))
    if isinstance(do, Await) and state.status is StepStatus.RUNNING:
        if event.fault is not None:
            return _failed(plan, run, event.fault, final=event.final, now=now)
        if do.signal is event.signal:
            return _passed(plan, run, now=now)
    if event.fault is None and event.signal not in run.heard:
        known = replace(run, heard=(*run.heard, event.signal))
        if isinstance(do, Ask) and event.signal in do.evidence and state.status is StepStatus.RUNNING:
            return _passed(plan, known, now=now)
        return Decision(known)
    return Decision(run)


def _cancel_asked(plan: Plan, run: Run, *, now: datetime) -> Decision:
    """Stop at once where nothing is in flight; otherwise when the attempt in flight has told its outcome."""
    if run.cancel_requested or run.ending is not None:
        return Decision(run)
    asked = replace(run, cancel_requested=True)
    note = Note(run.steps[run.position].name, Level.WARNING, "Cancel requested")
    state = run.steps[run.position]
    do = plan.step(state.name).do
    in_flight = state.status is StepStatus.RUNNING
    if in_flight and isinstance(do, Perform):
        return Decision(asked, (), (note,))
    if in_flight and isinstance(do, FanOut) and _living(run):
        return Decision(asked, (CancelChildren(_living(run)),), (note,))
    stopped = _closed(asked, now=now) if in_flight else asked
    return _after(Decision(asked, (), (note,)), _cleaning(plan, stopped, RunStatus.CANCELLED, CANCELLED, now=now))


def _child_started(plan: Plan, run: Run, event: ChildStarted) -> Run:
    """Note a new child of the present fan-out; one that is known already, or comes too late, changes nothing."""
    state = run.steps[run.position]
    fans_out = state.status is StepStatus.RUNNING and isinstance(plan.step(state.name).do, FanOut)
    if not fans_out or any(child.run_id == event.run_id for child in run.children):
        return run
    return _with_child(run, Child(run_id=event.run_id, asset_id=event.asset_id))


def _child_ended(plan: Plan, run: Run, event: ChildEnded, *, now: datetime) -> Decision:
    """Note the child's end; when it was the last, the fan-out succeeds if every child did."""
    known = next((child for child in run.children if child.run_id == event.run_id), None)
    if known is None or known.status in ENDED:
        return Decision(run)
    run = _with_child(run, replace(known, status=event.status))
    state = run.steps[run.position]
    if _living(run) or state.status is not StepStatus.RUNNING:
        return Decision(run)
    lost = [child for child in run.children if child.status is not RunStatus.COMPLETED]
    if not lost:
        return _passed(plan, run, now=now)
    machines = ", ".join(f"{child.asset_id} ({child.run_id} {child.status})" for child in lost)
    fault = state.error or Fault("NODES_FAILED", f"Not every machine was installed: {machines}")
    return _failed(plan, run, fault, final=True, now=now)


def _cleaning(plan: Plan, run: Run, ending: RunStatus, fault: Fault, *, now: datetime) -> Decision:
    """Skip what is left, and walk the clean-up steps for this *ending*; with none, end here."""
    skipped = _skipping(run)
    extra = plan.after_failure if ending is RunStatus.FAILED else plan.after_cancel
    cleanup = tuple(StepState(name=step.name) for step in extra)
    turned = replace(skipped, steps=skipped.steps + cleanup, ending=ending, error=fault)
    return _onward(turned, now=now)


def _closed(run: Run, *, now: datetime) -> Run:
    """Mark the present step as failed for good."""
    state = run.steps[run.position]
    return _with_step(run, replace(state, status=StepStatus.FAILED, finished_at=now, deadline=None))


def _awaited(run: Run, event: Succeeded | Failed | Interrupted) -> bool:
    state = run.steps[run.position]
    return state.status is StepStatus.RUNNING and (state.name, state.attempt) == (event.step, event.attempt)


def _performs(plan: Plan, run: Run) -> bool:
    """Tell whether the present step is one that a process performs; waiting is in nobody's hands."""
    return isinstance(plan.step(run.steps[run.position].name).do, Perform)


def _living(run: Run) -> tuple[str, ...]:
    waiting = (RunStatus.PENDING, RunStatus.RUNNING)
    return tuple(child.run_id for child in run.children if child.status in waiting)


def _time_for(step: Step, run: Run) -> timedelta:
    """Return how long one attempt may take; what people do takes as long as the operator has set for this run."""
    return run.patience if run.patience is not None and isinstance(step.do, Ask) else step.within


def _too_slow(step: Step) -> Fault:
    return Fault("STEP_OVERRAN", f"'{step.title}' did not end within {step.within}")


def _with_step(run: Run, state: StepState) -> Run:
    return replace(run, steps=(*run.steps[: run.position], state, *run.steps[run.position + 1 :]))


def _with_child(run: Run, child: Child) -> Run:
    others = tuple(known for known in run.children if known.run_id != child.run_id)
    return replace(run, children=(*others, child))


def _after(first: Decision, second: Decision) -> Decision:
    """Return *second*, preceded by what *first* asked for and told."""
    effects: tuple[Effect, ...] = first.effects + second.effects
    return Decision(second.run, effects, first.notes + second.notes)
