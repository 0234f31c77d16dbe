"""Cancel and retry at every step of every plan, and the ways to look at work."""

import asyncio
from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from colony_core.application import performing
from colony_core.application.workplace import Tools, Workplace
from colony_core.domain.assets import AssetBusy, AssetStatus
from colony_core.domain.clusters import ClusterStatus
from colony_core.domain.events import Entry, EventType
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.steps import Action, Ask, Await, FanOut, Perform, Plan, Signal, Step
from colony_core.domain.workflows import RunStatus, StepStatus, WorkflowEnded, WorkflowNotFound, WorkflowNotRetryable
from colony_core.ports.hardware import BmcRefused
from colony_core.ports.persistence import EntryFilter, Paging
from colony_simulator import FailsInstall, FailsWipe, Fault, IgnoresNetworkBoot, NeverComesUp, NeverReports
from colony_testkit.builders import ALL_PLANS, CLUSTER_KINDS
from colony_testkit.lab import (
    BEGINNINGS,
    BY_HAND,
    Lab,
    broken_laws,
    building,
    discovering,
    provisioning,
    rebooting,
    wiping,
)

STEPS = [(plan, step) for plan in ALL_PLANS for step in plan.steps]
NEEDED = [(plan, step) for plan, step in STEPS if not step.optional]
every_needed_step = pytest.mark.parametrize(
    ("plan", "step"), NEEDED, ids=[f"{plan.key}:{step.name}" for plan, step in NEEDED]
)
every_step = pytest.mark.parametrize(("plan", "step"), STEPS, ids=[f"{plan.key}:{step.name}" for plan, step in STEPS])

NEVER: Mapping[Signal, Fault] = {
    Signal.ASKED_FOR_BOOT: IgnoresNetworkBoot(),
    Signal.SENT_INVENTORY: NeverReports(),
    Signal.INSTALLED: FailsInstall(),
    Signal.WIPED: FailsWipe(),
    Signal.BOOTED: NeverComesUp(),
}
"""The fault with which a wait for each signal fails."""


