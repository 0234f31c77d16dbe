"""What a wipe erases, what it leaves, how often it is tried, and what proof it leaves behind."""

import pytest
from msgspec.structs import replace

from colony_core import AssetStatus, ProvisionRequest, WipeMethod
from colony_core.domain.machine_plans import DISK_WIPE
from colony_core.domain.reports import WipeCertificate
from colony_core.domain.workflows import Run, RunStatus
from colony_simulator import DiskMissing, FailsWipe, Fault, KeepsData, RebootsInTheMiddle, SimulatedDisk, SimulatedRack
from colony_testkit.lab import Lab, wiping

TRIES = DISK_WIPE.step("await-wipe").tries


def a_lab(*, disks: int = 2) -> Lab:
    """Return a lab of one machine with several disks and a stick."""
    lab = Lab()
    lab.rack = SimulatedRack.of(1, disks=disks, sticks=True, clock=lab.clock)
    lab.hardware, lab.platform = lab.rack.hardware, lab.rack.platform
    lab.open()
    return lab


async def install(lab: Lab, *, disk: int = 0) -> None:
    """Install the machine on that disk."""
    wanted = lab.rack.machine("asset-1").disks[disk].identity.serial
    await lab.colony.assets.provision("asset-1", ProvisionRequest(disk_device=wanted))
    await lab.run()


async def wiped(lab: Lab, method: WipeMethod = WipeMethod.ZERO) -> Run:
    """Install the machine on its first disk, then wipe it, and return the workflow of that as it ended."""
    await lab.enrol()
    await install(lab)
    run = await lab.colony.assets.wipe("asset-1", method=method)
    await lab.run()
    return await lab.workflow(run.id)


@pytest.mark.parametrize("method", WipeMethod)
async def test_a_wipe_leaves_a_certificate_of_every_fixed_disk_and_touches_no_removable_one(method: WipeMethod) -> None:
    lab = a_lab()
    run = await wiped(lab, method)
    *fixed, stick = lab.rack.machine("asset-1").disks

    assert run.status is RunStatus.COMPLETED
    assert isinstance(run.report, WipeCertificate)
    assert [one.disk.serial for one in run.report.disks] == [disk.identity.serial for disk in fixed]
    assert all(one.method is method and one.verified and one.bytes_verified for one in run.report.disks)
    assert all(disk.is_erased(method) for disk in fixed)
    assert stick.touched == 0


async def test_of_two_disks_that_nobody_can_tell_apart_a_wipe_erases_both() -> None:
    lab = a_lab(disks=1)
    machine = lab.rack.machine("asset-1")
    twin = SimulatedDisk(identity=replace(machine.disks[0].identity, name="/dev/nvme9n1"))
    await lab.enrol()
    await install(lab)
    machine.disks.append(twin)
    machine.inventory = replace(machine.inventory, disks=tuple(disk.identity for disk in machine.disks))
    first = await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)
    await lab.run()
    second = await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)
    await lab.run()

    doubtful, clean = await lab.workflow(first.id), await lab.workflow(second.id)
    assert doubtful.error is not None
    assert doubtful.error.code == "DISK_AMBIGUOUS"
    assert clean.status is RunStatus.COMPLETED
    assert all(disk.touched for disk in machine.disks if not disk.identity.removable)


async def test_a_disk_that_was_not_known_stops_the_wipe_before_anything_is_erased_and_the_next_one_names_it() -> None:
    lab = a_lab()
    await lab.enrol()
    first, second, _ = lab.rack.machine("asset-1").disks
    lab.rack.fault("asset-1", DiskMissing(second.identity.serial), times=1)
    await install(lab)
    run = await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)
    touched = first.touched
    await lab.run()

    stopped = await lab.workflow(run.id)
    assert stopped.error is not None
    assert stopped.error.code == "DISK_NOT_NAMED"
    assert second.identity.serial in stopped.error.message
    assert first.touched == touched
    assert (await lab.asset()).status is AssetStatus.PROVISIONED

    again = await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)
    await lab.run()
    assert (await lab.workflow(again.id)).status is RunStatus.COMPLETED
    assert (await lab.asset()).status is AssetStatus.AVAILABLE


def jobs(lab: Lab) -> int:
    """Return how often the agent was given the order to wipe."""
    return sum(happening.event == "asked for its job: Wipe" for happening in lab.rack.history)


@pytest.mark.parametrize(
    "fault", [FailsWipe(), KeepsData(), RebootsInTheMiddle()], ids=lambda fault: type(fault).__name__
)
async def test_a_wipe_that_never_succeeds_is_tried_as_often_as_its_plan_says_and_no_more(fault: Fault) -> None:
    lab = Lab()
    run_id = await wiping(lab)
    lab.rack.fault("asset-1", fault)
    await lab.run()

    run = await lab.workflow(run_id)
    assert run.status is RunStatus.FAILED
    assert run.report is None
    assert (await lab.asset()).status is AssetStatus.PROVISIONED
    assert jobs(lab) == TRIES


async def test_a_machine_that_restarts_once_in_the_middle_of_a_wipe_is_wiped_from_the_beginning() -> None:
    lab = Lab()
    run_id = await wiping(lab)
    lab.rack.fault("asset-1", RebootsInTheMiddle(), times=1)
    await lab.run()

    run = await lab.workflow(run_id)
    assert run.status is RunStatus.COMPLETED
    assert next(state for state in run.steps if state.name == "await-wipe").failures == 1
