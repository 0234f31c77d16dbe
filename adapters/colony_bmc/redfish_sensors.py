"""What a machine's sensors show, wherever its chassis keeps them.

Until 2020 that was `Thermal` and `Power`; since then subsystems, metrics and `Sensors`, each a resource of its own. Of
every kind (temperature, fan, power) the first place that shows any is taken, so that nothing is read or shown twice.
"""

from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import TypeAlias

from colony_bmc.redfish_answers import Document, link, part, parts, text
from colony_bmc.redfish_parts import is_there, linked
from colony_bmc.redfish_session import RedfishSession
from colony_bmc.redfish_system import RedfishSystem
from colony_core.domain.hardware import SensorKind, SensorReading, SensorUnit

MOST_RESOURCES = 60
"""Resources that one reading of a machine asks for at the most: a second each, and the deadline still holds."""

TEMPERATURE, FAN, POWER = SensorKind.TEMPERATURE, SensorKind.FAN, SensorKind.POWER
CELSIUS, RPM, PERCENT, WATT = SensorUnit.CELSIUS, SensorUnit.RPM, SensorUnit.PERCENT, SensorUnit.WATT

MEASURED: Mapping[tuple[str, str], tuple[SensorKind, SensorUnit]] = {
    ("Temperature", "Cel"): (TEMPERATURE, CELSIUS),
    ("Temperature", ""): (TEMPERATURE, CELSIUS),
    ("Rotational", "RPM"): (FAN, RPM),
    ("Rotational", "{rev}/min"): (FAN, RPM),
    ("Rotational", ""): (FAN, RPM),
    ("Rotational", "%"): (FAN, PERCENT),
    ("Power", "W"): (POWER, WATT),
    ("Power", ""): (POWER, WATT),
}
"""What a `Sensor` measures, by the type and unit of its reading; of others nothing is shown."""

OTHERS = ("voltage", "current", "volt", "energy", "humidity")
"""How the names of sensors begin that are asked for last, as they measure something else, where names tell at all."""


class Walk:
    """Asks for resources until `MOST_RESOURCES` were asked for; what is not shown is empty."""

    def __init__(self, session: RedfishSession) -> None:
        self._session = session
        self._left = MOST_RESOURCES

    async def page(self, reference: Document) -> Document:
        """Return the resource that *reference* leads to."""
        if not link(reference) or not self._left:
            return {}
        self._left -= 1
        return next(iter(await linked(self._session, [reference])), {})

    async def members(self, reference: Document, *, last: tuple[str, ...] = ()) -> list[Document]:
        """Return the members of a collection, each once; those whose names begin with one of *last* come last."""
        listed: list[Document] = []
        while page := await self.page(reference):
            listed += parts(page, "Members")
            reference = {"@odata.id": text(page, "Members@odata.nextLink")}
        links = {link(each).rstrip("/"): each for each in listed}
        ordered = sorted(links, key=lambda path: _named(path).lower().startswith(last))
        return [member for path in ordered if (member := await self.page(links[path]))]


Place: TypeAlias = Callable[[Walk, Document], Awaitable[list[SensorReading]]]


async def read_sensors(system: RedfishSystem) -> tuple[SensorReading, ...]:
    """Return the readings of the machine's chassis; a sensor that shows no number is left out."""
    walk, found = Walk(system.session), list[SensorReading]()
    for reference in parts(part(system.document, "Links"), "Chassis"):
        found += await _of_chassis(walk, await walk.page(reference))
    return tuple(found)


async def _of_chassis(walk: Walk, chassis: Document) -> list[SensorReading]:
    found: list[SensorReading] = []
    for kinds, place in PLACES:
        wanted = kinds - {reading.kind for reading in found}
        if wanted:
            found += [reading for reading in await place(walk, chassis) if reading.kind in wanted]
    return found


async def _thermal(walk: Walk, chassis: Document) -> list[SensorReading]:
    page, found = await walk.page(part(chassis, "Thermal")), list[SensorReading]()
    for each in parts(page, "Temperatures"):
        found += _reading(each, each.get("ReadingCelsius"), TEMPERATURE, CELSIUS)
    for each in parts(page, "Fans"):
        unit = PERCENT if text(each, "ReadingUnits") == "Percent" else RPM
        found += _reading(each, each.get("Reading"), FAN, unit)
    return found


