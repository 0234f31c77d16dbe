"""The decider: examples of what each event means, and laws for every history of every plan."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.cluster_plans import INSTALL_NODES, TALOS
from colony_core.domain.deciding import CANCELLED, decide, resumed
from colony_core.domain.decisions import (
    Act,
    CancelAsked,
    CancelChildren,
    ChildEnded,
    ChildStarted,
    Decision,
    Event,
    Failed,
    Finish,
    Heard,
    Interrupted,
    Level,
    Spawn,
    Succeeded,
    Woken,
)
from colony_core.domain.machine_plans import ASSET_DISCOVERY, ASSET_REBOOT, OS_PROVISION
from colony_core.domain.manual_plans import MANUAL_PLANS
from colony_core.domain.reports import InstallReceipt
from colony_core.domain.steps import Action, Ask, Await, FanOut, Perform, Plan, Signal, Step, WorkflowType
from colony_core.domain.workflows import ENDED, Child, Fault, Run, RunStatus, StepStatus, progress
from colony_testkit.builders import ALL_PLANS, BROKEN, NOON, a_run, a_run_at, after, an_install, failure
from colony_testkit.histories import Life, acts, in_fortune, in_silence, invented_plans, lived, lives

SOON = NOON + timedelta(seconds=1)
STEPS = [(plan, step) for plan in ALL_PLANS for step in plan.steps]
laws = settings(max_examples=settings().max_examples // 2)  # Each example is a whole life.
STEP_IDS = [f"{plan.key}:{step.name}" for plan, step in STEPS]


def status_of(run: Run, step: str) -> StepStatus:
    return next(state.status for state in run.steps if state.name == step)


# Beginning attempts


def test_waking_a_new_run_asks_for_its_first_step() -> None:
    decision = decide(OS_PROVISION, a_run(), Woken(), now=NOON)

    assert decision.run.status is RunStatus.RUNNING
    assert decision.effects == (Act("workflow-1", "contact", 1, Action.CONTACT, NOON + timedelta(seconds=30)),)


def test_a_run_begins_once_and_says_which_attempt_it_makes() -> None:
    first = decide(OS_PROVISION, a_run(), Woken(), now=SOON)
    failed = after(OS_PROVISION, first.run, failure(first.run), now=SOON)
    second = decide(OS_PROVISION, failed, Woken(), now=SOON + timedelta(minutes=9))

    assert (first.run.started_at, second.run.started_at) == (SOON, SOON)
    assert [note.message for note in first.notes] == ["Reach the management controller"]
    assert [note.message for note in second.notes] == ["Reach the management controller (attempt 2)"]


def test_a_step_that_succeeds_in_the_end_tells_no_error_any_more() -> None:
    run = after(OS_PROVISION, a_run(), Woken())
    run = after(OS_PROVISION, after(OS_PROVISION, run, failure(run)), Woken(), now=NOON + timedelta(minutes=9))
    assert run.steps[0].error == BROKEN

    run = after(OS_PROVISION, run, Succeeded("contact", 2))

    assert (run.steps[0].status, run.steps[0].error) == (StepStatus.COMPLETED, None)


def test_waking_a_run_in_flight_changes_nothing_before_its_deadline() -> None:
    run = after(OS_PROVISION, a_run(), Woken())

    assert decide(OS_PROVISION, run, Woken(), now=SOON).run == run
    assert decide(OS_PROVISION, run, Woken(), now=SOON).effects == ()


def test_a_step_that_waits_asks_for_nothing() -> None:
    decision = decide(OS_PROVISION, a_run_at(OS_PROVISION, "await-boot-request"), Woken(), now=NOON)

    assert decision.effects == ()
    assert decision.run.due == NOON + timedelta(minutes=10)


def test_a_step_that_fans_out_starts_its_children() -> None:
    decision = decide(TALOS, a_run_at(TALOS, "install-nodes"), Woken(), now=NOON)

    assert decision.effects == (Spawn("workflow-1"),)


# Outcomes


def test_success_leads_to_the_next_step_and_waking_begins_it() -> None:
    run = after(OS_PROVISION, a_run(), Woken(), Succeeded("contact", 1))

    assert run.current is not None
    assert (run.current.name, run.due) == ("power-off", NOON)


def test_a_step_is_due_when_the_one_before_it_has_succeeded() -> None:
    run = after(OS_PROVISION, after(OS_PROVISION, a_run(), Woken()), Succeeded("contact", 1), now=SOON)

    assert run.due == SOON


def test_a_run_that_has_ended_remembers_nothing_that_its_machine_said() -> None:
    run = replace(a_run_at(ASSET_REBOOT, "confirm-power"), heard=(Signal.BOOTED,))

    assert after(ASSET_REBOOT, run, Woken(), Succeeded("confirm-power", 1)).heard == ()


def test_the_last_success_completes_the_run_and_takes_its_ticket() -> None:
    run = replace(a_run_at(ASSET_REBOOT, "confirm-power"), ticket="stub")

    decision = decide(ASSET_REBOOT, after(ASSET_REBOOT, run, Woken()), Succeeded("confirm-power", 1), now=SOON)

    assert decision.effects == (Finish("workflow-1"),)
    assert (decision.run.status, decision.run.finished_at, decision.run.ticket) == (RunStatus.COMPLETED, SOON, None)


def test_a_failed_attempt_is_repeated_after_a_pause_that_doubles_up_to_two_minutes() -> None:
    run, waits = a_run_at(OS_PROVISION, "power-off"), []
    for _ in range(7):
        run = after(OS_PROVISION, run, Woken(), now=run.due or NOON)
        failed = after(OS_PROVISION, run, failure(run), now=NOON)
        assert failed.due is not None
        waits.append((failed.due - NOON).total_seconds())
        run = failed

    assert waits == [2, 4, 8, 16, 32, 64, 120]


def test_a_run_that_is_out_of_tries_walks_its_clean_up_and_fails_for_the_first_reason() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "await-install"), Woken())
    run = after(OS_PROVISION, run, Heard(Signal.INSTALLED, BROKEN), now=SOON)
    assert run.current is not None
    assert run.current.name == "power-off"

    run = replace(a_run_at(OS_PROVISION, "await-install"), steps=run.steps, position=6)
    run = after(OS_PROVISION, run, Woken(), Heard(Signal.INSTALLED, BROKEN), now=NOON + timedelta(hours=1))

    assert (run.status, run.ending, run.error) == (RunStatus.RUNNING, RunStatus.FAILED, BROKEN)
    assert run.current is not None
    assert run.current.name == "leave-off"


def test_trying_again_is_useless_after_a_final_failure() -> None:
    run = after(ASSET_REBOOT, a_run(ASSET_REBOOT), Woken())

    decision = decide(ASSET_REBOOT, run, failure(run, final=True), now=NOON)

    assert (decision.run.status, decision.run.error) == (RunStatus.FAILED, BROKEN)
    assert decide(ASSET_REBOOT, run, Failed("contact", 1, BROKEN), now=NOON).run.ending is None
    assert [state.status for state in decision.run.steps] == [StepStatus.FAILED, *[StepStatus.SKIPPED] * 3]


def test_going_back_gives_the_steps_on_the_way_all_their_tries_anew() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "power-off"), Woken())
    for _ in range(7):
        run = after(OS_PROVISION, run, failure(run))
        run = after(OS_PROVISION, run, Woken(), now=run.due or NOON)
    assert run.steps[1].failures == 7
    run = after(OS_PROVISION, run, Succeeded("power-off", 8))
    waiting = replace(a_run_at(OS_PROVISION, "await-boot-request"), steps=run.steps, position=4)

    back = after(OS_PROVISION, waiting, Woken(), Woken(), now=NOON + timedelta(minutes=5))
    back = after(OS_PROVISION, back, Woken(), now=NOON + timedelta(minutes=20))

    assert back.current is not None
    assert (back.current.name, back.current.failures, back.current.attempt) == ("power-off", 0, 8)
    assert {state.finished_at for state in back.steps[back.position :]} == {None}
    assert back.steps[4].failures == 1


def test_a_step_that_was_kept_from_an_earlier_run_and_is_done_again_is_no_longer_kept() -> None:
    old = replace(a_run_at(OS_PROVISION, "start-installed"), status=RunStatus.FAILED)
    run = resumed(OS_PROVISION, old, a_run(id="workflow-2"))
    while run.current is not None and run.current.name != "await-first-boot":
        run = after(OS_PROVISION, run, Woken(), now=run.due or NOON)
        assert run.current is not None
        run = after(OS_PROVISION, run, Succeeded(run.current.name, run.current.attempt))

    back = after(OS_PROVISION, run, Woken(), Heard(Signal.BOOTED, BROKEN))

    assert back.current is not None
    assert (back.current.name, back.current.kept) == ("stop-after-install", False)


def test_an_attempt_that_overran_its_deadline_has_failed() -> None:
    run = after(ASSET_REBOOT, a_run(ASSET_REBOOT), Woken())

    late = after(ASSET_REBOOT, run, Woken(), now=NOON + timedelta(seconds=30))

    assert late.steps[0].failures == 1
    assert late.steps[0].error is not None
    assert late.steps[0].error.code == "STEP_OVERRAN"


def test_a_machine_that_never_asks_for_its_boot_script_is_explained_to_people() -> None:
    run = after(ASSET_DISCOVERY, a_run_at(ASSET_DISCOVERY, "await-boot-request"), Woken())

    late = after(ASSET_DISCOVERY, run, Woken(), now=NOON + timedelta(minutes=10))

    fault = next(step.error for step in late.steps if step.name == "await-boot-request")
    assert fault is not None
    assert fault.message.startswith("BMC accepted boot device pxe but the machine never asked for its boot script")


# Plans that end early


def test_what_was_enough_ends_the_run_and_leaves_nothing_to_do() -> None:
    run = after(ASSET_DISCOVERY, a_run_at(ASSET_DISCOVERY, "inspect"), Woken())

    decision = decide(ASSET_DISCOVERY, run, Succeeded("inspect", 1, enough=True), now=NOON)

    assert decision.run.status is RunStatus.COMPLETED
    assert decision.effects == (Finish(run.id),)
    assert {step.status for step in decision.run.steps[2:]} == {StepStatus.SKIPPED}
    assert decision.run.current is None


def test_what_was_not_enough_goes_on() -> None:
    run = after(ASSET_DISCOVERY, a_run_at(ASSET_DISCOVERY, "inspect"), Woken(), Succeeded("inspect", 1))

    assert run.current is not None
    assert run.current.name == "power-off"


def test_an_optional_step_is_passed_over_once_its_last_attempt_failed() -> None:
    run = after(ASSET_DISCOVERY, a_run_at(ASSET_DISCOVERY, "inspect"), Woken())

    passed = after(ASSET_DISCOVERY, run, Failed("inspect", 1, Fault("BMC_REFUSED", "no"), final=True))

    assert status_of(passed, "inspect") is StepStatus.FAILED
    assert (passed.status, passed.error) == (RunStatus.RUNNING, None)
    assert passed.current is not None
    assert passed.current.name == "power-off"


# What machines say


def test_what_the_machine_says_ends_the_wait_for_it() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "await-inventory"), Woken(), Heard(Signal.SENT_INVENTORY))

    assert status_of(run, "await-inventory") is StepStatus.COMPLETED


def test_a_failure_that_is_told_before_its_wait_has_begun_is_not_lost() -> None:
    about_to_wait = a_run_at(OS_PROVISION, "await-install")

    early = after(OS_PROVISION, about_to_wait, Heard(Signal.INSTALLED, BROKEN))

    assert early == after(OS_PROVISION, about_to_wait, Woken(), Heard(Signal.INSTALLED, BROKEN))
    assert next(state for state in early.steps if state.name == "await-install").failures == 1


def test_what_the_machine_says_too_early_is_remembered_for_the_step_that_waits_for_it() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "await-boot-request"), Woken(), Heard(Signal.SENT_INVENTORY))
    assert run.heard == (Signal.SENT_INVENTORY,)

    run = after(OS_PROVISION, run, Heard(Signal.ASKED_FOR_BOOT), Woken())

    assert status_of(run, "await-inventory") is StepStatus.COMPLETED


def test_what_the_machine_said_before_it_was_off_says_nothing_about_its_next_start() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "power-off"), Heard(Signal.ASKED_FOR_BOOT), Woken())

    run = after(OS_PROVISION, run, Succeeded("power-off", 1))

    assert run.heard == ()


def test_a_machine_that_asks_while_its_power_is_unconfirmed_is_not_forgotten() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "power-on"), Woken(), Heard(Signal.ASKED_FOR_BOOT))
    run = after(OS_PROVISION, run, failure(run))

    run = after(OS_PROVISION, run, Woken(), Succeeded("power-on", 2), Woken(), now=run.due or NOON)

    assert status_of(run, "await-boot-request") is StepStatus.COMPLETED


def test_bad_news_of_a_machine_fails_the_wait_and_final_news_the_run() -> None:
    waiting = after(OS_PROVISION, a_run_at(OS_PROVISION, "await-inventory"), Woken())
    missing = Fault("DISK_MISSING", "It is gone")

    again = after(OS_PROVISION, waiting, Heard(Signal.SENT_INVENTORY, missing))
    over = after(OS_PROVISION, waiting, Heard(Signal.SENT_INVENTORY, missing, final=True))

    assert (again.ending, again.position) == (None, 1)
    assert (over.ending, over.error) == (RunStatus.FAILED, missing)


# Interruptions


def test_an_interrupted_attempt_is_begun_anew_at_once_and_is_no_failure() -> None:
    run = after(OS_PROVISION, a_run(), Woken())

    again = after(OS_PROVISION, run, Interrupted("contact", 1), now=SOON)

    assert (again.due, again.steps[0].failures, again.steps[0].interruptions) == (SOON, 0, 1)
    assert decide(OS_PROVISION, again, Woken(), now=SOON).effects == (
        Act("workflow-1", "contact", 2, Action.CONTACT, SOON + timedelta(seconds=30)),
    )


def test_an_attempt_that_is_interrupted_for_ever_fails() -> None:
    run = a_run(ASSET_REBOOT)
    for _ in range(26):
        run = after(ASSET_REBOOT, run, Woken())
        run = after(ASSET_REBOOT, run, Interrupted("contact", run.steps[0].attempt))

    assert run.status is RunStatus.FAILED
    assert run.error is not None
    assert run.error.code == "STEP_INTERRUPTED"


@pytest.mark.parametrize("step", ["await-boot-request", "install-nodes"])
def test_the_end_of_a_process_interrupts_no_wait(step: str) -> None:
    plan = TALOS if step == "install-nodes" else OS_PROVISION
    run = after(plan, a_run_at(plan, step), Woken())

    assert decide(plan, run, Interrupted(step, 1), now=SOON).run == run


# Cancelling


def test_a_cancel_waits_for_the_attempt_in_flight() -> None:
    run = after(OS_PROVISION, a_run(), Woken(), CancelAsked())
    assert (run.cancel_requested, run.ending) == (True, None)

    stopped = after(OS_PROVISION, run, Succeeded("contact", 1))

    assert (stopped.ending, stopped.error) == (RunStatus.CANCELLED, CANCELLED)


def test_a_cancel_beats_the_tries_that_are_left() -> None:
    run = after(OS_PROVISION, a_run(), Woken(), CancelAsked())

    stopped = after(OS_PROVISION, run, failure(run))

    assert stopped.ending is RunStatus.CANCELLED


def test_a_cancel_beats_the_attempt_that_the_end_of_the_process_cut_off() -> None:
    run = after(OS_PROVISION, a_run(), Woken(), CancelAsked())

    stopped = after(OS_PROVISION, run, Interrupted("contact", 1))

    assert (stopped.ending, status_of(stopped, "contact")) == (RunStatus.CANCELLED, StepStatus.FAILED)


def test_a_failure_and_a_cancel_are_each_cleaned_up_after_in_their_own_way() -> None:
    [off] = OS_PROVISION.after_cancel
    tidy, undo = replace(off, name="tidy"), replace(off, name="undo")
    plan = replace(OS_PROVISION, after_failure=(tidy,), after_cancel=(undo,))
    run = after(plan, a_run(plan), Woken())

    failed = after(plan, run, failure(run, final=True))
    cancelled = after(plan, run, CancelAsked(), Succeeded("contact", 1))

    assert [failed.steps[-1].name, cancelled.steps[-1].name] == ["tidy", "undo"]


def test_a_cancel_stops_a_wait_at_once() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "await-install"), Woken(), CancelAsked())

    assert run.ending is RunStatus.CANCELLED
    assert status_of(run, "await-install") is StepStatus.FAILED
    assert status_of(run, "await-first-boot") is StepStatus.SKIPPED
    assert {state.deadline for state in run.steps} == {None}


def test_a_cancel_that_comes_too_late_to_stop_anything_lets_the_run_complete() -> None:
    run = after(ASSET_REBOOT, a_run_at(ASSET_REBOOT, "confirm-power"), Woken(), CancelAsked())

    assert after(ASSET_REBOOT, run, Succeeded("confirm-power", 1)).status is RunStatus.COMPLETED


def test_a_cancel_of_a_fan_out_stops_the_children_and_waits_for_them() -> None:
    run = fanned_out("a", "b")

    decision = decide(TALOS, run, CancelAsked(), now=NOON)
    ended = after(TALOS, decision.run, ChildEnded("a", RunStatus.CANCELLED), ChildEnded("b", RunStatus.COMPLETED))

    assert decision.effects == (CancelChildren(("a", "b")),)
    assert ended.status is RunStatus.CANCELLED


# Children


def fanned_out(*children: str) -> Run:
    run = after(TALOS, a_run_at(TALOS, "install-nodes"), Woken())
    return after(TALOS, run, *(ChildStarted(child, f"asset-{child}") for child in children))


def test_a_fan_out_is_done_when_every_child_is() -> None:
    run = after(TALOS, fanned_out("a", "b"), ChildEnded("a", RunStatus.COMPLETED))
    assert status_of(run, "install-nodes") is StepStatus.RUNNING

    run = after(TALOS, run, ChildEnded("b", RunStatus.COMPLETED))

    assert status_of(run, "install-nodes") is StepStatus.COMPLETED


def test_a_child_that_has_started_is_pending() -> None:
    assert [child.status for child in fanned_out("a", "b").children] == [RunStatus.PENDING] * 2


def test_a_lost_child_fails_the_run_once_the_others_have_ended_and_is_named() -> None:
    run = after(TALOS, fanned_out("a", "b"), ChildEnded("a", RunStatus.FAILED))
    assert run.status is RunStatus.RUNNING

    run = after(TALOS, run, ChildEnded("b", RunStatus.COMPLETED))

    assert run.status is RunStatus.FAILED
    assert run.error == Fault("NODES_FAILED", "Not every machine was installed: asset-a (a failed)")


def test_a_child_ends_once_and_starts_once() -> None:
    run = after(TALOS, fanned_out("a", "b"), ChildEnded("a", RunStatus.COMPLETED))

    again = after(TALOS, run, ChildEnded("a", RunStatus.FAILED), ChildStarted("a", "asset-a"))

    assert again == run


def test_a_child_that_starts_after_the_fan_out_is_none_of_it() -> None:
    run = after(TALOS, fanned_out("a"), ChildEnded("a", RunStatus.COMPLETED))

    assert after(TALOS, run, ChildStarted("late", "asset-9")) == run


def test_a_child_that_ends_between_two_attempts_of_the_fan_out_decides_nothing() -> None:
    run = fanned_out("a")
    between = replace(run.steps[run.position], status=StepStatus.PENDING)
    run = replace(run, steps=tuple(between if state.name == between.name else state for state in run.steps))

    ended = after(TALOS, run, ChildEnded("a", RunStatus.COMPLETED))

    assert status_of(ended, "install-nodes") is StepStatus.PENDING
    assert [child.status for child in ended.children] == [RunStatus.COMPLETED]


def test_children_that_take_too_long_are_stopped_and_given_up_when_even_that_takes_too_long() -> None:
    run = fanned_out("a")
    late = NOON + INSTALL_NODES.within

    told = decide(TALOS, run, Woken(), now=late)
    over = decide(TALOS, told.run, Woken(), now=late + INSTALL_NODES.within)

    assert told.effects == (CancelChildren(("a",)),)
    assert over.run.status is RunStatus.FAILED
    assert over.run.error is not None
    assert over.run.error.code == "STEP_OVERRAN"


def test_a_child_that_is_stopped_because_it_was_late_makes_the_run_fail_for_that() -> None:
    late = after(TALOS, fanned_out("a"), Woken(), now=NOON + INSTALL_NODES.within)

    over = after(TALOS, late, ChildEnded("a", RunStatus.CANCELLED))

    assert over.error is not None
    assert over.error.code == "STEP_OVERRAN"


# Every event against every kind of step

EVERY_EVENT: tuple[Event, ...] = (
    Woken(),
    Succeeded("", 1),
    Failed("", 1, BROKEN),
    Failed("", 1, BROKEN, final=True),
    Interrupted("", 1),
    *(Heard(signal) for signal in Signal),
    Heard(Signal.INSTALLED, BROKEN),
    CancelAsked(),
    ChildStarted("new", "asset-9"),
    ChildEnded("a", RunStatus.COMPLETED),
    ChildEnded("stranger", RunStatus.COMPLETED),
)


def aimed(event: Event, step: str) -> Event:
    return replace(event, step=step) if isinstance(event, Succeeded | Failed | Interrupted) else event


@pytest.mark.parametrize(("plan", "step"), STEPS, ids=STEP_IDS)
def test_every_event_at_every_step_leaves_a_run_that_ends(plan: Plan, step: Step) -> None:
    pending = Life(plan, a_run_at(plan, step.name))
    running = lived(pending, Woken(), now=NOON)

    for life in (pending, running):
        for event in EVERY_EVENT:
            after_it = lived(life, aimed(event, step.name), now=NOON)

            assert_within_plan(after_it)
            assert in_silence(after_it, at_most=most_wakes(plan)).run.ended


@pytest.mark.parametrize(("plan", "step"), STEPS, ids=STEP_IDS)
def test_outcomes_of_other_steps_and_attempts_change_nothing(plan: Plan, step: Step) -> None:
    run = lived(Life(plan, a_run_at(plan, step.name)), Woken(), now=NOON).run
    others = (("elsewhere", 1), (step.name, 0), (step.name, 2))

    for name, attempt in others:
        for event in (Succeeded(name, attempt), Failed(name, attempt, BROKEN), Interrupted(name, attempt)):
            assert decide(plan, run, event, now=SOON).run == run


# Laws for every history


def rounds(plan: Plan, steps: tuple[Step, ...]) -> dict[str, int]:
    """Return how often each step can be come to: once, and once more for every failure that leads back over it."""
    place = {step.name: number for number, step in enumerate(steps)}
    often: dict[str, int] = {}
    for number, step in reversed(list(enumerate(steps))):
        back = [later for later in steps[number + 1 :] if place[later.back_to or later.name] <= number]
        often[step.name] = 1 + sum((later.tries - 1) * often[later.name] for later in back)
    return often


def most_attempts(plan: Plan) -> dict[str, int]:
    """Return how often each step of *plan* can be attempted at the most."""
    parts = (plan.steps, plan.after_failure, plan.after_cancel)
    return {
        step.name: step.tries * rounds(plan, part)[step.name] + step.interruptions for part in parts for step in part
    }


def most_wakes(plan: Plan) -> int:
    """Return how many wake-ups a silent run can need: to begin each attempt and to end it, twice for a fan-out."""
    return 3 * sum(most_attempts(plan).values()) + 1


def assert_within_plan(life: Life) -> None:
    known = [step.name for step in life.plan.steps]
    bounds = most_attempts(life.plan)
    for turn in life.turns:
        run = turn.decision.run
        cleanup = {RunStatus.FAILED: life.plan.after_failure, RunStatus.CANCELLED: life.plan.after_cancel}
        extra = [step.name for step in cleanup.get(run.ending, ())] if run.ending else []
        assert [state.name for state in run.steps] == known + extra
        assert 0 <= run.position < len(run.steps)
        for state in run.steps:
            step = life.plan.step(state.name)
            assert state.failures <= step.tries
            assert state.interruptions <= step.interruptions
            assert state.attempt <= bounds[state.name]
        running = [place for place, state in enumerate(run.steps) if state.status is StepStatus.RUNNING]
        assert running in ([], [run.position])
        assert run.ended or run.due is not None


@laws
@given(life=lives())
def test_no_history_takes_a_run_out_of_its_plan(life: Life) -> None:
    assert_within_plan(life)


@laws
@given(life=lives())
def test_no_attempt_is_asked_for_twice(life: Life) -> None:
    asked = [(act.step, act.attempt) for act in acts(life)]

    assert len(asked) == len(set(asked))


@laws
@given(life=lives())
def test_what_is_asked_for_is_what_the_plan_says(life: Life) -> None:
    for act in acts(life):
        assert life.plan.step(act.step).do == Perform(act.action)


@laws
@given(life=lives(longest=40))
def test_a_run_finishes_once_and_then_never_changes(life: Life) -> None:
    life = in_silence(life, at_most=most_wakes(life.plan))
    for event in EVERY_EVENT:
        life = lived(life, event, now=life.now)

    finishes = [turn for turn in life.turns if any(isinstance(each, Finish) for each in turn.decision.effects)]
    assert len(finishes) == 1
    assert finishes[0].decision.run.ended
    assert not finishes[0].before.ended
    assert life.run == finishes[0].decision.run
    assert life.turns[-1].decision.effects == ()


@laws
@given(life=lives())
def test_every_run_ends_even_if_nothing_is_ever_heard_again(life: Life) -> None:
    silent = in_silence(life, at_most=most_wakes(life.plan))

    assert silent.run.status in ENDED


@laws
@given(life=lives(), wait=st.integers(0, 10_000))
def test_a_cancel_at_any_point_leads_to_an_end_and_asking_twice_is_asking_once(life: Life, wait: int) -> None:
    now = life.now + timedelta(seconds=wait)

    once = lived(life, CancelAsked(), now=now)
    twice = lived(once, CancelAsked(), now=now)

    assert twice.run == once.run
    assert twice.turns[-1].decision.effects == ()
    assert in_silence(once, at_most=most_wakes(life.plan)).run.ended


@laws
@given(life=lives())
def test_after_a_cancel_nothing_new_of_the_main_part_is_begun(life: Life) -> None:
    cancelled = in_fortune(lived(life, CancelAsked(), now=life.now))
    main = {step.name for step in life.plan.steps}
    later = Life(life.plan, life.run, cancelled.turns[len(life.turns) :])

    if life.run.ending is None:
        assert not main.intersection(act.step for act in acts(later))


@laws
@given(life=lives())
def test_outcomes_that_were_taken_change_nothing_when_they_are_told_again(life: Life) -> None:
    taken = [turn.event for turn in life.turns if turn.decision.run != turn.before]
    children = {child.run_id for child in life.run.children}

    for event in taken:
        of_now = not isinstance(event, ChildStarted) or event.run_id in children
        if of_now and isinstance(event, Succeeded | Failed | Interrupted | ChildStarted | ChildEnded | CancelAsked):
            again = decide(life.plan, life.run, event, now=life.now)
            assert (again.run, again.effects) == (life.run, ())


@laws
@given(life=lives(), signal=st.sampled_from(Signal))
def test_a_machine_that_says_a_thing_twice_has_said_it_once_unless_it_was_waited_for(
    life: Life, signal: Signal
) -> None:
    once = decide(life.plan, life.run, Heard(signal), now=life.now).run
    twice = decide(life.plan, once, Heard(signal), now=life.now).run

    assert twice.position == once.position
    assert set(twice.heard) <= {*once.heard, signal}


@laws
@given(life=lives())
def test_an_attempt_that_is_cut_off_only_repeats(life: Life) -> None:
    state = life.run.current
    cut = state is not None and state.status is StepStatus.RUNNING
    performed = cut and isinstance(life.plan.step(state.name).do, Perform) if state else False
    if not state or not performed or life.run.cancel_requested:
        return

    again = decide(life.plan, life.run, Interrupted(state.name, state.attempt), now=life.now).run

    if state.interruptions < life.plan.step(state.name).interruptions:
        assert (again.position, again.ending, again.heard) == (life.run.position, life.run.ending, life.run.heard)
        repeated = decide(life.plan, again, Woken(), now=life.now)
        assert [(act.step, act.attempt) for act in repeated.effects if isinstance(act, Act)] == [
            (state.name, state.attempt + 1)
        ]


@laws
@given(life=lives(invented_plans()))
def test_whatever_has_happened_good_fortune_leads_to_an_end(life: Life) -> None:
    assert in_fortune(life).run.ended


@laws
@given(life=lives())
def test_progress_is_between_nothing_and_everything_and_whole_only_when_completed(life: Life) -> None:
    for turn in life.turns:
        share = progress(turn.decision.run)

        assert 0 <= share.done <= share.total
        assert (share.percent == 100) >= (turn.decision.run.status is RunStatus.COMPLETED)


# Trying a whole run again


def old_runs(plan: Plan, step: Step) -> list[Run]:
    """Return runs of *plan* that ended at *step*: failed there, cancelled there, cancelled before it began."""
    before = Life(plan, replace(a_run_at(plan, step.name), ticket="stub"))
    begun = lived(before, Woken(), now=NOON)
    state = begun.run.steps[begun.run.position]
    failures: dict[type, Event] = {
        Perform: Failed(state.name, state.attempt, BROKEN, final=True),
        Ask: Failed(state.name, state.attempt, BROKEN, final=True),
        Await: Heard(Signal.BOOTED, BROKEN, final=True),
        FanOut: ChildEnded("child-install-nodes-1-0", RunStatus.FAILED),
    }
    failed = lived(begun, failures[type(step.do)], now=NOON)
    cancelled = lived(begun, CancelAsked(), now=NOON)
    unbegun = lived(before, CancelAsked(), now=NOON)
    lives_ = [in_silence(each, at_most=most_wakes(plan)).run for each in (failed, cancelled, unbegun)]
    return [run for run in lives_ if run.status is not RunStatus.COMPLETED]


@pytest.mark.parametrize(("plan", "step"), STEPS, ids=STEP_IDS)
def test_a_retry_begins_at_a_sensible_step_and_completes_when_everything_succeeds(plan: Plan, step: Step) -> None:
    for old in old_runs(plan, step):
        run = resumed(plan, old, a_run(plan, id="workflow-2"))

        assert run.current is not None
        assert run.current.name == (step.resume_at or step.back_to or step.name)
        assert (run.retry_of, run.ticket) == (old.id, "stub")
        assert all(state.kept for state in run.steps[: run.position])
        assert not any(state.kept or state.attempt for state in run.steps[run.position :])
        life = in_fortune(Life(plan, run))
        assert life.run.status is RunStatus.COMPLETED
        assert progress(life.run).percent == 100


@laws
@given(life=lives(invented_plans(), longest=40))
def test_every_run_that_failed_or_was_cancelled_can_be_tried_again(life: Life) -> None:
    old = in_silence(life, at_most=most_wakes(life.plan)).run
    if old.status is RunStatus.COMPLETED:
        return

    run = resumed(life.plan, old, a_run(life.plan, id="workflow-2"))

    assert in_fortune(Life(life.plan, run)).run.status is RunStatus.COMPLETED


# What is told, remembered and given up


BY_HAND = MANUAL_PLANS[WorkflowType.OS_PROVISION]


def test_what_is_told_of_a_run_is_as_grave_as_it_is() -> None:
    begun = after(ASSET_REBOOT, a_run(ASSET_REBOOT), Woken())
    last = after(ASSET_REBOOT, a_run_at(ASSET_REBOOT, "confirm-power"), Woken())

    def levels(run: Run, event: Event) -> list[Level]:
        return [note.level for note in decide(ASSET_REBOOT, run, event, now=SOON).notes]

    assert levels(a_run(ASSET_REBOOT), Woken()) == [Level.INFO]
    assert levels(begun, failure(begun)) == [Level.WARNING]
    assert levels(begun, Interrupted("contact", 1)) == [Level.WARNING]
    assert levels(begun, CancelAsked()) == [Level.WARNING]
    assert levels(last, Succeeded("confirm-power", 1)) == [Level.INFO]
    assert levels(begun, failure(begun, final=True)) == [Level.WARNING, Level.ERROR]
    assert levels(a_run(ASSET_REBOOT), CancelAsked()) == [Level.WARNING, Level.ERROR]


def test_a_run_that_is_woken_before_its_pause_is_over_waits_on() -> None:
    run = after(OS_PROVISION, a_run(), Woken())
    failed = after(OS_PROVISION, run, failure(run))
    assert failed.due is not None
    assert failed.due > NOON

    assert decide(OS_PROVISION, failed, Woken(), now=NOON) == Decision(failed)


def test_bad_news_that_nobody_waits_for_is_not_remembered_and_good_news_is_once() -> None:
    run = after(OS_PROVISION, a_run_at(OS_PROVISION, "power-on"), Woken())

    assert after(OS_PROVISION, run, Heard(Signal.ASKED_FOR_BOOT, BROKEN)) == run
    assert after(OS_PROVISION, run, *[Heard(Signal.ASKED_FOR_BOOT)] * 2).heard == (Signal.ASKED_FOR_BOOT,)


def test_what_is_said_before_its_wait_has_begun_begins_nothing_unless_it_is_its_failure() -> None:
    waits_soon = a_run_at(OS_PROVISION, "await-install")

    assert after(OS_PROVISION, waits_soon, Heard(Signal.BOOTED, BROKEN)) == waits_soon
    told = after(OS_PROVISION, waits_soon, Heard(Signal.INSTALLED))
    assert told == replace(waits_soon, heard=(Signal.INSTALLED,))


def test_what_a_machine_said_of_a_start_that_came_to_nothing_is_no_sign_of_the_next_start_by_hand() -> None:
    run = replace(a_run_at(BY_HAND, "await-inventory"), heard=(Signal.ASKED_FOR_BOOT,))
    waiting = after(BY_HAND, run, Woken())
    assert waiting.current is not None
    assert waiting.current.deadline is not None

    back = after(BY_HAND, waiting, Woken(), now=waiting.current.deadline)

    assert back.current is not None
    assert (back.current.name, back.heard) == ("start-from-network", ())


def test_a_task_that_nobody_did_in_its_time_ends_the_work_whatever_tries_it_had() -> None:
    plan = replace(BY_HAND, steps=(replace(BY_HAND.steps[0], tries=3), *BY_HAND.steps[1:]))

    over = after(plan, after(plan, a_run(plan), Woken()), Woken(), now=NOON + plan.steps[0].within)

    assert (over.status, over.error and over.error.code) == (RunStatus.FAILED, "TASK_NOT_CONFIRMED")


def test_a_cancel_of_a_fan_out_that_has_no_child_yet_is_done_at_once() -> None:
    run = after(TALOS, a_run_at(TALOS, "install-nodes"), Woken())

    assert after(TALOS, run, CancelAsked()).status is RunStatus.CANCELLED


def test_children_that_are_told_to_stop_get_their_time_for_it() -> None:
    late = NOON + INSTALL_NODES.within
    told = after(TALOS, fanned_out("a"), Woken(), now=late)

    assert told.due == late + INSTALL_NODES.within, "and no failure meanwhile"
    assert decide(TALOS, told, Woken(), now=late + timedelta(seconds=1)) == Decision(told)


def test_a_fan_out_that_lost_a_machine_is_given_up_whatever_tries_it_had_and_a_new_one_knows_no_old_child() -> None:
    place = TALOS.steps.index(INSTALL_NODES)
    again = replace(INSTALL_NODES, tries=2)
    plan = replace(TALOS, steps=(*TALOS.steps[:place], again, *TALOS.steps[place + 1 :]))

    lost = after(plan, fanned_out("a"), ChildEnded("a", RunStatus.FAILED))
    late = after(plan, after(plan, a_run_at(plan, again.name), Woken()), Woken(), now=NOON + again.within)
    stale = replace(late, children=(Child(run_id="old", asset_id="asset-1", status=RunStatus.FAILED),))

    assert lost.status is RunStatus.FAILED
    assert late.status is RunStatus.RUNNING, "nobody was installed, and nobody was lost"
    assert after(plan, stale, Woken(), now=late.due or NOON).children == ()


@laws
@given(life=lives())
def test_only_a_step_that_runs_has_a_deadline_and_only_one_that_has_ended_an_end(life: Life) -> None:
    for turn in life.turns:
        for state in turn.decision.run.steps:
            assert (state.deadline is not None) == (state.status is StepStatus.RUNNING)
            assert (state.finished_at is not None) == (state.status in {StepStatus.COMPLETED, StepStatus.FAILED})


def test_a_failure_that_is_told_twice_is_one() -> None:
    run = after(OS_PROVISION, a_run(), Woken())

    once = after(OS_PROVISION, run, failure(run))

    assert after(OS_PROVISION, once, failure(run)) == once


def test_the_operators_patience_is_for_people_alone() -> None:
    patience = timedelta(hours=3)
    by_hand = after(BY_HAND, replace(a_run(BY_HAND), patience=patience), Woken())
    by_machine = after(OS_PROVISION, replace(a_run(), patience=patience), Woken())

    assert by_hand.due == NOON + patience
    assert by_machine.due == NOON + OS_PROVISION.steps[0].within


def test_what_a_machine_says_before_a_task_is_asked_for_is_remembered_and_no_child_starts_before_its_fan_out() -> None:
    before_task, before_fan_out = a_run(BY_HAND), a_run_at(TALOS, "install-nodes")

    told = after(BY_HAND, before_task, Heard(Signal.ASKED_FOR_BOOT))

    assert told == replace(before_task, heard=(Signal.ASKED_FOR_BOOT,))
    assert after(BY_HAND, told, Woken()).steps[0].status is StepStatus.COMPLETED, "nobody is asked in vain"
    assert after(TALOS, before_fan_out, ChildStarted("early", "asset-9")) == before_fan_out


def test_a_fan_out_without_children_that_is_late_has_nobody_to_stop() -> None:
    run = after(TALOS, a_run_at(TALOS, "install-nodes"), Woken())

    late = decide(TALOS, run, Woken(), now=NOON + INSTALL_NODES.within)

    assert (late.run.status, late.run.error and late.run.error.code) == (RunStatus.FAILED, "STEP_OVERRAN")
    assert late.effects == (Finish(run.id),)


def test_a_run_that_is_tried_again_keeps_what_was_reported_to_the_one_before() -> None:
    report = InstallReceipt(template="ubuntu-jammy", disk=an_install().disk, bytes_written=1, at=NOON)
    old = replace(a_run_at(OS_PROVISION, "start-installed"), status=RunStatus.FAILED, report=report)

    assert resumed(OS_PROVISION, old, a_run(id="workflow-2")).report == report


def test_an_act_is_in_the_hands_of_who_began_it_and_a_wait_in_nobodys() -> None:
    acts_, waits = a_run(), a_run_at(OS_PROVISION, "await-install")

    for run, performer in ((acts_, "call-1"), (waits, None)):
        begun = after(OS_PROVISION, run, Woken(by="call-1"))
        assert begun.steps[begun.position].performer == performer


def test_a_cancel_that_is_asked_for_again_changes_nothing_and_tells_nothing() -> None:
    for asked in (
        after(OS_PROVISION, a_run(), Woken(), CancelAsked()),
        after(TALOS, fanned_out("a"), CancelAsked()),
        after(OS_PROVISION, a_run_at(OS_PROVISION, "await-install"), Woken(), CancelAsked()),
    ):
        plan = TALOS if asked.plan == TALOS.key else OS_PROVISION

        assert not asked.ended
        assert decide(plan, asked, CancelAsked(), now=SOON) == Decision(asked)


def test_what_was_enough_while_a_run_is_cleaned_up_leaves_the_rest_of_that_to_do() -> None:
    [off] = OS_PROVISION.after_cancel
    plan = replace(OS_PROVISION, after_cancel=(replace(off, name="first"), replace(off, name="second")))
    cleaning = after(plan, after(plan, a_run(plan), CancelAsked()), Woken())

    on = after(plan, cleaning, Succeeded("first", 1, enough=True))

    assert on.current is not None
    assert (on.current.name, on.current.status) == ("second", StepStatus.PENDING)


def test_what_is_interrupted_while_a_run_is_cleaned_up_is_begun_anew() -> None:
    cleaning = after(
        OS_PROVISION, after(OS_PROVISION, a_run(), Woken(), CancelAsked()), Succeeded("contact", 1), Woken()
    )
    assert cleaning.current is not None

    again = after(OS_PROVISION, cleaning, Interrupted(cleaning.current.name, 1))

    assert (again.position, len(again.steps)) == (cleaning.position, len(cleaning.steps))
    assert again.current is not None
    assert (again.current.status, again.current.interruptions) == (StepStatus.PENDING, 1)


def test_a_step_that_fans_nothing_out_has_no_children() -> None:
    run = after(OS_PROVISION, a_run(), Woken())

    assert after(OS_PROVISION, run, ChildStarted("stray", "asset-9")) == run


def test_the_end_of_a_run_says_why() -> None:
    run = after(ASSET_REBOOT, a_run(ASSET_REBOOT), Woken())

    told = decide(ASSET_REBOOT, run, failure(run, final=True), now=NOON).notes

    assert [note.message for note in told] == ["BROKEN: It is broken", "Workflow failed: It is broken"]


def test_a_cancel_while_a_run_is_cleaned_up_after_its_failure_changes_nothing() -> None:
    run = after(OS_PROVISION, a_run(), Woken())
    cleaning = after(OS_PROVISION, run, failure(run, final=True))

    assert cleaning.ending is RunStatus.FAILED
    assert decide(OS_PROVISION, cleaning, CancelAsked(), now=SOON) == Decision(cleaning)
