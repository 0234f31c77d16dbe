"""Machines without a controller, on a real server that is killed in between."""

import json
from typing import Any


def test_what_a_person_is_asked_survives_a_kill_and_is_confirmed_once(desk: Any) -> None:
    desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests").strip()
    with desk.serving() as server:
        for number in (1, 2):
            desk.told(
                "add-manual", "--hostname", f"edge{number}", "--mac", f"52:54:00:77:00:0{number}", "--tag", "rack:r3"
            )
        asked = wait_for_tasks(desk)
        listed = desk.told("export")
        again = desk.colony("import", "--format", "csv", "-", typed=listed).stdout
        server.process.kill()
        server.process.wait(timeout=30)

    with desk.serving():
        before = json.loads(desk.told("tasks", "--json"))["tasks"]
        first = desk.colony("tasks", "confirm", asked[0]["id"])
        repeated = desk.colony("tasks", "confirm", asked[0]["id"])
        left = json.loads(desk.told("tasks", "--json"))["tasks"]
        shown = json.loads(desk.told("assets", "show", "asset-2", "--json"))
        wrong = desk.colony("tasks", "confirm", "workflow-2.start-from-network.7")

    assert [task["id"] for task in before] == [task["id"] for task in asked]
    assert asked[0]["instruction"].startswith("Switch asset-1 (edge1) in rack r3 off if it is on")
    assert (first.returncode, repeated.returncode) == (0, 0)
    assert [task["assetId"] for task in left] == ["asset-2"]
    assert shown["task"] == left[0]
    assert (shown["ipmi"], shown["bmc"]["protocol"]) == ("", "manual")
    assert (wrong.returncode, "TASK_NOT_FOUND" in wrong.stderr) == (1, True)
    assert [line.split()[3] for line in again.splitlines()] == ["unchanged", "unchanged"]


def wait_for_tasks(desk: Any) -> list[dict[str, Any]]:
    """Return the two tasks as soon as the workflows have come to ask for them."""
    while True:
        tasks: list[dict[str, Any]] = json.loads(desk.told("tasks", "--json"))["tasks"]
        if len(tasks) == 2:
            return tasks
