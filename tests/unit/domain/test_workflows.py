"""When a run must be woken, who has an act of it in hand, and how far it has come."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.decisions import Woken
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.workflows import (
    ENDED,
    Progress,
    Run,
    RunStatus,
    StepState,
    StepStatus,
    WorkflowNotFound,
    progress,
)
from colony_testkit.builders import NOON, a_run, a_run_at, after, an_ended_run, failure

SOON = NOON + timedelta(seconds=1)


def begun(*, by: str | None = None) -> Run:
    return after(OS_PROVISION, a_run(), Woken(by=by), now=SOON)


def test_a_new_run_is_due_at_once() -> None:
    assert a_run().due == NOON


def test_a_run_in_flight_is_due_when_its_deadline_is_over() -> None:
    run = begun()

    assert run.current is not None
    assert run.due == run.current.deadline == SOON + timedelta(seconds=30)


def test_a_run_that_failed_once_is_due_after_its_pause() -> None:
    run = after(OS_PROVISION, begun(), failure(begun()), now=SOON)

    assert run.current is not None
    assert run.due == run.current.not_before
    assert run.due is not None
    assert run.due > SOON


def test_a_run_that_waits_for_a_place_is_never_due_and_neither_is_one_that_has_ended() -> None:
    assert replace(a_run(), parked=True).due is None
    assert replace(begun(), parked=True).due is None
    assert [status for status in ENDED if an_ended_run(OS_PROVISION, status).due] == []


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_stands_at_a_step_until_it_has_ended(status: RunStatus) -> None:
    run = replace(a_run_at(OS_PROVISION, "await-install"), status=status)

    assert run.ended == (status in ENDED)
    assert (run.current is None) == run.ended


def test_an_act_in_flight_belongs_to_the_call_that_it_was_begun_under() -> None:
    run = begun(by="call-1")

    assert run.performed_under("call-1")
    assert not run.performed_under("call-2")
    assert not run.performed_under(None)
    assert not after(OS_PROVISION, run, failure(run)).performed_under("call-1")
    assert not replace(run, status=RunStatus.CANCELLED).performed_under("call-1")
    assert begun().performed_under(None), "what nobody's call began is nobody's"


def test_progress_counts_the_steps_of_a_run_and_its_children() -> None:
    run = a_run_at(OS_PROVISION, OS_PROVISION.steps[3].name)
    total = len(OS_PROVISION.steps)

    assert progress(a_run()) == Progress(0, total)
    assert progress(run) == Progress(3, total)
    assert progress(a_run(), (run, run)) == Progress(6, 3 * total)
    assert progress(an_ended_run(OS_PROVISION, RunStatus.COMPLETED), (run,)) == Progress(2 * total, 2 * total)


def test_a_skipped_step_is_not_done() -> None:
    skipped = tuple(StepState(name=state.name, status=StepStatus.SKIPPED) for state in a_run().steps)

    assert progress(replace(a_run(), steps=skipped)).done == 0


@pytest.mark.parametrize(("done", "total", "percent"), [(0, 3, 0), (1, 3, 33), (2, 3, 66), (3, 3, 100), (0, 0, 100)])
def test_a_percentage_is_whole_and_rounded_down(done: int, total: int, percent: int) -> None:
    assert Progress(done, total).percent == percent


def test_a_workflow_that_is_not_found_is_named() -> None:
    assert WorkflowNotFound("workflow-7").details == "Workflow with ID 'workflow-7' does not exist"
