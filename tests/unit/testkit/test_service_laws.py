"""Which disks may be written to: those that a plan at work named, and those of a job that nobody could call back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from colony_simulator import Fault, IgnoresPower, LiesAboutPower, Silent, SimulatedRack, VirtualClock
from colony_testkit import service_asks as asks
from colony_testkit.pictures import Picture
from colony_testkit.service_laws import broken_between
from colony_testkit.service_machine import ServiceMachine

INSTALLING = timedelta(seconds=300)
"""When the agent of a simulated machine is writing, counted from the wish to provision it."""


def cancelled(machine: ServiceMachine) -> None:
    machine.cancel(asks.Cancel(workflow=0), then=timedelta(seconds=1))


def forgotten(machine: ServiceMachine) -> None:
    machine.forget(asks.Forget(machine=2, force=True), then=timedelta(seconds=1))


@pytest.mark.parametrize("fault", [None, Silent(), LiesAboutPower(), IgnoresPower()])
@pytest.mark.parametrize("stopped", [cancelled, forgotten])
def test_a_machine_that_nobody_can_stop_may_finish_the_part_that_it_was_told(
    stopped: Callable[[ServiceMachine], None], fault: Fault | None
) -> None:
    machine = ServiceMachine()
    machine.enrol(known=2)
    machine.provision(asks.Provision(machine=2, disk=0), then=INSTALLING)
    machine.the_laws_hold()
    if fault is not None:
        machine.rack.fault("asset-2", fault)
    stopped(machine)
    for _ in range(8):
        machine.time_passes(then=timedelta(seconds=30))
        machine.the_laws_hold()
    machine.teardown()


def broken(before: Picture, after: Picture) -> list[str]:
    return broken_between(before, after, SimulatedRack(clock=VirtualClock()))


def a_picture(*, touched: int = 0, in_hand: bool = False) -> Picture:
    return Picture(
        at=VirtualClock().now(), touched={"NV1": touched}, in_hand=frozenset({"NV1"}) if in_hand else frozenset()
    )


def test_a_write_that_no_plan_named_is_found() -> None:
    assert broken(a_picture(), a_picture(touched=1)) == [
        "The disk NV1 was written to, and no workflow at work names it"
    ]


def test_a_job_that_no_plan_named_is_found_before_its_first_write() -> None:
    assert broken(a_picture(), a_picture(in_hand=True)) == [
        "A machine has a job for the disk NV1, and no workflow at work names it"
    ]


def test_a_job_that_was_in_hand_already_may_be_finished() -> None:
    assert broken(a_picture(in_hand=True), a_picture(in_hand=True, touched=1)) == []
