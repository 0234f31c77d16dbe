from datetime import timedelta

import pytest

from colony_core.domain.hardware import BootDevice, Inventory, Power
from colony_core.domain.orders import WipeMethod
from colony_core.domain.reports import WipeCertificate
from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcBusy, BmcProtocolError, BmcRefused, BmcUnreachable
from colony_core.ports.netboot import TurnOff
from colony_simulator import (
    Busy,
    Chances,
    DiskMissing,
    FailsInstall,
    FailsWipe,
    Flapping,
    ForgetsBootDevice,
    Garbling,
    IgnoresNetworkBoot,
    IgnoresPower,
    KeepsData,
    LiesAboutPower,
    NeverComesUp,
    NeverReports,
    RebootsInTheMiddle,
    Refusing,
    RenamesDisks,
    Silent,
    SimulatedRack,
    Slow,
    VirtualClock,
)
from colony_simulator.activities import Hung, Running
from colony_simulator.faults import Fault
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Silent(), BmcUnreachable),
        (Refusing(), BmcRefused),
        (Busy(), BmcBusy),
        (Flapping(), BmcUnreachable),
        (Garbling(), BmcProtocolError),
    ],
)
async def test_a_controller_fails_as_its_fault_says_and_does_nothing(
    operator: RackOperator, fault: Fault, error: type[ColonyError]
) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", fault, times=1)
    with pytest.raises(error):
        await operator.controller(machine).set_power(Power.ON)
    await operator.wait(5)

    assert await operator.controller(machine).power() is Power.OFF


async def test_a_fault_strikes_in_its_time_and_as_often_as_it_may(operator: RackOperator) -> None:
    controller = operator.controller(operator.rack.machines[0])
    operator.rack.fault("asset-1", Silent(), after=timedelta(seconds=10), until=timedelta(seconds=40), times=2)
    answered = []
    for _ in range(6):
        try:
            await controller.power()
            answered.append(True)
        except BmcUnreachable:
            answered.append(False)
        await operator.wait(5 if len(answered) < 4 else 20)

    assert answered == [True, True, False, False, True, True]


async def test_a_fault_ends_at_its_time(operator: RackOperator) -> None:
    operator.rack.fault("asset-1", Silent(), until=timedelta(seconds=10))
    await operator.wait(10)

    assert await operator.controller(operator.rack.machines[0]).power() is Power.OFF


async def test_a_machine_that_was_mended_has_no_faults(operator: RackOperator) -> None:
    operator.rack.fault("asset-1", Silent())
    operator.rack.mend("asset-1")

    assert await operator.controller(operator.rack.machines[0]).power() is Power.OFF


async def test_a_fault_leaves_the_other_machines_alone(operator: RackOperator) -> None:
    operator.rack.fault("asset-1", Silent())

    assert await operator.controller(operator.rack.machines[1]).power() is Power.OFF


async def test_an_answer_that_comes_too_late_is_lost_but_the_controller_has_acted(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", Slow(60), times=1)
    with pytest.raises(BmcUnreachable):
        await operator.controller(machine).set_power(Power.ON)
    await operator.wait(5)

    assert await operator.controller(machine).power() is Power.ON


async def test_an_answer_within_the_deadline_is_an_answer(operator: RackOperator) -> None:
    operator.rack.fault("asset-1", Slow(2))

    assert await operator.controller(operator.rack.machines[0]).power() is Power.OFF


async def test_a_liar_reports_the_opposite(operator: RackOperator) -> None:
    operator.rack.fault("asset-1", LiesAboutPower())

    assert await operator.controller(operator.rack.machines[0]).power() is Power.ON


async def test_power_commands_may_come_to_nothing(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", IgnoresPower(), times=2)
    await operator.controller(machine).set_power(Power.ON)
    await operator.controller(machine).restart()
    await operator.settle()

    assert await operator.controller(machine).power() is Power.OFF


async def test_a_boot_device_may_not_be_kept(operator: RackOperator) -> None:
    controller = operator.controller(operator.rack.machines[0])
    operator.rack.fault("asset-1", ForgetsBootDevice())
    await controller.set_boot_device(BootDevice.PXE)

    assert await controller.boot_device() is None


async def test_firmware_may_ignore_the_network(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", IgnoresNetworkBoot())
    await operator.give(machine, TurnOff())

    assert not operator.netboot.words
    assert machine.activity == Hung("no bootable device")


async def test_an_agent_may_never_report(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", NeverReports(), times=1)
    await operator.give(machine, TurnOff())
    heard = [word.kind for word in operator.netboot.words]
    await operator.give(machine, TurnOff())

    assert heard == ["boot"]
    assert operator.netboot.said("inventory")


async def test_an_installed_system_may_never_come_up(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", NeverComesUp(), times=1)
    await operator.install(machine, an_install(machine))
    first = machine.activity
    await operator.start(machine, BootDevice.DISK)

    assert first == Hung("the system does not come up")
    assert isinstance(machine.activity, Running)
    assert len(operator.netboot.said("booted")) == 1


async def test_a_failed_installation_leaves_half_an_image_that_does_not_boot(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", FailsInstall("the mirror is gone"))
    await operator.give(machine, an_install(machine))

    assert operator.netboot.said("failed") == ["the mirror is gone"]
    assert machine.disks[0].extents
    assert machine.installation is None


async def test_a_machine_that_reboots_in_the_middle_begins_anew_from_the_network(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", RebootsInTheMiddle(), times=1)
    await operator.give(machine, an_install(machine))

    assert [word.kind for word in operator.netboot.words if word.kind in {"boot", "done"}] == ["boot", "boot", "done"]


async def test_a_wipe_may_fail_before_it_touches_a_disk(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", FailsWipe("frozen"))
    await operator.give(machine, a_wipe(machine))

    assert operator.netboot.said("failed") == ["frozen"]
    assert machine.disks[0].touched == 0


async def test_a_drive_that_keeps_its_data_is_found_out(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.give(machine, an_install(machine))
    operator.rack.fault("asset-1", KeepsData())
    await operator.give(machine, a_wipe(machine, 0, 1, method=WipeMethod.SECURE_ERASE))

    certificate = operator.netboot.said("done")[-1]
    assert isinstance(certificate, WipeCertificate)
    assert [erasure.verified for erasure in certificate.disks] == [False, True]


async def test_a_missing_disk_is_in_no_inventory_and_takes_no_job(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", DiskMissing())
    await operator.give(machine, an_install(machine, disk=1))

    [inventory] = operator.netboot.said("inventory")
    assert isinstance(inventory, Inventory)
    assert inventory.disks == machine.inventory.disks[:1]
    assert operator.netboot.said("failed") == [f"No disk has the serial '{machine.inventory.disks[1].serial}'"]


async def test_disks_that_change_names_are_still_the_disks_that_were_meant(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.rack.fault("asset-1", RenamesDisks())
    await operator.give(machine, an_install(machine, disk=1))

    [inventory] = operator.netboot.said("inventory")
    assert isinstance(inventory, Inventory)
    assert [disk.name for disk in inventory.disks] == ["/dev/nvme1n1", "/dev/nvme0n1"]
    assert [disk.touched > 0 for disk in machine.disks] == [False, True]


async def test_chance_strikes_about_as_often_as_it_should() -> None:
    clock = VirtualClock()
    rack = SimulatedRack.of(1, seed=3, clock=clock, chances=Chances(silent=0.25))
    controller = RackOperator(rack, clock=clock).controller(rack.machines[0])
    silent = 0
    for _ in range(2000):
        try:
            await controller.power()
        except BmcUnreachable:
            silent += 1

    assert 400 < silent < 600
