"""Sensors of a controller that nobody here wrote, and ipmitool's word for what they show."""

from collections.abc import Callable

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.hardware import SensorReading
from colony_core.ports.hardware import BmcUnreachable
from colony_testkit.ipmi_records import CELSIUS, FAHRENHEIT, FAN, OTHER, RPM, TEMPERATURE, VOLTAGE, VOLTS, WATTS
from colony_testkit.ipmi_records import SimSensor as Sensor
from colony_testkit.ipmi_records import full_record as record
from colony_testkit.ipmi_sim import IpmiSim
from colony_testkit.ipmi_wire import IN_SESSION, wire_to

SENSORS = (
    Sensor(record("Inlet Temp", number=1, kind=TEMPERATURE, unit=CELSIUS), 23),
    Sensor(record("Outside", number=2, kind=TEMPERATURE, unit=CELSIUS, units=0x80), 0xF6),
    Sensor(record("Exhaust", number=3, kind=TEMPERATURE, unit=FAHRENHEIT), 104),
    Sensor(record("Fan1", number=4, kind=FAN, unit=RPM, m=60), 90),
    Sensor(record("Fan2", number=5, kind=FAN, unit=0, units=1), 40),
    Sensor(record("Power Draw", number=6, kind=OTHER, unit=WATTS, m=5, b=2, b_exponent=1), 30),
    Sensor(record("12V", number=7, kind=VOLTAGE, unit=VOLTS), 12),
    Sensor(record("Not there", number=8, kind=TEMPERATURE, unit=CELSIUS), exists=False),
    Sensor(record("Off", number=9, kind=TEMPERATURE, unit=CELSIUS), raw=None),
)
SHOWN = [
    ("Inlet Temp", "temperature", 23.0, "C"),
    ("Outside", "temperature", -10.0, "C"),
    ("Exhaust", "temperature", 40.0, "C"),
    ("Fan1", "fan", 5400.0, "rpm"),
    ("Fan2", "fan", 40.0, "percent"),
    ("Power Draw", "power", 170.0, "W"),
]
BY_IPMITOOL = {
    "Inlet Temp": "23 degrees C",
    "Outside": "-10 degrees C",
    "Exhaust": "104 degrees F",
    "Fan1": "5400 RPM",
    "Fan2": "40 percent",
    "Power Draw": "170 Watts",
    "12V": "12 Volts",
    "Not there": "no reading",
    "Off": "disabled",
}


@pytest.fixture
def sim(start_sim: Callable[..., IpmiSim]) -> IpmiSim:
    return start_sim(sensors=SENSORS)


async def test_what_can_be_read_of_temperatures_fans_and_power_is_what_ipmitool_shows(
    hardware: IpmiHardware, sim: IpmiSim
) -> None:
    readings = await hardware.controller(sim.access).sensors()

    assert [(reading.name, reading.kind, reading.value, reading.unit) for reading in readings] == SHOWN
    lines = [line.split("|") for line in sim.ipmitool("sdr", "list").splitlines()]
    assert {name.strip(): value.strip() for name, value, _ in lines} == BY_IPMITOOL


async def test_a_controller_without_sensors_shows_none(
    hardware: IpmiHardware, start_sim: Callable[..., IpmiSim]
) -> None:
    assert await hardware.controller(start_sim("127.77.0.3").access).sensors() == ()


async def test_records_are_kept_so_that_a_second_look_costs_less(hardware: IpmiHardware, sim: IpmiSim) -> None:
    with wire_to(sim.address, sim.port) as wire:
        controller = hardware.controller(sim.access_as("ipmiusr", "test", port=wire.port))
        costs = []
        for _ in range(3):
            before = wire.seen(IN_SESSION)
            await controller.sensors()
            costs.append(wire.seen(IN_SESSION) - before)

    assert costs[1] == costs[2] <= costs[0] - len(SENSORS)


async def test_a_walk_that_the_deadline_cuts_off_is_taken_up_by_the_next_call(
    hardware: IpmiHardware, sim: IpmiSim
) -> None:
    with wire_to(sim.address, sim.port) as wire:
        answered = [0]

        def tired(packet: bytes) -> bytes | None:
            answered[0] += packet[5] == IN_SESSION
            return packet if answered[0] < 8 else None

        controller = hardware.controller(sim.access_as("ipmiusr", "test", port=wire.port))
        wire.on_the_way_back = tired
        with pytest.raises(BmcUnreachable):
            await controller.sensors()
        wire.on_the_way_back = lambda packet: packet
        costs, readings = list[int](), tuple[SensorReading, ...]()
        for anyone in (hardware, IpmiHardware()):
            before = wire.seen(IN_SESSION)
            readings = await anyone.controller(sim.access_as("ipmiusr", "test", port=wire.port)).sensors()
            costs.append(wire.seen(IN_SESSION) - before)

    assert [reading.name for reading in readings] == [name for name, *_ in SHOWN]
    assert costs[0] < costs[1], "not all of it again"
