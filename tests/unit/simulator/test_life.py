from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from colony_core.domain.hardware import GB, BootDevice, Power
from colony_core.domain.orders import DiskIdentity, Install, WipeMethod
from colony_core.domain.reports import InstallReceipt, WipeCertificate
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_core.ports.netboot import AskAgain, BootAgent, BootAnswer, TurnOff
from colony_simulator import (
    Installation,
    SimulatedDisk,
    SimulatedRack,
    Simulation,
    VirtualClock,
    reference_machine,
)
from colony_simulator.activities import AwaitingPowerOff, Hung, Off, Running
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install


async def test_the_agent_sends_what_the_machine_is_made_of(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]

    await operator.give(machine, TurnOff())

    assert operator.netboot.said("inventory") == [machine.inventory]
    assert operator.netboot.said("boot") == [machine.inventory.system.uuid]
    assert isinstance(machine.activity, AwaitingPowerOff)


async def test_an_installation_is_proved_and_waits_for_the_power_to_be_cut(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    job = an_install(machine, disk=1)

    await operator.give(machine, job)

    [receipt] = operator.netboot.said("done")
    assert isinstance(receipt, InstallReceipt)
    assert (receipt.template, receipt.disk) == (job.template, job.disk)
    assert receipt.bytes_written == sum(extent.end - extent.start for extent in machine.disks[1].extents)
    assert operator.netboot.said("progress")
    assert isinstance(machine.activity, AwaitingPowerOff)


async def test_an_installed_system_comes_up_and_says_so_once(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.install(machine, an_install(machine))
    await operator.start(machine, BootDevice.DISK)

    assert len(operator.netboot.said("booted")) == 1
    assert isinstance(machine.activity, Running)
    assert machine.up_since == operator.clock.now()


async def test_an_installed_system_that_nobody_heard_says_it_again(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.give(machine, an_install(machine))
    operator.netboot.deaf = 3
    await operator.start(machine, BootDevice.DISK)

    assert len(operator.netboot.said("booted")) == 1


async def test_a_machine_with_nothing_on_its_disks_asks_the_network_and_hangs_when_it_is_sent_back(
    operator: RackOperator,
) -> None:
    machine = operator.rack.machines[0]

    await operator.start(machine, BootDevice.DISK)

    assert len(operator.netboot.said("boot")) == 1
    assert machine.activity == Hung("no bootable device")


async def test_a_machine_on_a_network_without_answers_boots_from_its_disk() -> None:
    clock = VirtualClock()
    rack = SimulatedRack.of(1, clock=clock)
    [machine] = rack.machines
    machine.disks[0].installation = Installation(
        template="talos", hostname="server01", network=None, token=None, at=clock.now()
    )
    controller = rack.hardware.controller(Access(machine.bmc, machine.password))
    await controller.set_boot_device(BootDevice.PXE)
    await controller.set_power(Power.ON)
    await Simulation(rack=rack, clock=clock).run()

    assert isinstance(machine.activity, Running)


async def test_who_is_told_to_ask_again_asks_again_after_that_time(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.netboot.later = [30, 30]
    await operator.give(machine, TurnOff())
    asked = [each.at for each in operator.rack.history if each.event.startswith("asked for its boot script")]

    assert [after - before for before, after in pairwise(asked)] == [timedelta(seconds=30)] * 2


async def test_an_agent_whose_token_is_dead_has_nothing_more_to_say(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.netboot.jobs[machine.mac] = an_install(machine)
    await operator.controller(machine).set_boot_device(BootDevice.PXE)
    await operator.controller(machine).set_power(Power.ON)
    await operator.wait(195)
    operator.netboot.revoke(machine.mac)
    await operator.settle()

    assert machine.activity == Hung("the agent was refused")
    assert not operator.netboot.said("done")


async def test_words_that_nobody_heard_are_said_again_until_the_job_is_done(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.netboot.deaf = 4
    await operator.give(machine, an_install(machine))

    assert len(operator.netboot.said("done")) == 1


@pytest.mark.parametrize("method", list(WipeMethod))
async def test_a_wipe_erases_the_named_disks_and_proves_it(operator: RackOperator, method: WipeMethod) -> None:
    machine = operator.rack.machines[0]
    await operator.give(machine, an_install(machine, disk=0))
    await operator.give(machine, an_install(machine, disk=1))
    other = list(machine.disks[1].extents)

    await operator.give(machine, a_wipe(machine, 0, method=method))

    certificate = operator.netboot.said("done")[-1]
    assert isinstance(certificate, WipeCertificate)
    assert [(each.disk.serial, each.method, each.verified) for each in certificate.disks] == [
        (machine.disks[0].identity.serial, method, True)
    ]
    assert machine.disks[0].installation is None
    assert machine.disks[0].is_erased(method)
    assert machine.disks[1].extents == other


async def test_signatures_leave_the_data_and_zeros_leave_nothing(operator: RackOperator) -> None:
    left = {}
    for machine, method in zip(operator.rack.machines, (WipeMethod.SIGNATURES, WipeMethod.ZERO), strict=False):
        await operator.give(machine, an_install(machine))
        await operator.give(machine, a_wipe(machine, method=method))
        left[method] = [extent.label for extent in machine.disks[0].extents]

    assert left == {WipeMethod.SIGNATURES: ["files of ubuntu-jammy"], WipeMethod.ZERO: []}


async def test_a_wipe_that_names_a_disk_of_another_machine_touches_none(operator: RackOperator) -> None:
    mine, other = operator.rack.machines[:2]
    job = a_wipe(mine, 0, 1)
    foreign = DiskIdentity.of(other.inventory.disks[0])
    await operator.give(mine, type(job)(method=job.method, disks=(*job.disks, foreign)))

    assert operator.netboot.said("failed") == [f"No disk has the serial '{foreign.serial}'"]
    assert [disk.touched for disk in mine.disks] == [0, 0]


@pytest.mark.parametrize("template", ["windows-95", ""])
async def test_an_image_that_does_not_exist_is_reported_before_anything_is_written(
    operator: RackOperator, template: str
) -> None:
    machine = operator.rack.machines[0]

    await operator.give(machine, an_install(machine, template=template))

    assert operator.netboot.said("failed") == [f"No image is called '{template}'"]
    assert machine.disks[0].touched == 0


async def test_installing_anew_replaces_what_was_installed(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.install(machine, an_install(machine, template="talos", ip="192.168.1.101"))
    await operator.install(machine, an_install(machine, template="k3s"))

    assert machine.installation is not None
    assert (machine.installation.template, machine.installation.address) == ("k3s", machine.hostname)
    assert not any("talos" in extent.label for extent in machine.disks[0].extents if extent.signature)


async def test_an_error_of_who_answers_the_network_comes_out_and_the_machine_tries_again(
    operator: RackOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = operator.rack.machines[0]
    boot = operator.netboot.boot

    async def broken(mac: str, *, uuid: str = "") -> None:
        raise LookupError(mac)

    monkeypatch.setattr(operator.netboot, "boot", broken)
    with pytest.raises(LookupError):
        await operator.give(machine, TurnOff())
    monkeypatch.setattr(operator.netboot, "boot", boot)
    await operator.settle()

    assert operator.netboot.said("inventory")


def test_an_order_for_one_disk_never_fits_another_of_the_same_rack(operator: RackOperator) -> None:
    jobs: list[Install] = [
        an_install(machine, disk=disk) for machine in operator.rack.machines for disk in range(len(machine.disks))
    ]
    disks = [disk.identity for machine in operator.rack.machines for disk in machine.disks]

    assert all(sum(job.disk.is_same_as(disk) for disk in disks) == 1 for job in jobs)


async def test_an_answer_that_comes_after_the_power_was_cut_changes_nothing(
    operator: RackOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = operator.rack.machines[0]

    async def slowly(mac: str, *, uuid: str = "") -> BootAnswer:
        await operator.controller(machine).set_power(Power.OFF)
        return BootAgent(Secret("too late"))

    monkeypatch.setattr(operator.netboot, "boot", slowly)
    await operator.give(machine, TurnOff())

    assert isinstance(machine.activity, Off)
    assert not operator.netboot.words


async def test_an_image_that_does_not_fit_is_reported_before_anything_is_written() -> None:
    clock = VirtualClock()
    machine = reference_machine(1)
    small = replace(machine.inventory.disks[0], size_bytes=GB)
    machine.inventory = replace(machine.inventory, disks=(small,))
    machine.disks = [SimulatedDisk(identity=small)]
    operator = RackOperator(SimulatedRack([machine], clock=clock), clock=clock)
    await operator.give(machine, an_install(machine))

    assert operator.netboot.said("failed") == [f"'ubuntu-jammy' does not fit on '{small.serial}'"]
    assert machine.disks[0].touched == 0


async def test_an_agent_without_work_asks_again_as_it_was_told(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.netboot.jobs[machine.mac] = AskAgain(30)
    await operator.controller(machine).set_boot_device(BootDevice.PXE)
    await operator.controller(machine).set_power(Power.ON)
    await operator.wait(600)
    operator.netboot.jobs[machine.mac] = a_wipe(machine)
    await operator.settle()

    asked = [each.at for each in operator.rack.history if each.event == "asked for its job: AskAgain"]
    assert {after - before for before, after in pairwise(asked)} == {timedelta(seconds=30)}
    assert operator.netboot.said("done")
