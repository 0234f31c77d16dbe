"""What a machine's sensors show: temperatures and fans under the chassis' `Thermal`, power under its `Power`."""

from collections.abc import Iterator
from math import isfinite

from colony_bmc.redfish_answers import Document, link, number, part, parts, text
from colony_bmc.redfish_parts import is_there, linked
from colony_bmc.redfish_system import RedfishSystem
from colony_core.domain.hardware import SensorKind, SensorReading, SensorUnit


async def read_sensors(system: RedfishSystem) -> tuple[SensorReading, ...]:
    """Return the readings of the machine's chassis; a sensor that shows no number is left out."""
    chassis = await linked(system.session, parts(part(system.document, "Links"), "Chassis"))
    pages = [part(each, name) for each in chassis for name in ("Thermal", "Power")]
    found = await linked(system.session, [page for page in pages if link(page)])
    return tuple(reading for page in found for reading in _readings(page))


def _readings(page: Document) -> Iterator[SensorReading]:
    yield from _of(parts(page, "Temperatures"), "ReadingCelsius", SensorKind.TEMPERATURE, SensorUnit.CELSIUS)
    yield from _of(parts(page, "PowerControl"), "PowerConsumedWatts", SensorKind.POWER, SensorUnit.WATT)
    for fan in parts(page, "Fans"):
        unit = SensorUnit.PERCENT if text(fan, "ReadingUnits") == "Percent" else SensorUnit.RPM
        yield from _of([fan], "Reading", SensorKind.FAN, unit)


def _of(sensors: list[Document], field: str, kind: SensorKind, unit: SensorUnit) -> Iterator[SensorReading]:
    for sensor in sensors:
        value = number(sensor, field)
        if sensor.get(field) is not None and isfinite(value) and is_there(sensor):
            name = text(sensor, "Name") or text(sensor, "FanName") or text(sensor, "MemberId") or kind.value
            yield SensorReading(name=name, kind=kind, value=value, unit=unit)
