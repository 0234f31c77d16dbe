"""Machines without a controller: what a person is asked to do, and what the machine says of it by itself."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.application.colony import Policy
from colony_core.domain.assets import AssetBusy, AssetStatus
from colony_core.domain.hardware import BootDevice, Protocol
from colony_core.domain.orders import WipeMethod
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges, Registration
from colony_core.domain.secrets import Secret
from colony_core.domain.tasks import TaskNotFound, TaskOver
from colony_core.domain.validation import ValidationFailed
from colony_core.domain.workflows import Run, RunStatus
from colony_core.ports.hardware import Access
from colony_testkit.lab import Lab
from colony_testkit.memory_store import MemoryStore

DAY = timedelta(hours=24)
POLICY = Policy(task_patience=timedelta(hours=2))


async def manual(lab: Lab, number: int = 1) -> str:
    """Register machine *number* of the rack without its controller, and return the workflow that discovers it."""
    machine = lab.rack.machine(f"asset-{number}")
    tags = {"rack": "r3"}
    asset = await lab.colony.assets.register(
        Registration(id=machine.name, address="", protocol=Protocol.MANUAL, macs=(machine.mac,), tags=tags)
    )
    return str(asset.held_by)


async def press(lab: Lab, device: BootDevice) -> None:
    """Do with the first machine what a person would."""
    machine = lab.rack.machine("asset-1")
    controller = lab.rack.hardware.controller(Access(machine.bmc, machine.password))
    await controller.set_boot_device(device)
    await controller.restart()


async def done_by_a_person(lab: Lab, run_id: str) -> Run:
    """Let a diligent person do whatever *run_id* asks for, without a word about it where the machine is heard."""
    for _ in range(20):
        await lab.run_for(timedelta(seconds=1))
        for one in await lab.colony.tasks.all():
            await press(lab, BootDevice.DISK if one.step == "start-from-disk" else BootDevice.PXE)
        await lab.run_for(timedelta(minutes=12))
        if (await lab.workflow(run_id)).ended:
            break
    return await lab.workflow(run_id)


async def discovered(lab: Lab) -> None:
    assert (await done_by_a_person(lab, await manual(lab))).status is RunStatus.COMPLETED


async def test_a_person_is_asked_where_a_controller_would_be_ordered() -> None:
    lab = Lab()
    run_id = await manual(lab)
    await lab.run_for(timedelta(seconds=1))

    (one,) = await lab.colony.tasks.all()

    assert one.id == f"{run_id}.start-from-network.1"
    assert one.instruction.startswith("Switch asset-1 (asset-1) in rack r3 off if it is on, press its power button")
    assert (await lab.colony.watch.one("asset-1")).task == one
    assert one.deadline == one.since + DAY


async def test_a_machine_that_is_heard_over_the_network_confirms_its_start_by_itself() -> None:
    lab = Lab()
    await discovered(lab)

    asset = await lab.asset()
    assert asset.status is AssetStatus.AVAILABLE
    assert asset.inventory is not None
    assert asset.bmc.protocol is Protocol.MANUAL


async def test_a_manual_machine_goes_through_its_whole_life() -> None:
    lab = Lab()
    await discovered(lab)
    provisioned = await done_by_a_person(lab, (await lab.colony.assets.provision("asset-1", ProvisionRequest())).id)
    between = (await lab.asset()).status
    wiped = await done_by_a_person(lab, (await lab.colony.assets.wipe("asset-1", method=WipeMethod.SIGNATURES)).id)

    assert (provisioned.status, between) == (RunStatus.COMPLETED, AssetStatus.PROVISIONED)
    assert (wiped.status, (await lab.asset()).status) == (RunStatus.COMPLETED, AssetStatus.AVAILABLE)


async def test_a_confirmation_lets_the_work_go_on_and_said_again_changes_nothing() -> None:
    lab = Lab()
    await discovered(lab)
    run = await lab.colony.assets.reboot("asset-1", boot_device=BootDevice.DISK)
    await lab.run_for(timedelta(seconds=1))
    (one,) = await lab.colony.tasks.all()

    await lab.colony.tasks.confirm("asset-1", one.id)
    first = await lab.workflow(run.id)
    again = await lab.colony.tasks.confirm("asset-1", one.id)

    assert one.instruction == "Restart asset-1 (asset-1) in rack r3 and let it boot from disk; then confirm"
    assert first.status is RunStatus.COMPLETED
    assert again == first
    assert await lab.colony.tasks.all() == ()


@pytest.mark.parametrize(
    "task_id",
    ["", "workflow-1", "workflow-1.start-from-network.0", "workflow-1.start-from-network.2", "workflow-9.x.1"],
)
async def test_a_task_that_never_was_is_not_found(task_id: str) -> None:
    lab = Lab()
    await manual(lab)
    await lab.run_for(timedelta(seconds=1))

    with pytest.raises(TaskNotFound):
        await lab.colony.tasks.confirm("asset-1", task_id)


async def test_a_task_of_another_machine_is_not_found() -> None:
    lab = Lab(2)
    run_id = await manual(lab)
    await manual(lab, 2)
    await lab.run_for(timedelta(seconds=1))

    with pytest.raises(TaskNotFound):
        await lab.colony.tasks.confirm("asset-2", f"{run_id}.start-from-network.1")


async def test_what_nobody_confirms_fails_clearly_and_can_be_started_again() -> None:
    lab = Lab(policy=POLICY)
    run_id = await manual(lab)
    await lab.run_for(timedelta(hours=2, seconds=1))

    run = await lab.workflow(run_id)
    assert run.error is not None
    assert (run.status, run.error.code) == (RunStatus.FAILED, "TASK_NOT_CONFIRMED")
    assert "not confirmed within 2:00:00" in run.error.message
    with pytest.raises(TaskOver):
        await lab.colony.tasks.confirm("asset-1", f"{run_id}.start-from-network.1")
    again = await lab.colony.workflows.retry(run_id)
    assert (await done_by_a_person(lab, again.id)).status is RunStatus.COMPLETED


async def test_a_start_that_was_confirmed_but_not_heard_is_asked_for_again() -> None:
    lab = Lab()
    run_id = await manual(lab)
    await lab.run_for(timedelta(seconds=1))
    await lab.colony.tasks.confirm("asset-1", f"{run_id}.start-from-network.1")
    await lab.run_for(timedelta(minutes=31))

    (one,) = await lab.colony.tasks.all()

    assert one.id == f"{run_id}.start-from-network.2"
    with pytest.raises(TaskOver):
        await lab.colony.tasks.confirm("asset-1", f"{run_id}.start-from-network.1")
    assert (await done_by_a_person(lab, run_id)).status is RunStatus.COMPLETED


async def test_work_that_waits_for_a_person_can_be_cancelled_and_its_machine_forgotten_by_force() -> None:
    lab = Lab(2)
    first, second = await manual(lab), await manual(lab, 2)
    await lab.run_for(timedelta(seconds=1))

    await lab.colony.workflows.cancel(first)
    await lab.colony.assets.forget("asset-2", force=True)
    await lab.run_for(timedelta(seconds=1))

    assert (await lab.workflow(first)).status is RunStatus.CANCELLED
    assert (await lab.workflow(second)).status is RunStatus.CANCELLED
    assert await lab.colony.tasks.all() == ()


async def test_a_task_outlives_the_process_that_asked_for_it() -> None:
    lab = Lab(store=MemoryStore())
    run_id = await manual(lab)
    await lab.run_for(timedelta(seconds=1))
    (before,) = await lab.colony.tasks.all()

    lab.open()
    await lab.colony.runner.recover()

    assert await lab.colony.tasks.all() == (before,)
    assert (await done_by_a_person(lab, run_id)).status is RunStatus.COMPLETED


async def test_a_controller_is_added_later_and_everything_else_stays() -> None:
    lab = Lab()
    await discovered(lab)
    await done_by_a_person(lab, (await lab.colony.assets.provision("asset-1", ProvisionRequest())).id)
    before = await lab.asset()
    real = lab.registration(1)
    bmc = BmcChanges(protocol=Protocol.IPMI, address=real.address, username=real.username, password=real.password)

    after = await lab.colony.assets.change("asset-1", AssetChanges(bmc=bmc))
    await lab.colony.assets.reboot("asset-1", boot_device=None)
    await lab.run_for(timedelta(minutes=10))

    assert (after.bmc.address, after.bmc.port) == (real.address, 623)
    assert replace(after, bmc=before.bmc, updated_at=before.updated_at, revision=before.revision) == before
    assert (await lab.asset()).last_error is None


async def test_a_controller_is_not_added_while_somebody_works_by_hand() -> None:
    lab = Lab()
    await manual(lab)

    bmc = BmcChanges(protocol=Protocol.IPMI, address="10.0.0.1", username="a", password=Secret("b"))
    with pytest.raises(AssetBusy):
        await lab.colony.assets.change("asset-1", AssetChanges(bmc=bmc))


@pytest.mark.parametrize(
    ("registration", "path"),
    [
        (Registration(address="", protocol=Protocol.MANUAL), "macs"),
        (Registration(address="10.0.0.1", protocol=Protocol.MANUAL, macs=("52:54:00:77:00:01",)), "ipmi"),
    ],
)
async def test_a_manual_machine_has_a_mac_address_and_no_other(registration: Registration, path: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await Lab().colony.assets.register(registration)

    assert [each.path for each in refused.value.violations] == [path]


async def test_a_controller_without_an_address_is_not_added() -> None:
    lab = Lab()
    await discovered(lab)

    with pytest.raises(ValidationFailed) as refused:
        await lab.colony.assets.change("asset-1", AssetChanges(bmc=BmcChanges(protocol=Protocol.IPMI)))

    assert [each.path for each in refused.value.violations] == ["bmc.address"]
