"""Sensors are found wherever a chassis keeps them, read once, and never without end."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from colony_bmc.redfish import RedfishHardware
from colony_bmc.redfish_sensors import MOST_RESOURCES
from colony_core.domain.hardware import SensorReading
from colony_core.ports.hardware import BmcBusy
from colony_testkit.redfish_sensor_trees import CHASSIS, NEWER, OLDER, SENSORS_ALONE, chassis, sensor, sensors
from colony_testkit.redfish_tree import Manners, RedfishTree
from colony_testkit.redfish_trees import collection, ref
from tests.integration.bmc.redfish.conftest import StartSushy

Read = Callable[..., Any]
Shown = list[tuple[str, float, str]]


@pytest.fixture
async def hardware() -> AsyncIterator[RedfishHardware]:
    hardware = RedfishHardware(deadline=10)
    yield hardware
    await hardware.aclose()


@pytest.fixture
def read(hardware: RedfishHardware) -> Read:
    """Return what a machine shows that is laid out so, and the resources that it was asked for."""

    async def readings(documents: Any, **manners: Any) -> tuple[Shown, list[str]]:
        async with RedfishTree(documents, Manners(**manners)) as tree:
            shown: tuple[SensorReading, ...] = await hardware.controller(tree.access).sensors()
            asked = [path for method, path, _ in tree.asked if method == "GET" and path.startswith(CHASSIS)]
            return [(each.name, each.value, str(each.unit)) for each in shown], asked

    return readings


async def test_the_older_resources_are_enough_where_there_are_any(read: Read) -> None:
    both = NEWER | OLDER | {CHASSIS: NEWER[CHASSIS] | OLDER[CHASSIS]}

    for documents in (OLDER, both):
        shown, asked = await read(documents)
        assert shown == [
            ("Inlet Temp", 23, "C"),
            ("CPU1 Temp", 61.5, "C"),
            ("Fan 1A", 8400, "rpm"),
            ("Fan 2", 37, "percent"),
            ("System Power Control", 238, "W"),
        ]
        assert asked == [CHASSIS, f"{CHASSIS}/Thermal", f"{CHASSIS}/Power"]


async def test_the_newer_subsystems_are_read_where_the_older_resources_are_absent(read: Read) -> None:
    shown, asked = await read(NEWER)

    assert shown == [
        ("CPU #1", 44, "C"),
        ("IntakeTemp", 24.8, "C"),
        ("Fan Bay 1", 2200, "rpm"),
        ("Fan Bay 2", 45, "percent"),
        ("Chassis", 374, "W"),
    ]
    assert not [path for path in asked if "/Sensors" in path or "/PowerSupplies" in path], "what is known is not read"


async def test_power_supplies_tell_what_the_chassis_does_not(read: Read) -> None:
    documents = {path: each for path, each in NEWER.items() if not path.endswith("EnvironmentMetrics")}

    shown, _ = await read(documents)

    assert [each for each in shown if each[2] == "W"] == [
        ("Power Supply Bay 1", 190.5, "W"),
        ("Power Supply Bay 2", 183.5, "W"),
    ]


async def test_a_summary_is_taken_where_there_are_no_single_temperatures(read: Read) -> None:
    metrics = f"{CHASSIS}/ThermalSubsystem/ThermalMetrics"

    shown, _ = await read(NEWER | {metrics: {"TemperatureSummaryCelsius": {"Intake": {"Reading": 24.8}}}})

    assert shown[0] == ("Intake", 24.8, "C")


async def test_a_chassis_of_metrics_alone_shows_what_they_tell(read: Read) -> None:
    metrics = {
        "TemperatureCelsius": {"Reading": 39},
        "PowerWatts": {"Reading": 120},
        "FanSpeedsPercent": [{"DeviceName": "Fan 1", "Reading": 30}, {"DeviceName": "Fan 2", "SpeedRPM": 4000}],
    }
    place = f"{CHASSIS}/EnvironmentMetrics"

    shown, _ = await read(chassis({"EnvironmentMetrics": ref(place)}) | {place: metrics})

    assert shown == [("Chassis", 39, "C"), ("Chassis", 120, "W"), ("Fan 1", 30, "percent"), ("Fan 2", 4000, "rpm")]


async def test_sensors_of_their_own_are_read_where_nothing_else_shows_any(read: Read) -> None:
    shown, asked = await read(SENSORS_ALONE)

    assert shown == [("temperature CPU0", 51.25, "C"), ("fantach FAN0", 6100, "rpm"), ("power total", 305, "W")]
    assert asked[-1].endswith("voltage_P12V"), "what measures something else is asked for last"


async def test_every_page_of_sensors_is_read(read: Read) -> None:
    place = f"{CHASSIS}/Sensors"
    two = sensors(sensor("A", "Temperature", "Cel", 20), sensor("B", "Temperature", "", 30))
    paged = {
        place: collection(place, "A") | {"Members@odata.nextLink": f"{place}?$skip=1"},
        f"{place}?$skip=1": collection(place, "B", "A"),
    }

    shown, _ = await read(chassis({"Sensors": ref(place)}) | two | paged)

    assert shown == [("A", 20, "C"), ("B", 30, "C")]


@pytest.mark.parametrize("endless", [False, True], ids=["many sensors", "pages without end"])
async def test_a_machine_is_asked_for_a_bounded_number_of_resources(read: Read, *, endless: bool) -> None:
    place = f"{CHASSIS}/Sensors"
    many = sensors(*(sensor(f"temperature_{number}", "Temperature", "Cel", number) for number in range(300)))
    if endless:
        many[place] |= {"Members@odata.nextLink": place}

    shown, asked = await read(chassis({"Sensors": ref(place)}) | many)

    assert len(asked) == MOST_RESOURCES
    assert len(shown) == (0 if endless else MOST_RESOURCES - 2)


async def test_places_that_are_broken_or_forbidden_hide_no_others(read: Read) -> None:
    answers: dict[str, Any] = {
        f"GET {CHASSIS}/ThermalSubsystem/ThermalMetrics": (500, {}, None),
        f"GET {CHASSIS}/EnvironmentMetrics": (403, {}, None),
    }

    shown, _ = await read(NEWER, answers=answers)

    assert {name for name, *_ in shown} == {
        "Fan Bay 1", "Fan Bay 2", "Power Supply Bay 1", "Power Supply Bay 2", "CPU1Temp"
    }  # fmt: skip


async def test_a_controller_that_has_no_room_is_asked_no_more(read: Read) -> None:
    with pytest.raises(BmcBusy):
        await read(NEWER, answers={f"GET {CHASSIS}/EnvironmentMetrics": (503, {}, None)})


async def test_a_machine_without_sensors_shows_none(read: Read) -> None:
    assert (await read(chassis({})))[0] == []


@pytest.mark.parametrize("nonsense", [None, "", [], 7, "NaN", {"Reading": "hot"}, {"Reading": True}])
async def test_nonsense_shows_nothing_and_breaks_nothing(read: Read, nonsense: object) -> None:
    place = f"{CHASSIS}/EnvironmentMetrics"
    metrics = {"PowerWatts": nonsense, "TemperatureCelsius": {"Reading": nonsense}, "FanSpeedsPercent": nonsense}

    shown, _ = await read(chassis({"EnvironmentMetrics": ref(place)}) | {place: metrics})

    assert shown in ([], [("Chassis", 7, "C")])


async def test_sensors_of_a_controller_that_nobody_here_wrote_are_read(
    hardware: RedfishHardware, start_sushy: StartSushy
) -> None:
    shown = await hardware.controller(start_sushy().access).sensors()

    assert [(each.name, each.value, str(each.unit)) for each in shown] == [
        ("CPU Temp", 41, "C"),
        ("Chassis Intake Temp", 25, "C"),
        ("BaseBoard System Fan", 2100, "rpm"),
        ("BaseBoard System Fan Backup", 2050, "rpm"),
    ]
