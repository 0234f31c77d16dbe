"""An IPMI controller that nobody here wrote is looked into, recorded, served back, and looked into again."""

from pathlib import Path

from msgspec.structs import replace

from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.findings import Findings
from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.recordings import decoded, encoded
from colony_testkit.ipmi_records import CELSIUS, FAN, RPM, TEMPERATURE, SimSensor, full_record
from colony_testkit.ipmi_scripted import scripted_bmc
from colony_testkit.ipmi_sim import MACHINE, PASSWORD, USER, IpmiSim
from colony_testkit.recorded import served
from tests.integration.bmc.conftest import StartSim

KEY = b"k" * 32
SENSORS = (
    SimSensor(full_record("Inlet Temp", number=1, kind=TEMPERATURE, unit=CELSIUS), raw=23),
    SimSensor(full_record("Fan 1", number=2, kind=FAN, unit=RPM, m=60), raw=90),
)


async def examined(sim: IpmiSim, hardware: IpmiHardware) -> Findings:
    return (await hardware.controller(sim.access).examine()).findings


async def test_the_simulator_tells_all_that_it_has(start_sim: StartSim, hardware: IpmiHardware) -> None:
    sim = start_sim(sensors=SENSORS)
    controller = hardware.controller(sim.access)
    await controller.set_boot_device(BootDevice.PXE)
    await controller.set_power(Power.ON)

    findings = await examined(sim, hardware)
    assert (findings.identity, findings.firmware, findings.power) == (MACHINE, "9.08", Power.ON)
    assert (findings.boot.device, findings.boot.mode) == (BootDevice.PXE, "BIOS")
    assert [(each.name, each.value) for each in findings.sensors or ()] == [("Inlet Temp", 23.0), ("Fan 1", 5400.0)]
    assert (findings.inventory, findings.refused) == (None, ())


async def test_what_is_recorded_of_it_tells_the_same_when_it_is_served(
    start_sim: StartSim, hardware: IpmiHardware
) -> None:
    sim = start_sim(sensors=SENSORS)
    original = await hardware.controller(sim.access).examine(key=KEY)
    assert original.recording is not None
    content = encoded(original.recording)

    plain = (USER, PASSWORD, MACHINE.serial, MACHINE.uuid, sim.address)
    assert not [word for word in plain if word.encode() in content or word.encode().hex().encode() in content]
    async with served(decoded(content)) as access:
        controller = hardware.controller(access)
        again = (await controller.examine()).findings
        assert await controller.sensors() == again.sensors
    assert again == original.recording.findings
    assert replace(again, identity=MACHINE) == original.findings


async def test_a_controller_that_has_next_to_nothing_says_what_it_refused(hardware: IpmiHardware) -> None:
    async with scripted_bmc() as bmc:
        bmc.commands[0, 1] = lambda _: (0, b"\x01\0\0")
        found = await hardware.controller(bmc.access).examine(key=KEY)

    assert found.findings.power is Power.ON
    assert [refusal.what for refusal in found.findings.refused] == ["the boot device"]
    assert found.recording is not None
    async with served(found.recording) as access:
        again = (await hardware.controller(access).examine()).findings
    assert [refusal.what for refusal in again.refused] == ["the boot device"]
    assert replace(again, refused=()) == replace(found.recording.findings, refused=())


async def test_a_recording_of_this_simulator_is_an_example_that_can_be_served(hardware: IpmiHardware) -> None:
    recording = decoded((Path(__file__).parents[3] / "docs/recordings/ipmi_sim.json").read_bytes())

    async with served(recording) as access:
        assert (await hardware.controller(access).examine()).findings == recording.findings
