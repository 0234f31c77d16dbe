"""Records of sensors are read as the specification writes them, and no record breaks the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_bmc.ipmi_sdr import Factors, sensor
from colony_bmc.ipmi_text import text
from colony_core.domain.hardware import SensorKind
from colony_testkit.ipmi_records import CELSIUS, FAHRENHEIT, FAN, KELVIN, OTHER, RPM, TEMPERATURE, VOLTS, WATTS
from colony_testkit.ipmi_records import full_record as record

HEAT = SensorKind.TEMPERATURE
A_TEMPERATURE = {"number": 1, "kind": TEMPERATURE, "unit": CELSIUS}


@pytest.mark.parametrize(
    ("described", "raw", "means"),
    [
        ({"kind": TEMPERATURE, "unit": CELSIUS}, 23, (HEAT, 23.0, "C")),
        ({"kind": TEMPERATURE, "unit": FAHRENHEIT}, 212, (HEAT, 100.0, "C")),
        ({"kind": TEMPERATURE, "unit": KELVIN, "b": 255}, 45, (HEAT, 26.85, "C")),
        ({"kind": TEMPERATURE, "unit": CELSIUS, "units": 0x80}, 0xF6, (HEAT, -10.0, "C")),
        ({"kind": TEMPERATURE, "unit": CELSIUS, "units": 0x40}, 0xFD, (HEAT, -2.0, "C")),
        ({"kind": FAN, "unit": RPM, "m": 60}, 90, (SensorKind.FAN, 5400.0, "rpm")),
        ({"kind": FAN, "unit": RPM, "m": 10, "linearisation": 9, "exponent": -1}, 4, (SensorKind.FAN, 64.0, "rpm")),
        ({"kind": FAN, "unit": RPM, "m": 2, "exponent": -4, "linearisation": 7}, 1, (SensorKind.FAN, 5000.0, "rpm")),
        ({"kind": FAN, "unit": 0, "units": 1, "m": 392, "exponent": -3}, 100, (SensorKind.FAN, 39.2, "percent")),
        ({"kind": OTHER, "unit": WATTS, "m": 5, "b": 2, "b_exponent": 1}, 30, (SensorKind.POWER, 170.0, "W")),
        ({"kind": OTHER, "unit": WATTS, "m": -1, "b": -500, "exponent": 1}, 1, (SensorKind.POWER, -5010.0, "W")),
    ],
)  # fmt: skip
def test_a_raw_reading_means_what_the_formula_of_its_record_says(
    described: dict[str, int], raw: int, means: tuple[object, ...]
) -> None:
    found = sensor(record("It", number=7, **described))

    assert found is not None
    assert (found.kind, found.value(raw), found.unit) == means
    assert (found.name, found.number) == ("It", 7)


@pytest.mark.parametrize(
    "described",
    [
        {"kind": 0x02, "unit": VOLTS},
        {"kind": TEMPERATURE, "unit": CELSIUS, "owner": 0x2C},
        {"kind": TEMPERATURE, "unit": CELSIUS, "units": 0xC0},
        {"kind": OTHER, "unit": WATTS, "units": 0x20},
        {"kind": TEMPERATURE, "unit": 0, "units": 0x01},
    ],
    ids=["volts", "behind a bridge", "without a value", "watts per hour", "per cent of a temperature"],
)
def test_what_is_no_temperature_fan_or_power_of_this_controller_is_left_out(described: dict[str, int]) -> None:
    assert sensor(record("It", number=7, **described)) is None


@pytest.mark.parametrize("linearisation", [1, 2, 3, 7, 12, 0x6F])
def test_a_formula_without_a_value_there_shows_nothing(linearisation: int) -> None:
    found = sensor(record("It", **A_TEMPERATURE, linearisation=linearisation))

    assert found is not None
    assert found.value(0) is None


@given(st.binary(max_size=80))
def test_no_record_breaks_the_reader(content: bytes) -> None:
    found = sensor(content)

    if found is not None:
        assert found.name
        found.value(0x80)


@given(
    record_bytes=st.builds(bytes, st.lists(st.integers(0, 255), min_size=10, max_size=10)),
    raw=st.integers(0, 255),
)
def test_whatever_the_factors_a_value_is_finite_or_absent(record_bytes: bytes, raw: int) -> None:
    packed = bytearray(record("It", **A_TEMPERATURE))
    packed[23:30] = record_bytes[:7]
    found = sensor(bytes(packed))

    assert found is not None
    value = found.value(raw, Factors.packed(record_bytes[4:]))
    assert value is None or abs(value) < float("inf")


@pytest.mark.parametrize(
    ("type_length", "content", "said"),
    [
        (0xC5, b"CPU 1", "CPU 1"),
        (0xC3, b"\xb5P\0", "µP"),
        (0x83, b"\x29\xdc\xa6", "IPMI"),
        (0x42, b"\x12\x3b", "123-"),
        (0x04, b"ABCD", "ABCD"),
        (0x04, b"\xff\x00\x12\x80", ""),
        (0xC0, b"", ""),
    ],
)
def test_text_is_read_in_each_of_its_four_forms(type_length: int, content: bytes, said: str) -> None:
    assert text(type_length, content) == said


@given(st.integers(0, 255), st.binary(max_size=63))
def test_any_text_can_be_printed(type_length: int, content: bytes) -> None:
    assert text(type_length, content).isprintable()
