"""What holds in every history of a rack."""

from contextlib import suppress
from copy import deepcopy
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.orders import Install, Wipe, WipeMethod
from colony_core.errors import ColonyError
from colony_simulator import (
    Chances,
    DiskMissing,
    FailsInstall,
    FailsWipe,
    Happening,
    KeepsData,
    NeverComesUp,
    NeverReports,
    RebootsInTheMiddle,
    RenamesDisks,
    Silent,
    SimulatedRack,
    Slow,
    VirtualClock,
)
from colony_simulator.dice import Dice
from colony_simulator.faults import Fault
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install

MACHINES = 2
DISKS = 2


class Move(Struct, frozen=True):
    """One thing that an operator does to a machine, and how long he then waits."""

    machine: int
    what: str
    disk: int = 0
    fault: Fault = Silent()
    wait: int = 0


faults = st.sampled_from(
    [
        DiskMissing(),
        FailsInstall(),
        FailsWipe(),
        KeepsData(),
        NeverComesUp(),
        NeverReports(),
        RebootsInTheMiddle(),
        RenamesDisks(),
        Silent(),
        Slow(),
    ]
)
moves = st.builds(
    Move,
    machine=st.integers(min_value=0, max_value=MACHINES - 1),
    what=st.sampled_from(["on", "off", "restart", "pxe", "disk", "install", "wipe", "fault", "deaf", "revoke"]),
    disk=st.integers(min_value=0, max_value=DISKS - 1),
    fault=faults,
    wait=st.sampled_from([0, 1, 30, 200, 600]),
)
stories = st.lists(moves, max_size=25)
chances = st.sampled_from(
    [Chances(), Chances(silent=0.1, reboots_in_the_middle=0.2, disk_missing=0.1, renames_disks=0.3, never_reports=0.1)]
)


def an_operator(seed: int, chance: Chances) -> RackOperator:
    clock = VirtualClock()
    return RackOperator(SimulatedRack.of(MACHINES, disks=DISKS, seed=seed, clock=clock, chances=chance), clock=clock)


async def play(operator: RackOperator, story: list[Move]) -> None:
    for move in story:
        with suppress(ColonyError):
            await make(operator, move)
        await operator.wait(move.wait)


async def make(operator: RackOperator, move: Move) -> None:
    machine = operator.rack.machines[move.machine]
    controller = operator.controller(machine)
    match move.what:
        case "on" | "off":
            await controller.set_power(Power(move.what))
        case "restart":
            await controller.restart()
        case "pxe" | "disk":
            await controller.set_boot_device(BootDevice(move.what))
        case "fault":
            operator.rack.fault(machine.name, move.fault, until=timedelta(minutes=10), times=2)
        case "deaf":
            operator.netboot.deaf = 2
        case "revoke":
            operator.netboot.revoke(machine.mac)
        case _:
            await order(operator, move)


def in_order(history: list[Happening]) -> list[Happening]:
    """Return *history* by time and machine; what happened to a machine at one moment stays in its order."""
    return sorted(history, key=lambda each: (each.at, each.machine))


async def order(operator: RackOperator, move: Move) -> None:
    """Give the machine a job and start it, as a workflow would."""
    machine = operator.rack.machines[move.machine]
    controller = operator.controller(machine)
    operator.netboot.jobs[machine.mac] = (
        an_install(machine, disk=move.disk)
        if move.what == "install"
        else a_wipe(machine, move.disk, method=WipeMethod.ZERO)
    )
    await controller.set_boot_device(BootDevice.PXE)
    await controller.restart()


@given(seed=st.integers(), chance=chances, story=stories)
async def test_no_byte_is_written_to_a_disk_that_no_job_named(seed: int, chance: Chances, story: list[Move]) -> None:
    operator = an_operator(seed, chance)
    await play(operator, story)
    await operator.wait(3600)

    named = set()
    for _, job in operator.netboot.given:
        if isinstance(job, Install):
            named.add(job.disk.serial)
        elif isinstance(job, Wipe):
            named.update(disk.serial for disk in job.disks)
    touched = {disk.identity.serial for each in operator.rack.machines for disk in each.disks if disk.touched}
    assert touched <= named


@given(seed=st.integers(), chance=chances, story=stories)
async def test_the_same_seed_and_story_give_the_same_history(seed: int, chance: Chances, story: list[Move]) -> None:
    first, second = an_operator(seed, chance), an_operator(seed, chance)
    await play(first, story)
    await play(second, story)

    assert first.rack.history == second.rack.history
    assert first.rack.snapshot() == second.rack.snapshot()


@given(seed=st.integers(), chance=chances, order=st.permutations(range(4)))
async def test_it_does_not_matter_which_machine_is_called_first_at_one_moment(
    seed: int, chance: Chances, order: list[int]
) -> None:
    racks = []
    for places in (range(4), order):
        clock = VirtualClock()
        operator = RackOperator(SimulatedRack.of(4, seed=seed, clock=clock, chances=chance), clock=clock)
        for place in places:
            with suppress(ColonyError):
                await make(operator, Move(place, "install"))
        await operator.wait(3600)
        racks.append(operator.rack)

    assert racks[0].history == racks[1].history
    assert racks[0].snapshot() == racks[1].snapshot()


@given(seed=st.integers(), chance=chances, story=stories, rest=stories)
async def test_a_rack_that_was_restored_goes_on_as_if_nothing_had_happened(
    seed: int, chance: Chances, story: list[Move], rest: list[Move]
) -> None:
    operator = an_operator(seed, chance)
    await play(operator, story)
    snapshot = operator.rack.snapshot()
    clock = VirtualClock(operator.clock.now())
    restored = RackOperator(SimulatedRack.restore(snapshot, clock=clock), clock=clock)
    assert restored.rack.snapshot() == snapshot
    before = operator.rack.history
    restored.netboot = deepcopy(operator.netboot)
    restored.rack.connect(restored.netboot)

    await play(operator, rest)
    await play(restored, rest)

    assert in_order(before + restored.rack.history) == in_order(operator.rack.history)
    assert restored.rack.snapshot() == operator.rack.snapshot()


@given(seed=st.integers(), chance=chances, story=stories)
async def test_a_machine_is_up_only_while_it_has_power_and_a_system(
    seed: int, chance: Chances, story: list[Move]
) -> None:
    operator = an_operator(seed, chance)
    for move in story:
        await play(operator, [move])

        for machine in operator.rack.machines:
            if machine.up_since is not None:
                assert machine.power is Power.ON
                assert machine.installation is not None


@given(seed=st.integers(), chance=chances, story=stories)
async def test_no_history_shows_a_secret(seed: int, chance: Chances, story: list[Move]) -> None:
    operator = an_operator(seed, chance)
    await play(operator, story)
    shown = repr(operator.rack.history) + repr(operator.rack.machines)

    assert "token-" not in shown
    assert operator.rack.machines[0].password.reveal() not in shown


def test_another_seed_is_another_rack() -> None:
    rolls = {Dice(seed).roll("asset-1", 1, "self-test") for seed in range(-50, 50)}

    assert len(rolls) == 100


@given(seed=st.integers(), what=st.text())
def test_a_roll_lies_between_nothing_and_one(seed: int, what: str) -> None:
    assert 0 <= Dice(seed).roll(what) < 1
