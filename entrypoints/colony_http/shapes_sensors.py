"""What a machine measures of itself, as clients see it."""

from datetime import datetime

import msgspec
from msgspec import Struct

from colony_core.application.sensors import Readings
from colony_core.domain.hardware import SensorKind, SensorUnit


class SensorView(Struct, frozen=True):
    """One sensor, under the name that the maker gave it."""

    name: str
    kind: SensorKind
    value: float
    unit: SensorUnit


class SensorsView(Struct, frozen=True, rename="camel"):
    """All sensors of one machine that could be read at `readAt`; none where its controller has none."""

    sensors: tuple[SensorView, ...]
    read_at: datetime

    @classmethod
    def of(cls, readings: Readings) -> "SensorsView":
        """Return *readings* as clients see them."""
        return cls(
            sensors=msgspec.convert(readings.sensors, tuple[SensorView, ...], from_attributes=True),
            read_at=readings.at,
        )
