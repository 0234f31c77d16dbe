"""Sensor data records as controllers keep them, made by hand: what tests of a client feed to `ipmi_sim`."""

from msgspec import Struct

CELSIUS, FAHRENHEIT, KELVIN, VOLTS, WATTS, RPM = 1, 2, 3, 4, 6, 18
"""Codes of units (IPMI 2.0, table 43-15)."""

TEMPERATURE, VOLTAGE, FAN, OTHER = 0x01, 0x02, 0x04, 0x0B
"""Codes of types of sensors (table 42-3)."""


def full_record(
    name: str,
    *,
    number: int,
    kind: int,
    unit: int,
    m: int = 1,
    b: int = 0,
    b_exponent: int = 0,
    exponent: int = 0,
    linearisation: int = 0,
    units: int = 0,
    owner: int = 0x20,
) -> bytes:
    """Return a full record (table 43-1); *units* is its first unit byte, with the encoding in the upper two bits."""
    body = bytes([owner, 0, number, 3, 1, 0x7F, 0x68, kind, 1, *bytes(6), units, unit, 0, linearisation])
    factors = bytes([m & 0xFF, m >> 2 & 0xC0, b & 0xFF, b >> 2 & 0xC0, 0, (exponent & 15) << 4 | b_exponent & 15])
    text = name.encode("latin-1")
    body += factors + bytes(17) + bytes([0xC0 | len(text)]) + text
    return bytes([number, 0, 0x51, 0x01, len(body)]) + body


class SimSensor(Struct, frozen=True):
    """A sensor of `ipmi_sim`: its record and the raw value that it shows, None while it is off.

    One that does not exist is described and not there: asked for, the controller says no.
    """

    record: bytes
    raw: int | None = 0
    exists: bool = True

    @property
    def number(self) -> int:
        """Return the number that its record gives it."""
        return self.record[7]
