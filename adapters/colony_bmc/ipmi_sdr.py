"""What a full sensor data record (IPMI 2.0, table 43-1) says of a sensor, and what a raw reading of it means.

Compact records, the other kind that describes sensors, have no formula: what they describe has states and no value.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from colony_bmc.ipmi_text import LENGTH, text
from colony_core.domain.hardware import SensorKind, SensorUnit

FULL, HEADER_BYTES, NAME_AT = 0x01, 5, 48
"""The type of a full record, the bytes before its body, and where the sensor's name begins."""

OWNER = 0x20
"""The controller itself. Sensors of others behind it (blades, power supplies with a controller) need a bridge."""

FAN_TYPE = 0x04
FRACTION, RATE_AND_MODIFIER = 0x01, 0x3E
"""Bits of the first unit byte: the value is per cent; it is per time, or one unit by another."""

NOT_A_NUMBER, ONES_COMPLEMENT, TWOS_COMPLEMENT = 3, 1, 2
NON_LINEAR = 0x70
"""From here on each raw value has factors of its own, which the controller must be asked for."""

_LINEARISATIONS: Mapping[int, Callable[[float], float]] = MappingProxyType(
    {
        0: lambda value: value,
        1: math.log,
        2: math.log10,
        3: math.log2,
        4: math.exp,
        5: lambda value: 10.0**value,
        6: lambda value: 2.0**value,
        7: lambda value: 1 / value,
        8: lambda value: value**2,
        9: lambda value: value**3,
        10: math.sqrt,
        11: lambda value: math.copysign(abs(value) ** (1 / 3), value),
    }
)
"""What is done to the sum, by the record's linearisation code (table 43-1, byte 24)."""

Scale = tuple[SensorKind, SensorUnit, Callable[[float], float]]

_SCALES: Mapping[int, Scale] = MappingProxyType(
    {
        1: (SensorKind.TEMPERATURE, SensorUnit.CELSIUS, lambda value: value),
        2: (SensorKind.TEMPERATURE, SensorUnit.CELSIUS, lambda value: (value - 32) / 1.8),
        3: (SensorKind.TEMPERATURE, SensorUnit.CELSIUS, lambda value: value - 273.15),
        6: (SensorKind.POWER, SensorUnit.WATT, lambda value: value),
        18: (SensorKind.FAN, SensorUnit.RPM, lambda value: value),
    }
)
"""The units that count here, by their code (table 43-15): Celsius, Fahrenheit, kelvin, watt, turns a minute."""

_PER_CENT: Scale = (SensorKind.FAN, SensorUnit.PERCENT, lambda value: value)


class Factors(Struct, frozen=True):
    """A raw value x means (m x + b 10^b_exponent) 10^exponent."""

    m: int
    b: int
    b_exponent: int
    exponent: int

    @classmethod
    def packed(cls, six: bytes) -> "Factors":
        """Return what six bytes of a record, or of an answer about one raw value, say."""
        return cls(
            m=_signed(six[0] | (six[1] & 0xC0) << 2, 10),
            b=_signed(six[2] | (six[3] & 0xC0) << 2, 10),
            b_exponent=_signed(six[5] & 0x0F, 4),
            exponent=_signed(six[5] >> 4, 4),
        )


class Sensor(Struct, frozen=True, kw_only=True):
    """A sensor that measures temperature, fan or power, as its record describes it; `scale` is its unit's code."""

    number: int
    lun: int
    name: str
    scale: int
    encoding: int
    linearisation: int
    factors: Factors

    @property
    def kind(self) -> SensorKind:
        """Return what it measures."""
        return _SCALES.get(self.scale, _PER_CENT)[0]

    @property
    def unit(self) -> SensorUnit:
        """Return what its value counts."""
        return _SCALES.get(self.scale, _PER_CENT)[1]

    @property
    def needs_factors(self) -> bool:
        """Tell whether the controller must be asked for the factors of each raw value."""
        return self.linearisation >= NON_LINEAR

    def value(self, raw: int, factors: Factors | None = None) -> float | None:
        """Return what *raw* means, to a thousandth; None where the formula has no value there."""
        by = factors or self.factors
        straight = (by.m * self._number(raw) + by.b * 10.0**by.b_exponent) * 10.0**by.exponent
        try:
            value = straight if self.needs_factors else _LINEARISATIONS[self.linearisation](straight)
            scaled = _SCALES.get(self.scale, _PER_CENT)[2](value)
        except (ArithmeticError, LookupError, ValueError):
            return None
        return round(scaled, 3) if math.isfinite(scaled) else None

    def _number(self, raw: int) -> int:
        if self.encoding == ONES_COMPLEMENT and raw & 0x80:
            return raw - 0xFF
        return _signed(raw, 8) if self.encoding == TWOS_COMPLEMENT else raw


def sensor(record: bytes) -> Sensor | None:
    """Return the sensor that a record describes, or None if it describes none with a value that counts here."""
    if len(record) < NAME_AT or record[3] != FULL or record[5] != OWNER or record[20] >> 6 == NOT_A_NUMBER:
        return None
    scale = 0 if record[20] & FRACTION else record[21]
    known = scale in _SCALES or (record[20] & FRACTION and record[12] == FAN_TYPE)
    if not known or record[20] & RATE_AND_MODIFIER:
        return None
    return Sensor(
        number=record[7],
        lun=record[6] & 0x03,
        name=text(record[47], record[NAME_AT : NAME_AT + (record[47] & LENGTH)]) or f"Sensor {record[7]}",
        scale=scale,
        encoding=record[20] >> 6,
        linearisation=record[23] & 0x7F,
        factors=Factors.packed(record[24:30]),
    )


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) & 1 else value
