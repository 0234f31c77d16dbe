"""Machines of the rack that are made like recorded ones."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.hardware import DiskKind, Power, Protocol, SensorKind, is_whole
from colony_core.domain.recordings import Recording, decoded
from colony_core.ports.hardware import Access
from colony_simulator import SimulatedRack
from colony_testkit.lab import Lab, provisioning

RECORDINGS = Path(__file__).parents[3] / "docs" / "recordings"


@pytest.fixture
def redfish() -> Recording:
    return decoded((RECORDINGS / "sushy-emulator.json").read_bytes())


@pytest.fixture
def ipmi() -> Recording:
    return decoded((RECORDINGS / "ipmi_sim.json").read_bytes())


def shape(text: str) -> str:
    return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "9", text)))


async def test_a_machine_is_made_of_what_was_recorded(redfish: Recording) -> None:
    rack = SimulatedRack.of_recordings([redfish])
    machine, findings = rack.machine("asset-1"), redfish.findings
    controller = rack.hardware.controller(Access(machine.bmc, machine.password))

    assert findings.inventory is not None
    inventory = await controller.inventory()
    assert inventory is not None
    assert is_whole(inventory)
    assert [disk.name for disk in inventory.disks] == ["/dev/sda"]
    unnamed = tuple(replace(disk, name="") for disk in inventory.disks)
    assert replace(inventory, disks=unnamed) == findings.inventory
    assert await controller.identity() == findings.identity
    assert await controller.power() is findings.power
    assert await controller.sensors() == findings.sensors


async def test_over_ipmi_the_parts_that_it_cannot_tell_are_those_of_a_reference_machine(ipmi: Recording) -> None:
    rack = SimulatedRack.of_recordings([ipmi])
    machine = rack.machine("asset-1")
    controller = rack.hardware.controller(Access(machine.bmc, machine.password))

    assert machine.bmc.protocol is Protocol.IPMI
    assert await controller.identity() == ipmi.findings.identity
    assert await controller.sensors() == ipmi.findings.sensors
    assert machine.inventory.disks[0].kind is DiskKind.NVME


async def test_a_machine_that_was_on_is_on_and_its_fans_stop_with_it(ipmi: Recording) -> None:
    lab = Lab(recordings=[replace(ipmi, findings=replace(ipmi.findings, power=Power.ON))])
    machine = lab.rack.machine("asset-1")
    controller = lab.rack.hardware.controller(Access(machine.bmc, machine.password))
    kinds = {reading.kind for reading in await controller.sensors()}
    await controller.set_power(Power.OFF)
    await lab.run()

    assert kinds == {SensorKind.TEMPERATURE, SensorKind.FAN}
    assert await controller.power() is Power.OFF
    assert {reading.kind for reading in await controller.sensors()} == {SensorKind.TEMPERATURE}


def test_each_further_machine_has_numbers_of_its_own_and_of_the_same_shape(redfish: Recording, ipmi: Recording) -> None:
    machines = SimulatedRack.of_recordings([redfish, ipmi], count=6).machines

    first, second = machines[0].inventory, machines[2].inventory
    assert [machine.bmc.protocol for machine in machines] == [Protocol.REDFISH, Protocol.IPMI] * 3
    assert len({machine.mac for machine in machines}) == 6
    assert len({machine.inventory.disks[0].serial for machine in machines}) == 6
    assert len({machine.inventory.system.uuid for machine in machines}) == 6
    assert shape(second.disks[0].serial) == shape(first.disks[0].serial)
    assert shape(second.system.uuid) == shape(first.system.uuid)
    assert second.nics[0].mac[:8] == first.nics[0].mac[:8]
    assert second.cpus == first.cpus


@pytest.mark.parametrize("machines", [1, 3])
async def test_colony_takes_them_on_and_installs_them(redfish: Recording, ipmi: Recording, machines: int) -> None:
    lab = Lab(machines, recordings=[redfish, ipmi])
    await provisioning(lab)
    await lab.run()

    assert (await lab.asset("asset-1")).status is AssetStatus.PROVISIONED


async def test_a_discovery_by_redfish_finds_the_recorded_parts_without_a_boot(redfish: Recording) -> None:
    lab = Lab(recordings=[redfish])
    await lab.colony.assets.register(lab.registration(1))
    await lab.run()

    asset = await lab.asset("asset-1")
    assert asset.status is AssetStatus.AVAILABLE
    assert asset.inventory is not None
    assert asset.inventory.system == redfish.findings.identity
    assert lab.rack.machine("asset-1").boots == 0


async def test_a_snapshot_keeps_how_a_machine_was_recorded(redfish: Recording) -> None:
    rack = SimulatedRack.of_recordings([redfish])

    machine = SimulatedRack.restore(rack.snapshot()).machine("asset-1")
    assert machine.sensors == rack.machine("asset-1").sensors
    assert machine.inventory == rack.machine("asset-1").inventory
