"""What holds a machine up is told when something does, and not before."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, LastError, Maintenance
from colony_core.domain.cluster_plans import INSTALL_NODES, TALOS
from colony_core.domain.decisions import ChildStarted, Woken
from colony_core.domain.hindrances import Hindrance, hindrance
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.workflows import Run
from colony_testkit.builders import BROKEN, NOON, a_run_at, after, an_asset

WAIT = OS_PROVISION.step("await-boot-request")
LATER = NOON + timedelta(minutes=1)
USUAL = OS_PROVISION.typical[1]


def an_undiscovered_asset(**changes: object) -> Asset:
    return replace(an_asset(AssetStatus.DISCOVERING), **changes)


def at_work(*, failures: int = 0, broken: bool = True, began: datetime | None = NOON, **changes: object) -> Run:
    """Return a run that waits for its machine to boot, whose present step failed so often."""
    run = a_run_at(OS_PROVISION, WAIT.name)
    state = replace(run.steps[run.position], failures=failures, error=BROKEN if broken else None, started_at=LATER)
    steps = (*run.steps[: run.position], state, *run.steps[run.position + 1 :])
    return replace(run, steps=steps, started_at=began, **changes)


def held_up(run: Run | None, asset: Asset | None = None, *, now: datetime = LATER) -> Hindrance | None:
    return hindrance(asset or an_asset(AssetStatus.PROVISIONING), run, now=now)


def test_a_machine_that_nobody_works_on_is_held_up_only_while_it_is_not_discovered() -> None:
    assert [status for status in AssetStatus if held_up(None, an_asset(status))] == [AssetStatus.DISCOVERING]


def test_without_an_error_it_is_held_up_since_it_was_touched_last() -> None:
    found = held_up(None, an_undiscovered_asset(updated_at=NOON))

    assert found is not None
    assert (found.code, found.since, found.workflow_id, found.step) == ("NOT_DISCOVERED", NOON, None, None)
    assert found.message == "The machine is not discovered, and nobody works on it"
    assert found.remedies == (
        "Correct the cause, then discover it again: POST /api/v1/assets/asset-1/discover",
        "Forget it: DELETE /api/v1/assets/asset-1",
    )


def test_with_an_error_it_is_held_up_by_that_and_since_then() -> None:
    error = LastError(code="NO_INVENTORY", message="It said nothing", at=LATER)

    found = held_up(None, an_undiscovered_asset(last_error=error))

    assert found is not None
    assert (found.code, found.message, found.since) == ("NO_INVENTORY", "It said nothing", LATER)
    assert len(found.remedies) == 2


def test_a_controller_that_failed_may_want_other_credentials_and_maintenance_has_to_be_lifted() -> None:
    error = LastError(code="BMC_REFUSED", message="Wrong password", at=NOON)
    resting = Maintenance(reason="a fan", by="me")

    found = held_up(None, an_undiscovered_asset(last_error=error, maintenance=resting))

    assert found is not None
    assert found.remedies[1:3] == (
        "Lift its maintenance first: PATCH /api/v1/assets/asset-1",
        "Change the controller's credentials: PATCH /api/v1/assets/asset-1",
    )


def test_work_is_held_up_at_the_last_try_of_a_step_and_not_before() -> None:
    assert WAIT.tries > 2
    assert held_up(at_work(failures=WAIT.tries - 2)) is None

    found = held_up(at_work(failures=WAIT.tries - 1))

    assert found is not None
    assert (found.code, found.step, found.workflow_id) == (BROKEN.code, WAIT.name, "workflow-1")
    assert found.since == LATER, "since the step began, not the work"
    failed = f"has failed {WAIT.tries - 1} of {WAIT.tries} times: {BROKEN.message}"
    assert found.message == f"'{WAIT.title}' {failed}"


def test_a_step_that_failed_without_saying_why_is_no_reason_and_neither_is_an_error_without_a_failure() -> None:
    assert held_up(at_work(failures=WAIT.tries - 1, broken=False)) is None
    assert held_up(at_work(failures=0)) is None


def test_work_is_held_up_once_it_takes_longer_than_usual_counted_from_its_beginning() -> None:
    run = replace(at_work(broken=False), created_at=NOON - timedelta(hours=1))

    assert held_up(run, now=NOON + USUAL) is None
    found = held_up(run, now=NOON + USUAL + timedelta(seconds=1))

    assert found is not None
    assert (found.code, found.since) == ("SLOW", NOON + USUAL)
    minutes = round(USUAL.total_seconds() / 60)
    assert found.message == f"The work goes on for longer than the usual {minutes} minutes, at '{WAIT.title}'"


def test_work_that_never_began_is_slow_counted_from_when_it_was_asked_for() -> None:
    found = held_up(at_work(broken=False, began=None), now=NOON + USUAL + timedelta(seconds=1))

    assert found is not None
    assert found.since == NOON + USUAL


def test_work_that_waits_for_a_place_or_has_ended_is_not_held_up() -> None:
    long_after = NOON + timedelta(days=9)

    assert held_up(at_work(parked=True), now=long_after) is None
    assert held_up(at_work(), now=long_after) is not None


def test_what_can_be_done_names_the_deadline_and_the_workflow_that_can_be_cancelled() -> None:
    alone, child = held_up(at_work(failures=WAIT.tries)), held_up(at_work(failures=WAIT.tries, parent_id="workflow-9"))

    assert alone is not None
    assert child is not None
    assert alone.remedies == (
        "Wait: the step is tried again by itself",
        "Stop the work: POST /api/v1/workflows/workflow-1/cancel",
        "Give the machine up: DELETE /api/v1/assets/asset-1?force=true",
    )
    assert child.remedies[1] == "Stop the work: POST /api/v1/workflows/workflow-9/cancel"
    assert child.workflow_id == "workflow-1"


def test_a_step_that_runs_tells_until_when() -> None:
    run = at_work(failures=WAIT.tries)
    state = replace(run.steps[run.position], deadline=NOON + timedelta(minutes=5))
    found = held_up(replace(run, steps=(*run.steps[: run.position], state, *run.steps[run.position + 1 :])))

    assert found is not None
    assert found.remedies[0] == "Wait: the step is given up at 12:05:00 UTC at the latest"


def test_machines_that_are_late_have_failed_at_nothing_yet() -> None:
    waiting = after(TALOS, a_run_at(TALOS, INSTALL_NODES.name), Woken(), ChildStarted("workflow-2", "asset-1"))
    late = after(TALOS, waiting, Woken(), now=NOON + INSTALL_NODES.within)
    assert late.current is not None
    assert (late.current.error is not None, late.current.failures, INSTALL_NODES.tries) == (True, 0, 1)

    found = held_up(late, now=NOON + INSTALL_NODES.within)

    assert found is not None
    assert found.message.startswith("The work goes on for longer than the usual")
