"""Force: a machine can be forgotten at every step of every plan, and what it leaves behind can be mended."""

import pytest

from colony_core.domain.cluster_plans import GROW, SHRINK
from colony_core.domain.clusters import NodeStatus
from colony_core.domain.machine_plans import BMC_ROTATION
from colony_core.domain.steps import Plan, Step
from colony_core.domain.topology import Growth
from colony_core.domain.workflows import Run, RunStatus, WorkflowNotRetryable
from colony_core.errors import NotFound
from colony_simulator import Silent
from colony_testkit.builders import ALL_PLANS, CLUSTER_KINDS, CLUSTER_PLANS, MACHINE_PLANS
from colony_testkit.lab import (
    BEGINNINGS,
    BY_HAND,
    Lab,
    a_node,
    broken_laws,
    building,
    shrinking,
)

STEPS = [(plan, step) for plan in ALL_PLANS for step in plan.steps]
every_step = pytest.mark.parametrize(("plan", "step"), STEPS, ids=[f"{plan.key}:{step.name}" for plan, step in STEPS])


async def reached(plan: Plan, step: Step) -> tuple[Lab, Run]:
    """Return a lab in which a workflow of *plan* has just begun *step*."""
    lab = Lab(3)
    run_id = await (BEGINNINGS | BY_HAND)[plan.key](lab)
    return lab, await lab.run_to(run_id, step.name)


async def at_rest(lab: Lab) -> None:
    """Let time pass, and check that nothing is held, nothing goes on, and no law is broken."""
    await lab.run()
    assert [asset.id for asset in (await lab.assets()).values() if asset.held_by] == []
    assert [run.id for run in (await lab.workflows()).values() if not run.ended] == []
    assert await broken_laws(lab) == []


@every_step
@pytest.mark.parametrize("victim", ["asset-1", "asset-2", "asset-3"])
async def test_any_machine_can_be_forgotten_at_any_step_of_any_plan(plan: Plan, step: Step, victim: str) -> None:
    lab, run = await reached(plan, step)
    before = await lab.assets()
    if victim not in before:
        return

    forgotten = await lab.colony.assets.forget(victim, force=True)

    holder = before[victim].held_by
    assert any("was told to stop" in line for line in forgotten.not_done) == (holder is not None)
    assert ("the node was not taken out of cluster cluster-1" in forgotten.not_done) == bool(before[victim].cluster_id)
    assert "the machine was not powered off" in forgotten.not_done
    with pytest.raises(NotFound):
        await lab.colony.assets.forget(victim, force=True)
    await at_rest(lab)
    assert victim not in await lab.assets()
    worked_on = (plan in CLUSTER_PLANS and before[victim].held_by) or victim == run.asset_id
    stopped = (RunStatus.CANCELLED, RunStatus.FAILED)
    assert not worked_on or run.ended or (await lab.workflow(run.id)).status in stopped


@every_step
async def test_a_forgotten_machine_is_told_nothing_more(plan: Plan, step: Step) -> None:
    if plan not in MACHINE_PLANS:
        return
    lab, _ = await reached(plan, step)
    await lab.colony.assets.forget("asset-1", force=True)
    told = [happening for happening in lab.rack.history if happening.event.startswith("told")]

    await lab.run()

    assert [happening for happening in lab.rack.history if happening.event.startswith("told")] == told


@pytest.mark.parametrize("plan", CLUSTER_PLANS, ids=lambda plan: plan.key)
async def test_a_cluster_can_be_deleted_by_force_at_any_step_of_anything_done_to_it(plan: Plan) -> None:
    for step in plan.steps:
        lab, run = await reached(plan, step)

        await lab.colony.clusters.delete("cluster-1", force=True)

        with pytest.raises(NotFound):
            await lab.colony.clusters.delete("cluster-1", force=True)
        await at_rest(lab)
        assert (await lab.workflow(run.id)).ended
        assert await lab.clusters() == {}


async def test_a_node_whose_machine_was_forgotten_has_failed_and_can_be_taken_out() -> None:
    lab = Lab(3)
    await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()

    await lab.colony.assets.forget("asset-2", force=True)

    cluster = (await lab.clusters())["cluster-1"]
    assert {node.asset_id: node.status for node in cluster.nodes} == {
        "asset-1": NodeStatus.READY,
        "asset-2": NodeStatus.FAILED,
    }
    run = await lab.colony.clusters.shrink("cluster-1", "asset-2")
    await at_rest(lab)
    assert (await lab.workflow(run.id)).status is RunStatus.COMPLETED
    assert [node.asset_id for node in (await lab.clusters())["cluster-1"].nodes] == ["asset-1"]


async def test_a_cluster_that_lost_a_machine_gets_another_in_its_place() -> None:
    lab = Lab(3)
    await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()
    await lab.colony.assets.forget("asset-2", force=True)
    await lab.colony.clusters.shrink("cluster-1", "asset-2")
    await lab.run()

    await lab.colony.clusters.grow("cluster-1", Growth(workers=(a_node(3),)))
    await at_rest(lab)

    cluster = (await lab.clusters())["cluster-1"]
    assert {(node.asset_id, node.status) for node in cluster.nodes} == {
        ("asset-1", NodeStatus.READY),
        ("asset-3", NodeStatus.READY),
    }


async def test_a_node_can_be_taken_out_even_when_its_machine_is_forgotten_while_it_leaves() -> None:
    lab = Lab(2)
    run_id = await shrinking(lab)
    lab.rack.fault("asset-2", Silent())
    await lab.run_to(run_id, "power-off-removed")
    await lab.colony.assets.forget("asset-2", force=True)
    await at_rest(lab)

    again = await lab.colony.workflows.retry(run_id)
    await at_rest(lab)

    assert (await lab.workflow(again.id)).status is RunStatus.COMPLETED
    assert [node.asset_id for node in (await lab.clusters())["cluster-1"].nodes] == ["asset-1"]


@pytest.mark.parametrize(
    "plan", [plan for plan in ALL_PLANS if plan not in (SHRINK, BMC_ROTATION)], ids=lambda plan: plan.key
)  # a rotation is one step: it is done when it has been reached
async def test_work_on_a_machine_that_was_forgotten_is_not_tried_again(plan: Plan) -> None:
    lab, run = await reached(plan, plan.steps[0])
    victim = run.asset_id or ("asset-3" if plan is GROW else "asset-2")
    await lab.colony.assets.forget(victim, force=True)
    await lab.run()

    with pytest.raises(WorkflowNotRetryable) as refused:
        await lab.colony.workflows.retry(run.id)

    assert refused.value.details == f"Workflow '{run.id}' works on '{victim}', which was forgotten since: begin anew"


@pytest.mark.parametrize("plan", [plan for plan in ALL_PLANS if plan is not BMC_ROTATION], ids=lambda plan: plan.key)
async def test_asking_again_for_a_retry_that_is_at_work_gives_the_same_run(plan: Plan) -> None:
    lab, run = await reached(plan, plan.steps[0])
    await lab.colony.workflows.cancel(run.id)
    await lab.run()
    if (await lab.workflow(run.id)).status is RunStatus.COMPLETED:
        return  # Its only safe point was its end.

    first = await lab.colony.workflows.retry(run.id)
    second = await lab.colony.workflows.retry(run.id)
    await lab.colony.runner.settle()
    third = await lab.colony.workflows.retry(run.id) if not (await lab.workflow(first.id)).ended else first

    assert first.id == second.id == third.id
    assert sum(one.retry_of is not None for one in (await lab.workflows()).values()) == 1
    await at_rest(lab)
    assert (await lab.workflow(first.id)).status is RunStatus.COMPLETED