class Sabotage:
    """Lets the step called *step* fail for good, wherever it is performed, until it is lifted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        self.active = True
        doing = performing.DOING

        async def perform(action: Action, tools: Tools, place: Workplace) -> object:
            current = place.run.current
            if self.active and current is not None and current.name == step:
                raise BmcRefused("sabotaged")
            return await doing[action](tools, place)

        def sabotaged(action: Action) -> object:
            return lambda tools, place: perform(action, tools, place)

        monkeypatch.setattr(performing, "DOING", {action: sabotaged(action) for action in doing})


async def begin(plan: Plan) -> tuple[Lab, str]:
    """Return a lab of three machines in which a workflow of *plan* has just begun, and its id."""
    lab = Lab(3)
    return lab, await (BEGINNINGS | BY_HAND)[plan.key](lab)


# Cancelling


@every_step
async def test_a_cancel_at_any_step_frees_everything_and_breaks_nothing(plan: Plan, step: Step) -> None:
    lab, run_id = await begin(plan)
    await lab.run_to(run_id, step.name)
    standing = await lab.workflow(run_id)

    if not standing.ended:
        await lab.colony.workflows.cancel(run_id)
        again = await lab.colony.workflows.cancel(run_id)
        assert again.cancel_requested or again.ending or again.ended
    await lab.run()

    assert (await lab.workflow(run_id)).status in (RunStatus.CANCELLED, RunStatus.COMPLETED)
    assert not any(asset.held_by for asset in (await lab.assets()).values())
    assert not any(not run.ended for run in (await lab.workflows()).values())
    assert await broken_laws(lab) == []


@pytest.mark.parametrize("plan", ALL_PLANS, ids=lambda plan: plan.key)
async def test_work_that_has_not_begun_can_be_cancelled(plan: Plan) -> None:
    lab, run_id = await begin(plan)

    await lab.colony.workflows.cancel(run_id)
    await lab.run()

    assert (await lab.workflow(run_id)).status is RunStatus.CANCELLED
    assert await broken_laws(lab) == []


async def test_a_cancelled_discovery_leaves_a_machine_discovering_and_off() -> None:
    lab = Lab()
    run_id = await discovering(lab)
    await lab.run_to(run_id, "await-inventory")

    await lab.colony.workflows.cancel(run_id)
    await lab.run()

    assert (await lab.asset()).status is AssetStatus.DISCOVERING
    assert lab.rack.machine("asset-1").power == "off"


async def test_a_second_cancel_changes_nothing() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    await lab.run_to(run_id, "await-install")

    first = await lab.colony.workflows.cancel(run_id)
    second = await lab.colony.workflows.cancel(run_id)
    await lab.run()
    third = await lab.colony.workflows.cancel(run_id)

    assert replace(second, revision=first.revision) == first
    assert third == await lab.workflow(run_id)


async def test_what_has_ended_cannot_be_cancelled() -> None:
    lab = Lab()
    run_id = await rebooting(lab)
    await lab.run()

    with pytest.raises(WorkflowEnded) as refused:
        await lab.colony.workflows.cancel(run_id)

    assert "is completed: only a pending or running workflow can be cancelled" in refused.value.details


async def test_a_child_that_is_cancelled_by_itself_fails_the_cluster_and_frees_its_machine() -> None:
    lab = Lab(2)
    run_id = await building(*CLUSTER_KINDS[0])(lab)
    await lab.run_to(run_id, "install-nodes")
    child = (await lab.colony.workflows.children_of([run_id]))[run_id][1]

    await lab.colony.workflows.cancel(child.id)
    await lab.run()

    cluster = (await lab.clusters())["cluster-1"]
    assert cluster.status is ClusterStatus.ERROR
    assert cluster.error is not None
    assert cluster.error.message == f"Not every machine was installed: asset-2 ({child.id} cancelled)"
    assert (await lab.asset("asset-2")).status is AssetStatus.AVAILABLE
    assert await broken_laws(lab) == []


# Trying again


@every_needed_step
async def test_work_that_failed_at_any_step_succeeds_when_it_is_tried_again(
    plan: Plan, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, run_id = await begin(plan)
    sabotage = Sabotage(monkeypatch, step.name if isinstance(step.do, Perform) else "")
    if isinstance(step.do, Await):
        lab.rack.fault("asset-1", NEVER[step.do.signal])
    if isinstance(step.do, FanOut):
        for machine in lab.rack.machines:
            lab.rack.fault(machine.name, FailsInstall())
    if isinstance(step.do, Ask) and lab.caretaker is not None:
        await lab.run_to(run_id, step.name)
        lab.caretaker.away = True
    await lab.run()
    failed = await lab.workflow(run_id)
    assert failed.status is RunStatus.FAILED
    assert next(state for state in failed.steps if state.name == step.name).status is StepStatus.FAILED
    assert await broken_laws(lab) == []

    sabotage.active = False
    for machine in lab.rack.machines:
        lab.rack.mend(machine.name)
    if lab.caretaker is not None:
        lab.caretaker.away = False
    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    done = await lab.workflow(again.id)
    assert (done.status, done.retry_of) == (RunStatus.COMPLETED, run_id)
    assert await broken_laws(lab) == []
    assert not any(asset.last_error for asset in (await lab.assets()).values())
    assert all(cluster.status is ClusterStatus.READY for cluster in (await lab.clusters()).values())


@every_step
async def test_work_that_was_cancelled_at_any_step_succeeds_when_it_is_tried_again(plan: Plan, step: Step) -> None:
    lab, run_id = await begin(plan)
    await lab.run_to(run_id, step.name)
    if (await lab.workflow(run_id)).ended:
        return
    await lab.colony.workflows.cancel(run_id)
    await lab.run()
    if (await lab.workflow(run_id)).status is RunStatus.COMPLETED:
        return

    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    assert (await lab.workflow(again.id)).status is RunStatus.COMPLETED
    assert await broken_laws(lab) == []


async def test_a_retry_keeps_what_was_finished() -> None:
    lab = Lab()
    lab.rack.fault("asset-1", NeverComesUp())
    run_id = await provisioning(lab)
    await lab.run()
    lab.rack.mend("asset-1")

    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    assert [state.name for state in again.steps if state.kept][-1] == "await-install"
    assert sum("writes" in happening.event or "wrote" in happening.event for happening in lab.rack.history) <= 1


async def test_a_wipe_that_failed_after_erasing_is_begun_anew_when_the_machine_was_used_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = Lab()
    run_id = await wiping(lab)
    sabotage = Sabotage(monkeypatch, "turn-off")
    await lab.run()
    sabotage.active = False
    assert (await lab.asset()).status is AssetStatus.PROVISIONED
    other = await lab.colony.workflows.retry(run_id)
    await lab.run()
    assert (await lab.workflow(other.id)).steps[0].kept
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()

    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    assert not any(state.kept for state in again.steps)
    assert (await lab.workflow(again.id)).status is RunStatus.COMPLETED
    assert lab.rack.machine("asset-1").installation is None, "what is available holds no data"


async def test_what_succeeded_or_still_runs_cannot_be_tried_again() -> None:
    lab = Lab()
    run_id = await rebooting(lab)
    with pytest.raises(WorkflowNotRetryable):
        await lab.colony.workflows.retry(run_id)
    await lab.run()

    with pytest.raises(WorkflowNotRetryable) as refused:
        await lab.colony.workflows.retry(run_id)

    assert "is completed: only failed or cancelled work can be retried" in refused.value.details


async def test_a_part_of_a_cluster_is_tried_again_by_its_cluster() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", FailsInstall())
    run_id = await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()
    child = (await lab.colony.workflows.children_of([run_id]))[run_id][1]

    with pytest.raises(WorkflowNotRetryable) as refused:
        await lab.colony.workflows.retry(child.id)

    assert f"is a part of '{run_id}': retry that one" in refused.value.details


async def test_a_retry_of_a_cluster_installs_only_what_is_not_installed() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", FailsInstall())
    run_id = await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()
    lab.rack.mend("asset-2")

    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    children = (await lab.colony.workflows.children_of([again.id]))[again.id]
    assert [child.asset_id for child in children] == ["asset-2"]
    assert (await lab.clusters())["cluster-1"].status is ClusterStatus.READY


async def test_only_the_latest_work_on_a_cluster_is_tried_again() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", FailsInstall())
    run_id = await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()
    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    with pytest.raises(WorkflowNotRetryable) as refused:
        await lab.colony.workflows.retry(run_id)

    assert f"retry '{again.id}'" in refused.value.details


async def test_a_machine_that_is_worked_on_refuses_a_retry_of_older_work() -> None:
    lab = Lab()
    lab.rack.fault("asset-1", FailsInstall())
    run_id = await provisioning(lab)
    await lab.run()
    await lab.colony.assets.reboot("asset-1", boot_device=None)

    with pytest.raises(AssetBusy):
        await lab.colony.workflows.retry(run_id)
    assert len(await lab.workflows()) == 2


async def test_the_token_of_work_that_is_tried_again_opens_only_the_new_run() -> None:
    lab = Lab()
    lab.rack.fault("asset-1", NeverComesUp())
    run_id = await provisioning(lab)
    await lab.run()
    old = await lab.workflow(run_id)

    again = await lab.colony.workflows.retry(run_id)

    assert old.ticket is not None
    assert ((await lab.workflow(run_id)).ticket, again.ticket) == (None, old.ticket)


# Looking


async def test_a_workflow_that_is_not_there_is_not_found() -> None:
    lab = Lab()

    for look in (lab.colony.workflows.get, lab.colony.workflows.cancel, lab.colony.workflows.retry):
        with pytest.raises(WorkflowNotFound):
            await look("workflow-404")
    with pytest.raises(WorkflowNotFound):
        await lab.colony.workflows.logs("workflow-404", Paging())


async def test_the_log_of_a_workflow_tells_its_steps_and_what_the_machine_said_in_order() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    await lab.run()

    entries = (await lab.colony.workflows.logs(run_id, Paging(limit=1000))).items

    messages = [entry.message for entry in entries]
    assert messages[0] == "Workflow os-provision created"
    assert messages[-1] in ("Workflow completed", "Asset asset-1 is provisioned")
    assert [entry.seq for entry in entries] == sorted({entry.seq for entry in entries})
    assert any(entry.type is EventType.LOG for entry in entries)
    assert {entry.run_id for entry in entries} == {run_id}


async def test_a_follower_hears_everything_once_in_order_and_can_go_on_where_it_stopped() -> None:
    lab = Lab()
    heard: list[Entry] = []

    async def follow(after: int | None) -> None:
        async for entry in lab.colony.workflows.follow(EntryFilter(), after=after):
            heard.append(entry)  # noqa: PERF401 - it never ends: what was heard is looked at meanwhile

    following = asyncio.create_task(follow(None))
    await asyncio.sleep(0)
    run_id = await provisioning(lab)
    await lab.run_to(run_id, "await-install")
    following.cancel()
    following = asyncio.create_task(follow(heard[-1].seq))
    await lab.run()
    for _ in range(10):
        await asyncio.sleep(0)
    following.cancel()

    assert [entry.seq for entry in heard] == list(range(1, len(heard) + 1))
    async with lab.store.reading() as look:
        assert len(heard) == await look.journal.last()


@pytest.mark.parametrize("plan", ALL_PLANS, ids=lambda plan: plan.key)
async def test_on_the_simulated_rack_work_takes_no_longer_than_its_plan_says(plan: Plan) -> None:
    lab, run_id = await begin(plan)
    await lab.run()

    run = await lab.workflow(run_id)

    assert run.status is RunStatus.COMPLETED
    assert run.finished_at is not None
    assert run.started_at is not None
    assert run.finished_at - run.started_at <= plan.typical[1]
