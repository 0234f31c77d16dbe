"""`colony workflow`."""

import json
from typing import Any

import pytest

RUNS = "/api/v1/workflows"
DONE = {"status": "completed", "currentStep": None, "progress": {"done": 5, "total": 5, "percent": 100}}


def test_workflows_are_listed_in_columns(console: Any) -> None:
    error = {"code": "BMC_REFUSED", "message": "No entry"}
    runs = [console.a_run(), console.a_run(id="workflow-2", assetId=None, clusterId="cluster-1", error=error)]
    console.answers("GET", RUNS, {"workflows": runs, "nextCursor": None})
    result = console.run("workflow", "list", "--asset", "asset-1", "--cluster", "cluster-1", "--type", "os-provision")

    query = dict(console.requests[0].url.params)
    assert query == {"limit": "1000", "type": "os-provision", "assetId": "asset-1", "clusterId": "cluster-1"}
    assert result.stdout.splitlines() == [
        "ID          TYPE          STATUS   ASSET    CLUSTER    DONE  CREATED               STEP",
        "workflow-1  os-provision  running  asset-1  -          40 %  2026-11-23T12:00:00Z  Write the image",
        "workflow-2  os-provision  running  -        cluster-1  40 %  2026-11-23T12:00:00Z  BMC_REFUSED: No entry",
    ]


def test_a_workflow_is_shown_with_its_steps(console: Any) -> None:
    console.answers("GET", f"{RUNS}/workflow-1", console.a_run())
    result = console.run("workflow", "show", "workflow-1")

    assert result.stdout.splitlines() == [
        "id       workflow-1",
        "type     os-provision",
        "asset    asset-1",
        "created  2026-11-23T12:00:00Z",
        "started  2026-11-23T12:00:01Z",
        "seconds  12.0",
        "state    40 %  running  Write the image",
        "",
        "STEP                    STATUS     TRY  STARTED  FINISHED  ERROR",
        "Switch the machine off  completed  1    -        -         -",
        "Write the image         running    1    -        -         -",
    ]


def test_logs_are_lines(console: Any) -> None:
    entries = [
        {"at": "2026-11-23T12:00:00Z", "step": None, "level": "info", "message": "Started"},
        {"at": "2026-11-23T12:00:01Z", "step": "power-off", "level": "warning", "message": "The controller\nis silent"},
    ]
    pages = [{"logs": entries[:1], "nextCursor": "more"}, {"logs": entries[1:], "nextCursor": None}]
    console.answers("GET", f"{RUNS}/workflow-1/logs", *pages)
    result = console.run("workflow", "logs", "workflow-1")

    assert result.stdout.splitlines() == [
        "2026-11-23T12:00:00Z info    Started",
        "2026-11-23T12:00:01Z warning [power-off] The controller is silent",
    ]


def test_watching_prints_a_line_for_each_change_where_nobody_looks(console: Any) -> None:
    console.answers("GET", f"{RUNS}/workflow-1", console.a_run(**DONE))
    result = console.run("workflow", "watch", "workflow-1")

    assert (result.exit_code, result.stdout) == (0, "100 %  completed\n")


@pytest.mark.parametrize(("status", "told"), [("failed", "failed"), ("cancelled", "been cancelled")])
def test_watching_what_does_not_complete_ends_with_1(console: Any, status: str, told: str) -> None:
    console.answers("GET", f"{RUNS}/workflow-1", console.a_run(status=status))
    result = console.run("workflow", "watch", "workflow-1")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: Workflow workflow-1 has {told}\n")


def test_watching_with_json_prints_each_look_as_a_line(console: Any) -> None:
    console.answers("GET", f"{RUNS}/workflow-1", console.a_run(**DONE))
    result = console.run("workflow", "watch", "workflow-1", "--json")

    assert [json.loads(line) for line in result.stdout.splitlines()] == [console.a_run(**DONE)]


def test_cancelling_tells_that_it_was_asked(console: Any) -> None:
    console.answers("POST", f"{RUNS}/workflow-1/cancel", console.a_run())
    result = console.run("workflow", "cancel", "workflow-1")

    assert result.stdout == "Workflow workflow-1 (os-provision) is running and was told to stop.\n"


def test_a_retry_is_a_new_workflow(console: Any) -> None:
    console.answers("POST", f"{RUNS}/workflow-1/retry", console.a_run(id="workflow-2"), status=201)
    result = console.run("workflow", "retry", "workflow-1")

    assert result.stdout.startswith("Workflow workflow-2 (os-provision) was started on asset-1.\n")
