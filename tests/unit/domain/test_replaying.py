"""Replays: a history goes as it went, and a change of plans or of the decider is seen where it begins."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.application.journals import read, written
from colony_core.domain import replaying
from colony_core.domain.deciding import decide
from colony_core.domain.decisions import Act, Decision, Failed, Succeeded, Woken
from colony_core.domain.histories import (
    CalledIn,
    Change,
    Happening,
    History,
    Journal,
    JournalNotKept,
    Parked,
    Reported,
    changed,
    history_of,
    standing,
)
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.orders import DiskIdentity
from colony_core.domain.plans import PLANS
from colony_core.domain.replaying import Difference, replay
from colony_core.domain.reports import InstallReceipt
from colony_core.domain.steps import Action, Perform, Plan, Step
from colony_core.domain.workflows import Fault, Run, RunStatus
from colony_testkit.builders import ALL_PLANS, NOON, a_disk, a_run
from colony_testkit.histories import Life, in_fortune, in_silence, lived, lives
from colony_testkit.journals import journal_of

RECEIPT = InstallReceipt(template="ubuntu-jammy", disk=DiskIdentity.of(a_disk()), bytes_written=1, at=NOON)


def known(plan: Plan) -> dict[tuple[str, int], Plan]:
    return {(plan.key, plan.version): plan}


def lucky(plan: Plan) -> Journal:
    return journal_of(in_fortune(Life(plan, a_run(plan))))


def doomed(plan: Plan) -> Journal:
    return journal_of(in_silence(Life(plan, a_run(plan)), at_most=2000))


def planned(plan: Plan, name: str, **changes: object) -> Plan:
    """Return *plan* with another step of that *name*."""
    steps = tuple(replace(step, **changes) if step.name == name else step for step in plan.steps)
    return replace(plan, steps=steps)


@given(life=lives())
def test_every_history_goes_as_it_went_after_it_was_a_file(life: Life) -> None:
    journal = read(written(journal_of(life)))

    replayed = replay(journal, known(life.plan))
    assert replayed.differences == ()
    assert replayed.runs == (life.run,)


@given(life=lives(), sooner=st.integers(1, 60))
def test_a_replay_is_the_same_every_time_and_changes_nothing(life: Life, sooner: int) -> None:
    other = replace(life.plan, steps=tuple(replace(step, tries=1) for step in life.plan.steps))
    journal = journal_of(life)
    before = written(journal)

    assert replay(journal, known(other)) == replay(journal, known(other))
    assert written(journal) == before


@pytest.mark.parametrize("plan", ALL_PLANS, ids=lambda plan: str(plan.key))
def test_todays_plans_are_what_a_journal_is_replayed_along(plan: Plan) -> None:
    assert replay(lucky(plan)).same
    assert replay(doomed(plan)).same


@pytest.mark.parametrize(
    ("plan", "step"),
    [(plan, step) for plan in ALL_PLANS for step in plan.steps],
    ids=lambda each: str(each.name if isinstance(each, Step) else each.key),
)
def test_a_step_with_another_deadline_is_noticed_where_it_begins(plan: Plan, step: Step) -> None:
    other = planned(plan, step.name, within=step.within + timedelta(seconds=1))

    replayed = replay(lucky(plan), known(other))
    first = replayed.differences[0]
    assert (first.field, first.what) == ("due", "woken")
    happening = lucky(plan).histories[0].happenings[(first.number or 0) - 1]
    assert happening.after.step == step.name
    assert replayed.runs[0].status is RunStatus.COMPLETED


def test_a_step_that_asks_for_something_else_is_noticed_though_the_run_ends_the_same() -> None:
    other = planned(OS_PROVISION, "power-on", do=Perform(Action.RESTART))

    replayed = replay(lucky(OS_PROVISION), known(other))
    assert [(found.field, found.recorded, found.replayed) for found in replayed.differences] == [
        ("asks.0", "power-on", "restart")
    ]


@pytest.mark.parametrize(
    "plan", [plan for plan in ALL_PLANS if plan.steps[0].tries > 1], ids=lambda plan: str(plan.key)
)
def test_a_step_with_fewer_tries_is_noticed(plan: Plan) -> None:
    first = plan.steps[0]

    replayed = replay(doomed(plan), known(planned(plan, first.name, tries=1)))
    assert {"steps." + first.name + ".attempt"} & {found.field for found in replayed.differences}


@pytest.mark.parametrize("steps", [OS_PROVISION.steps[:-1], OS_PROVISION.steps[::-1], (*OS_PROVISION.steps, None)])
def test_a_plan_with_other_steps_cannot_be_walked_and_says_so(steps: tuple[Step | None, ...]) -> None:
    more = replace(OS_PROVISION.steps[0], name="one-more")
    other = replace(OS_PROVISION, steps=tuple(step or more for step in steps))

    (found,) = replay(lucky(OS_PROVISION), known(other)).differences
    assert (found.run_id, found.field, found.number) == ("workflow-1", "steps", None)


def test_a_plan_that_is_gone_is_named() -> None:
    assert replay(lucky(OS_PROVISION), {}).differences == (
        Difference(run_id="workflow-1", field="plan", recorded="os-provision version 1", replayed="nothing"),
    )


def test_another_decider_is_noticed_at_the_first_event_that_it_decides_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life = Life(OS_PROVISION, a_run())
    life = lived(life, Woken(), now=NOON)
    life = lived(life, Failed("contact", 1, Fault("BROKEN", "It is"), final=True), now=NOON + timedelta(seconds=1))
    journal = journal_of(in_fortune(life))
    assert journal.histories[0].run.status is RunStatus.FAILED

    def forgiving(plan: Plan, run: Run, event: object, *, now: object) -> Decision:
        event = replace(event, final=False) if isinstance(event, Failed) else event
        return decide(plan, run, event, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(replaying, "decide", forgiving)
    replayed = replay(journal)
    first = replayed.differences[0]
    assert (first.number, first.what, first.at) == (3, "failed", NOON + timedelta(seconds=1))
    assert (first.field, first.recorded, first.replayed) == ("step", "leave-off", "contact")
    assert {found.number for found in replayed.differences} == {3, None}
    at_last = {found.field: (found.recorded, found.replayed) for found in replayed.differences if not found.number}
    assert at_last["status"] == ("failed", "running")


def test_an_effect_that_is_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(plan: Plan, run: Run, event: object, *, now: object) -> Decision:
        decision = decide(plan, run, event, now=now)  # type: ignore[arg-type]
        return replace(decision, effects=tuple(one for one in decision.effects if not isinstance(one, Act)))

    journal = lucky(OS_PROVISION)
    monkeypatch.setattr(replaying, "decide", lazy)

    assert [found.field for found in replay(journal).differences] == ["asks.0"]


def test_a_sentence_may_be_put_better_but_a_code_may_not_change() -> None:
    journal = doomed(OS_PROVISION)
    (history,) = journal.histories
    assert history.run.error is not None

    worded = replace(history.run, error=replace(history.run.error, message="Otherwise"))
    coded = replace(history.run, error=replace(history.run.error, code="OTHERWISE"))
    assert replay(Journal((replace(history, run=worded),))).same
    (found,) = replay(Journal((replace(history, run=coded),))).differences
    assert (found.field, found.recorded) == ("error.code", "OTHERWISE")


def test_what_befell_a_run_beside_its_plan_is_done_to_it_again() -> None:
    run, happenings = a_run(), journal_of(Life(OS_PROVISION, a_run())).histories[0].happenings
    changes: tuple[Change, ...] = (Parked(), CalledIn(), Reported(RECEIPT))
    for minute, change in enumerate(changes, 1):
        now = NOON + timedelta(minutes=minute)
        run = changed(run, change, now=now)
        happenings += (Happening(now, change, standing(run)),)

    assert (run.parked, run.due, run.report) == (False, NOON + timedelta(minutes=2), RECEIPT)
    assert replay(Journal((History(run, happenings),))).same
    assert not replay(Journal((History(run, happenings[:-1]),))).same


def test_a_ticket_and_a_revision_are_no_part_of_a_journal() -> None:
    (history,) = lucky(OS_PROVISION).histories

    kept = history_of(replace(history.run, ticket="0123abcd", revision=9), history.happenings)
    assert kept.run.ticket is None
    assert replay(Journal((kept,))).same


@pytest.mark.parametrize("happenings", [(), (Happening(NOON, Woken(), standing(a_run())),)])
def test_a_history_without_its_beginning_was_not_kept(happenings: tuple[Happening, ...]) -> None:
    with pytest.raises(JournalNotKept, match="'workflow-1' began under a release"):
        history_of(a_run(), happenings)


def test_every_run_of_a_journal_is_replayed_and_a_difference_names_its_own() -> None:
    (parent,), (child,) = lucky(PLANS[("cluster-scale/grow", 1)]).histories, lucky(OS_PROVISION).histories
    began = replace(child.happenings[0], what=replace(child.happenings[0].what, run=a_run(id="workflow-2")))
    other = History(replace(child.run, id="workflow-2", status=RunStatus.FAILED), (began, *child.happenings[1:]))

    (found,) = replay(Journal((parent, other))).differences
    assert (found.run_id, found.field) == ("workflow-2", "status")


def test_an_outcome_too_late_changes_nothing_in_a_replay_either() -> None:
    (history,) = lucky(OS_PROVISION).histories
    last = history.happenings[-1]

    late = Happening(last.at, Succeeded("contact", 1), replace(last.after, asks=()))
    assert replay(Journal((replace(history, happenings=(*history.happenings, late)),))).same
