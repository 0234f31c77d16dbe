"""`colony sensors`."""

import json
from typing import Any

SENSORS = "/api/v1/assets/asset-1/sensors"
ANSWER = {
    "sensors": [
        {"name": "Inlet Temp", "kind": "temperature", "value": 23.0, "unit": "C"},
        {"name": "Fan1", "kind": "fan", "value": 5400.0, "unit": "rpm"},
    ],
    "readAt": "2026-11-23T20:00:00Z",
}


def test_each_sensor_has_its_line(console: Any) -> None:
    console.answers("GET", SENSORS, ANSWER)
    result = console.run("sensors", "asset-1")

    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["SENSOR", "KIND", "VALUE", "UNIT"],
        ["Inlet", "Temp", "temperature", "23", "C"],
        ["Fan1", "fan", "5400", "rpm"],
    ]


def test_json_is_what_the_api_answered(console: Any) -> None:
    console.answers("GET", SENSORS, ANSWER)

    assert json.loads(console.run("sensors", "asset-1", "--json").stdout) == ANSWER


def test_a_machine_that_measures_nothing_is_told(console: Any) -> None:
    console.answers("GET", SENSORS, {"sensors": [], "readAt": "2026-11-23T20:00:00Z"})
    result = console.run("sensors", "asset-1")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No sensors.\n")


def test_a_controller_that_is_silent_is_a_network_error(console: Any) -> None:
    error = {"error": "Management controller unreachable", "code": "BMC_UNREACHABLE", "details": "It is silent"}
    console.answers("GET", SENSORS, error, status=503)
    result = console.run("sensors", "asset-1")

    assert result.exit_code == 3
    assert "It is silent" in result.stderr
