"""Workflows take as long as the documents of the original say, whatever the seed."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from colony_core.domain.machine_plans import ASSET_DISCOVERY, DISK_WIPE, OS_PROVISION
from colony_core.domain.steps import Plan
from colony_core.ports.netboot import TurnOff
from colony_simulator import Image, SimulatedRack, Span, Timings, VirtualClock
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install

SLACK = timedelta(seconds=30)
"""What the steps of a plan take besides: polls of a power that is still to follow."""


def an_operator(seed: int) -> RackOperator:
    clock = VirtualClock()
    return RackOperator(SimulatedRack.of(1, seed=seed, clock=clock), clock=clock)


@given(seed=st.integers(), plan=st.sampled_from([ASSET_DISCOVERY, OS_PROVISION, DISK_WIPE]))
async def test_work_on_one_machine_takes_as_long_as_its_plan_says(seed: int, plan: Plan) -> None:
    operator = an_operator(seed)
    [machine] = operator.rack.machines
    start = operator.clock.now()
    if plan is OS_PROVISION:
        await operator.install(machine, an_install(machine))
    else:
        await operator.give(machine, TurnOff() if plan is ASSET_DISCOVERY else a_wipe(machine))

    assert plan.typical[0] <= operator.clock.now() - start <= plan.typical[1] - SLACK


@given(share=st.floats(min_value=0, max_value=1), least=st.floats(min_value=0, max_value=1e4))
@settings(max_examples=30)
def test_a_span_gives_what_lies_in_it(share: float, least: float) -> None:
    span = Span(least, least + 100)

    assert least - 0.001 <= span.at(share) <= least + 100.001


async def test_timings_can_be_chosen_and_images_added() -> None:
    at_once = Span(0.0, 0.0)
    clock = VirtualClock()
    timings = Timings(
        power_on=at_once,
        power_off=at_once,
        self_test=at_once,
        agent_start=at_once,
        inspection=at_once,
        images={"toy": Image(size_bytes=1, install=at_once, start=Span(1.0, 1.0))},
    )
    operator = RackOperator(SimulatedRack.of(1, clock=clock, timings=timings), clock=clock)
    [machine] = operator.rack.machines
    start = clock.now()
    await operator.install(machine, an_install(machine, template="toy"))

    assert clock.now() - start == timedelta(seconds=21), "two waits of the operator, and one start"