async def _power(walk: Walk, chassis: Document) -> list[SensorReading]:
    controls = parts(await walk.page(part(chassis, "Power")), "PowerControl")
    return [shown for each in controls for shown in _reading(each, each.get("PowerConsumedWatts"), POWER, WATT)]


async def _thermal_metrics(walk: Walk, chassis: Document) -> list[SensorReading]:
    subsystem = await walk.page(part(chassis, "ThermalSubsystem"))
    metrics = await walk.page(part(subsystem, "ThermalMetrics"))
    readings = parts(metrics, "TemperatureReadingsCelsius") or _summary(part(metrics, "TemperatureSummaryCelsius"))
    found = [shown for each in readings for shown in _reading(each, each.get("Reading"), TEMPERATURE, CELSIUS)]
    for fan in await walk.members(part(subsystem, "Fans")):
        found += _fan(fan, part(fan, "SpeedPercent"))
    return found


async def _environment(walk: Walk, chassis: Document) -> list[SensorReading]:
    """What the chassis measures as a whole: usually its power, and little else."""
    metrics = await walk.page(part(chassis, "EnvironmentMetrics"))
    warmth, power = part(metrics, "TemperatureCelsius"), part(metrics, "PowerWatts")
    fans = [shown for each in parts(metrics, "FanSpeedsPercent") for shown in _fan(each, each)]
    return [
        *_reading({"Name": "Chassis", **warmth}, warmth.get("Reading"), TEMPERATURE, CELSIUS),
        *_reading({"Name": "Chassis", **power}, power.get("Reading"), POWER, WATT),
        *fans,
    ]


async def _supplies(walk: Walk, chassis: Document) -> list[SensorReading]:
    """What each power supply takes in, where nothing tells what the chassis takes as a whole."""
    subsystem, found = await walk.page(part(chassis, "PowerSubsystem")), list[SensorReading]()
    for supply in await walk.members(part(subsystem, "PowerSupplies")):
        metrics = await walk.page(part(supply, "Metrics"))
        found += _reading(supply, part(metrics, "InputPowerWatts").get("Reading"), POWER, WATT)
    return found


async def _sensors(walk: Walk, chassis: Document) -> list[SensorReading]:
    found: list[SensorReading] = []
    for each in await walk.members(part(chassis, "Sensors"), last=OTHERS):
        measured = MEASURED.get((text(each, "ReadingType"), text(each, "ReadingUnits")))
        if measured:
            found += _reading(each, each.get("Reading"), *measured)
    return found


PLACES: tuple[tuple[frozenset[SensorKind], Place], ...] = (
    (frozenset({TEMPERATURE, FAN}), _thermal),
    (frozenset({POWER}), _power),
    (frozenset({TEMPERATURE, FAN}), _thermal_metrics),
    (frozenset(SensorKind), _environment),
    (frozenset({POWER}), _supplies),
    (frozenset(SensorKind), _sensors),
)
"""Where sensors are looked for, in this order, and what each place may show."""


def _summary(summary: Document) -> list[Document]:
    return [{"DeviceName": name, **part(summary, name)} for name in summary if part(summary, name)]


def _fan(fan: Document, speed: Document) -> list[SensorReading]:
    """Return the fan's turns a minute, or where it does not count them its share of full speed."""
    return _reading(fan, speed.get("SpeedRPM"), FAN, RPM) or _reading(fan, speed.get("Reading"), FAN, PERCENT)


def _reading(sensor: Document, shown: object, kind: SensorKind, unit: SensorUnit) -> list[SensorReading]:
    """Return the reading that is *shown*; none where it is no number, or the sensor is not there."""
    value = _value(shown)
    if value is None or not is_there(sensor):
        return []
    names = (text(sensor, field) for field in ("Name", "FanName", "DeviceName", "MemberId"))
    # Newer iDRACs write a reference where the schema has the sensor's address.
    source = text(sensor, "DataSourceUri") or link(part(sensor, "DataSourceUri"))
    name = next(filter(None, names), "") or _named(source) or kind.value
    return [SensorReading(name=name, kind=kind, value=value, unit=unit)]


def _value(shown: object) -> float | None:
    """Return the number that is shown, as text by some; no other word is taken for 0."""
    if isinstance(shown, bool) or not isinstance(shown, int | float | str):
        return None
    try:
        value = float(shown)
    except (ValueError, OverflowError):
        return None
    return value if isfinite(value) else None


def _named(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
