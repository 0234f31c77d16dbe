"""Trees of documents of chassis that keep their sensors where they have been kept since 2020, and where before."""

from typing import Any

from colony_testkit.redfish_trees import V1, collection, ref, tree

CHASSIS = f"{V1}/Chassis/1U"


def chassis(document: dict[str, Any]) -> dict[str, Any]:
    """Return a tree of a machine whose chassis says *document*."""
    return tree("1", {"Links": {"Chassis": [ref(CHASSIS)]}}) | {CHASSIS: document}


def sensors(*members: dict[str, Any]) -> dict[str, Any]:
    """Return the chassis' collection of sensors, by their ids."""
    path = f"{CHASSIS}/Sensors"
    return {path: collection(path, *(each["Id"] for each in members))} | {
        f"{path}/{each['Id']}": each for each in members
    }


def sensor(id: str, kind: str, units: str, reading: object, **more: Any) -> dict[str, Any]:
    """Return one sensor."""
    return {
        "Id": id,
        "Name": id.replace("_", " "),
        "ReadingType": kind,
        "ReadingUnits": units,
        "Reading": reading,
    } | more


def _older() -> dict[str, Any]:
    thermal = {
        "Temperatures": [
            {"Name": "Inlet Temp", "ReadingCelsius": 23, "Status": {"State": "Enabled"}},
            {"Name": "CPU1 Temp", "ReadingCelsius": "61.5"},
            {"Name": "CPU2 Temp", "ReadingCelsius": None},
            {"Name": "GPU Temp", "ReadingCelsius": 0, "Status": {"State": "Absent"}},
        ],
        "Fans": [
            {"FanName": "Fan 1A", "Reading": 8400, "ReadingUnits": "RPM"},
            {"Name": "Fan 2", "Reading": 37, "ReadingUnits": "Percent"},
        ],
    }
    power = {"PowerControl": [{"Name": "System Power Control", "PowerConsumedWatts": 238}]}
    return chassis({"Thermal": ref(f"{CHASSIS}/Thermal"), "Power": ref(f"{CHASSIS}/Power")}) | {
        f"{CHASSIS}/Thermal": thermal,
        f"{CHASSIS}/Power": power,
    }


def _newer() -> dict[str, Any]:
    thermal, power = f"{CHASSIS}/ThermalSubsystem", f"{CHASSIS}/PowerSubsystem"
    whole = {
        "ThermalSubsystem": ref(thermal), "PowerSubsystem": ref(power), "Sensors": ref(f"{CHASSIS}/Sensors"),
        "EnvironmentMetrics": ref(f"{CHASSIS}/EnvironmentMetrics"),
    }  # fmt: skip
    warmth = [
        {"DataSourceUri": f"{CHASSIS}/Sensors/CPU1Temp", "DeviceName": "CPU #1", "Reading": 44},
        {"DataSourceUri": ref(f"{CHASSIS}/Sensors/IntakeTemp"), "Reading": 24.8},
        {"DeviceName": "CPU #2", "Reading": None},
    ]
    return chassis(whole) | {
        thermal: {"Fans": ref(f"{thermal}/Fans"), "ThermalMetrics": ref(f"{thermal}/ThermalMetrics")},
        f"{thermal}/ThermalMetrics": {"TemperatureReadingsCelsius": warmth,
                                      "TemperatureSummaryCelsius": {"Intake": {"Reading": 24.8}}},
        f"{thermal}/Fans": collection(f"{thermal}/Fans", "Bay1", "Bay2", "Bay3"),
        f"{thermal}/Fans/Bay1": {"Name": "Fan Bay 1", "SpeedPercent": {"Reading": 45, "SpeedRPM": 2200}},
        f"{thermal}/Fans/Bay2": {"Name": "Fan Bay 2", "SpeedPercent": {"Reading": 45}},
        f"{thermal}/Fans/Bay3": {"Name": "Fan Bay 3", "Status": {"State": "Absent"}, "SpeedPercent": {"Reading": 0}},
        f"{CHASSIS}/EnvironmentMetrics": {"PowerWatts": {"Reading": 374}, "TemperatureCelsius": {"Reading": 39}},
        power: {"PowerSupplies": ref(f"{power}/PowerSupplies")},
        f"{power}/PowerSupplies": collection(f"{power}/PowerSupplies", "Bay1", "Bay2"),
        f"{power}/PowerSupplies/Bay1": {"Name": "Power Supply Bay 1",
                                        "Metrics": ref(f"{power}/PowerSupplies/Bay1/Metrics")},
        f"{power}/PowerSupplies/Bay1/Metrics": {"InputPowerWatts": {"Reading": 190.5}},
        f"{power}/PowerSupplies/Bay2": {"Name": "Power Supply Bay 2",
                                        "Metrics": ref(f"{power}/PowerSupplies/Bay2/Metrics")},
        f"{power}/PowerSupplies/Bay2/Metrics": {"InputPowerWatts": {"Reading": 183.5}},
    } | sensors(sensor("CPU1Temp", "Temperature", "Cel", 44))  # fmt: skip


def _sensors_alone() -> dict[str, Any]:
    return chassis({"Sensors": ref(f"{CHASSIS}/Sensors")}) | sensors(
        sensor("voltage_P12V", "Voltage", "V", 12.05),
        sensor("temperature_CPU0", "Temperature", "Cel", 51.25),
        sensor("fantach_FAN0", "Rotational", "RPM", 6100),
        sensor("fanpwm_FAN0", "Percent", "%", 40),
        sensor("power_total", "Power", "W", 305, Status={"State": "Enabled"}),
        sensor("temperature_DIMM7", "Temperature", "Cel", 0, Status={"State": "Absent"}),
    )


OLDER, NEWER, SENSORS_ALONE = _older(), _newer(), _sensors_alone()
