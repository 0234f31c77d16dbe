"""What a person is asked to do is the step that waits for a person, and a confirmation is of one attempt of it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.decisions import Heard, Succeeded, Woken
from colony_core.domain.hardware import BootDevice
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.manual_plans import BY_HAND, MANUAL_PLANS
from colony_core.domain.orders import Reboot
from colony_core.domain.steps import Chore, Signal, WorkflowType
from colony_core.domain.tasks import Task, TaskNotFound, TaskOver, asked_in, awaited, instruction, task_of
from colony_core.domain.workflows import Run, RunStatus, StepStatus
from colony_testkit.builders import NOON, a_run, a_run_at, after, an_asset, failure

PLAN = MANUAL_PLANS[WorkflowType.OS_PROVISION]
STEP = "start-from-network"
LATER = NOON + timedelta(minutes=1)
ID = f"workflow-1.{STEP}.1"


def asking() -> Run:
    """Return a run that asked somebody a minute after it was created."""
    return after(PLAN, a_run(PLAN), Woken(), now=LATER)


def test_a_task_is_the_step_that_waits_for_a_person() -> None:
    asset = an_asset()

    assert task_of(asset, asking()) == Task(
        id=ID,
        asset_id="asset-1",
        workflow_id="workflow-1",
        step=STEP,
        instruction=instruction(Chore.START_FROM_NETWORK, asset, asking()),
        since=LATER,
        deadline=LATER + BY_HAND,
    )


def test_nothing_is_asked_before_the_step_begins_nor_after_it_nor_where_no_person_is_needed() -> None:
    by_machine = after(OS_PROVISION, a_run(), Woken())

    assert task_of(an_asset(), None) is None
    assert task_of(an_asset(), a_run(PLAN)) is None
    assert task_of(an_asset(), by_machine) is None
    assert task_of(an_asset(), replace(asking(), status=RunStatus.CANCELLED)) is None
    assert task_of(an_asset(), after(PLAN, asking(), Succeeded(STEP, 1))) is None


def test_what_the_machine_says_is_a_confirmation() -> None:
    heard = after(PLAN, asking(), Heard(Signal.ASKED_FOR_BOOT))

    assert heard.steps[0].status is StepStatus.COMPLETED
    assert awaited(ID, heard) is None
    assert after(PLAN, asking(), Heard(Signal.BOOTED)).steps[0].status is StepStatus.RUNNING


def test_a_task_waits_for_its_own_attempt() -> None:
    run = asking()

    assert asked_in(ID) == "workflow-1"
    assert awaited(ID, run) == run.steps[0]
    assert awaited(ID, after(PLAN, run, Succeeded(STEP, 1))) is None, "said twice"


@pytest.mark.parametrize(
    "task_id",
    [
        f"workflow-1.{STEP}.0",
        f"workflow-1.{STEP}.2",
        f"workflow-1.{STEP}.x",
        f"workflow-1.{STEP}.",
        f"workflow-1.{STEP}.1000000000",
        f"workflow-1.{STEP}." + "9" * 5000,
        f"workflow-2.{STEP}.1",
        "workflow-1.await-install.1",
        "workflow-1",
        "",
    ],
)
def test_what_was_never_asked_is_not_found(task_id: str) -> None:
    with pytest.raises(TaskNotFound, match="does not exist for this asset"):
        awaited(task_id, asking())


def test_an_attempt_that_is_over_and_a_workflow_that_has_ended_take_no_word_any_more() -> None:
    run = asking()
    again = after(PLAN, run, *(failure(run), Woken()), now=LATER + timedelta(hours=1))
    gone_on = replace(run, steps=(replace(run.steps[0], attempt=2), *run.steps[1:]))

    assert again.steps[0].status is not StepStatus.RUNNING
    done = after(PLAN, gone_on, Succeeded(STEP, 2))
    assert awaited(f"workflow-1.{STEP}.2", done) is None
    for over in (again, replace(run, status=RunStatus.CANCELLED), gone_on, done):
        with pytest.raises(TaskOver, match=f"is {over.status} and went on"):
            awaited(ID, over)
    assert awaited(f"workflow-1.{STEP}.2", gone_on) == gone_on.steps[0]


@pytest.mark.parametrize(
    ("tags", "where"),
    [
        ({}, ""),
        ({"rack": "r3"}, " in rack r3"),
        ({"slot": "7"}, ", slot 7"),
        ({"rack": "r3", "slot": "7"}, " in rack r3, slot 7"),
    ],
)
def test_an_instruction_says_where_the_machine_is(tags: dict[str, str], where: str) -> None:
    asset = replace(an_asset(), tags=tags)
    off = f"Switch asset-1 (server01){where} off if it is on, press its power button and"

    assert instruction(Chore.START_FROM_NETWORK, asset, asking()) == f"{off} choose network boot; then confirm"
    assert instruction(Chore.START_FROM_DISK, asset, asking()) == f"{off} let it boot from disk; then confirm"


@pytest.mark.parametrize(
    ("device", "how"),
    [
        (None, ""),
        (BootDevice.PXE, " and choose network boot"),
        (BootDevice.DISK, " and let it boot from disk"),
    ],
)
def test_a_restart_goes_where_it_was_asked_to(device: BootDevice | None, how: str) -> None:
    run = replace(asking(), order=Reboot(boot_device=device))

    assert instruction(Chore.RESTART, an_asset(), run) == f"Restart asset-1 (server01){how}; then confirm"


def test_a_restart_of_other_work_is_a_restart() -> None:
    assert instruction(Chore.RESTART, an_asset(), asking()) == "Restart asset-1 (server01); then confirm"


def test_a_start_that_came_to_nothing_is_asked_for_again_under_another_id() -> None:
    waits = after(PLAN, asking(), Succeeded(STEP, 1), Woken(), now=LATER)
    assert waits.current is not None

    with pytest.raises(TaskNotFound):
        awaited("workflow-1.await-boot-request.1", waits)

    back = after(PLAN, waits, Woken(), now=waits.current.deadline or LATER)

    assert back.current is not None
    assert (back.current.name, back.current.status) == (STEP, StepStatus.PENDING)
    fault = back.steps[waits.position].error
    assert fault is not None
    assert fault.message.startswith("The start was confirmed"), "no controller accepted anything"
    with pytest.raises(TaskOver):
        awaited(ID, back)
    again = after(PLAN, back, Woken(), now=back.due or LATER)
    assert awaited(f"workflow-1.{STEP}.2", again) == again.current


def test_a_system_that_has_booted_was_started_from_its_disk_and_one_that_asks_for_its_boot_script_was_not() -> None:
    waits = after(PLAN, a_run_at(PLAN, "start-from-disk"), Woken())

    booted, asked = after(PLAN, waits, Heard(Signal.BOOTED)), after(PLAN, waits, Heard(Signal.ASKED_FOR_BOOT))

    assert booted.steps[waits.position].status is StepStatus.COMPLETED
    assert asked.steps[waits.position].status is StepStatus.RUNNING
