"""Every plan is well formed, so that no run of it can get stuck on its own text."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.application.performing import DOING
from colony_core.domain.cluster_plans import CIVO, K3S, TALOS
from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.decisions import Woken
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.plans import PLANS, cluster_plan, performs, plan_of
from colony_core.domain.steps import Action, Ask, Await, FanOut, Perform, Plan, Signal, Step, WorkflowType
from colony_testkit.builders import ALL_PLANS, a_run, a_run_at, after

ALL_STEPS = [(plan, step) for plan in ALL_PLANS for step in (*plan.steps, *plan.after_failure, *plan.after_cancel)]
every_plan = pytest.mark.parametrize("plan", ALL_PLANS, ids=lambda plan: plan.key)
every_step = pytest.mark.parametrize(
    ("plan", "step"), ALL_STEPS, ids=[f"{plan.key}:{step.name}" for plan, step in ALL_STEPS]
)


def parts(plan: Plan) -> tuple[tuple[Step, ...], ...]:
    """Return the three parts of *plan*."""
    return plan.steps, plan.after_failure, plan.after_cancel


@every_plan
def test_step_names_are_unique_in_every_walk_that_a_run_can_take(plan: Plan) -> None:
    for cleanup in (plan.after_failure, plan.after_cancel):
        names = [step.name for step in (*plan.steps, *cleanup)]

        assert len(names) == len(set(names))


@every_plan
def test_a_name_that_stands_in_two_parts_means_one_step(plan: Plan) -> None:
    for part in parts(plan):
        for step in part:
            assert plan.step(step.name) == step


@every_plan
def test_going_back_and_resuming_lead_to_an_earlier_step_of_the_same_part_or_to_itself(plan: Plan) -> None:
    for part in parts(plan):
        for place, step in enumerate(part):
            upto = [earlier.name for earlier in part[: place + 1]]

            assert step.back_to is None or step.back_to in upto
            assert step.resume_at is None or step.resume_at in upto


@every_plan
def test_a_run_that_is_tried_again_never_begins_after_the_step_that_trying_again_would_go_back_to(plan: Plan) -> None:
    place = {step.name: number for number, step in enumerate(plan.steps)}

    for step in plan.steps:
        if step.resume_at is not None and step.back_to is not None:
            assert place[step.resume_at] <= place[step.back_to]


@every_plan
def test_clean_up_acts_and_neither_waits_nor_fans_out_nor_lasts(plan: Plan) -> None:
    for step in (*plan.after_failure, *plan.after_cancel):
        assert isinstance(step.do, Perform)
        assert step.tries * step.within < timedelta(minutes=5)


@every_plan
def test_a_plan_is_found_by_its_key_and_version(plan: Plan) -> None:
    assert plan.version >= 1
    assert PLANS[plan.key, plan.version] is plan
    assert plan_of(a_run(plan)) is plan
    assert plan.key.startswith(plan.type)


@every_plan
def test_work_that_leaves_a_machine_half_done_leaves_it_off_where_a_controller_can(plan: Plan) -> None:
    waits_for_agent = any(isinstance(step.do, Await) for step in plan.steps)
    by_hand = any(isinstance(step.do, Ask) for step in plan.steps)

    for cleanup in (plan.after_failure, plan.after_cancel):
        power = [step.do for step in cleanup if step.do != Perform(Action.SETTLE_PASSWORD)]
        assert power == ([Perform(Action.POWER_OFF)] if waits_for_agent and not by_hand else [])


@every_plan
def test_a_plan_usually_takes_less_than_its_deadlines_allow(plan: Plan) -> None:
    least, most = plan.typical
    machine_work = timedelta(hours=1) if any(isinstance(step.do, FanOut) for step in plan.steps) else timedelta(0)

    assert timedelta(0) < least < most
    assert most < machine_work + sum((step.within * step.tries for step in plan.steps), timedelta(0))


@every_step
def test_every_step_has_a_title_a_deadline_and_at_least_one_try(plan: Plan, step: Step) -> None:
    assert step.title
    assert step.within > timedelta(0)
    assert step.tries >= 1
    assert step.pause > timedelta(0)
    assert step.interruptions >= 1


@every_step
def test_every_action_has_a_performer_and_every_wait_an_explanation(plan: Plan, step: Step) -> None:
    match step.do:
        case Perform(action):
            assert action in DOING
        case Await(signal, overrun=(code, message)):
            assert signal in Signal
            assert code.isupper()
            assert len(message) > 20
        case FanOut():
            assert step.tries == 1, "children of an earlier attempt would still be at work"


@every_plan
def test_a_machine_is_off_before_it_is_started_and_waited_for(plan: Plan) -> None:
    off = False
    for step in plan.steps:
        if step.do == Perform(Action.POWER_OFF) or isinstance(step.do, Ask):  # whoever starts one switches it off first
            off = True
        if isinstance(step.do, Await):
            assert off


def test_every_action_is_used_by_a_plan_and_nothing_else_is_performed() -> None:
    used = {step.do.action for _, step in ALL_STEPS if isinstance(step.do, Perform)}

    assert used == set(Action) == set(DOING)


def test_every_type_of_workflow_has_a_plan() -> None:
    assert {plan.type for plan in ALL_PLANS} == set(WorkflowType)


@pytest.mark.parametrize(
    ("kind", "flavor", "plan"),
    [
        (ClusterType.K8S_STACK, Flavor.TALOS, TALOS),
        (ClusterType.K8S_STACK, Flavor.K3S, K3S),
        (ClusterType.CIVO_STACK, Flavor.TALOS, CIVO),
    ],
)
def test_a_cluster_is_built_as_its_type_and_flavor_say(kind: ClusterType, flavor: Flavor, plan: Plan) -> None:
    assert cluster_plan(kind, flavor) is plan
    assert plan.key == f"cluster-provision/{kind}/{flavor}"


def test_a_process_is_at_a_step_that_acts_once_it_has_begun_and_perhaps_at_one_of_an_unknown_plan() -> None:
    acts, waits = a_run_at(OS_PROVISION, "power-on"), a_run_at(OS_PROVISION, "await-install")
    acting, waiting = (after(OS_PROVISION, run, Woken()) for run in (acts, waits))

    assert [performs(run) for run in (acts, acting, waits, waiting)] == [False, True, False, False]
    assert performs(replace(waiting, plan_version=99))
    assert not performs(replace(waits, plan_version=99))


@every_plan
def test_what_has_to_be_left_in_order_is_tried_more_than_once(plan: Plan) -> None:
    for step in (*plan.after_failure, *plan.after_cancel):
        assert step.tries > 1, "a step of these is passed over when it fails"
