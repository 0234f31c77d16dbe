"""`colony provision`, `reboot` and `deprovision`."""

import json
from pathlib import Path
from typing import Any

import pytest

ASSET = "/api/v1/assets/asset-1"


def test_a_reboot_tells_the_workflow(console: Any) -> None:
    console.answers("POST", f"{ASSET}/reboot", console.a_run(type="asset-reboot"), status=201)
    result = console.run("reboot", "asset-1", "--boot-device", "pxe")

    assert result.exit_code == 0
    assert console.bodies("POST") == [{"bootDevice": "pxe"}]
    assert result.stdout.splitlines() == [
        "Workflow workflow-1 (asset-reboot) was started on asset-1.",
        "Watch it: colony workflow watch workflow-1",
    ]


def test_a_wipe_asks_first(console: Any) -> None:
    result = console.run("deprovision", "asset-1", typed="n\n")

    assert result.exit_code == 1
    assert result.stderr == "Wipe every disk of asset-1? What they hold is lost. [y/N]: Nothing was done.\n"
    assert console.requests == []


def test_a_wipe_that_nobody_can_confirm_is_not_done(console: Any) -> None:
    result = console.run("deprovision", "asset-1", typed="")

    assert result.exit_code == 2
    assert "Add --yes." in result.stderr
    assert console.requests == []


@pytest.mark.parametrize(("args", "typed"), [(["--yes"], ""), ([], "y\n"), ([], "YES\n")])
def test_a_confirmed_wipe_is_done(console: Any, args: list[str], typed: str) -> None:
    console.answers("POST", f"{ASSET}/wipe", console.a_run(type="disk-wipe"), status=201)
    result = console.run("deprovision", "asset-1", "--method", "zero", *args, typed=typed)

    assert result.exit_code == 0
    assert console.bodies("POST") == [{"method": "zero"}]


def test_provisioning_sends_what_was_said_and_no_more(console: Any, tmp_path: Path) -> None:
    keys = tmp_path / "keys.pub"
    keys.write_text("# mine\nssh-ed25519 AAAA me\n\n")
    console.answers("POST", f"{ASSET}/provision", console.a_run(), status=201)
    network = ["--ip", "192.168.1.5", "--subnet", "24", "--gateway", "192.168.1.1"]
    console.run("provision", "asset-1", "--yes", "--ssh-key-file", str(keys), *network)
    console.run("provision", "asset-1", "--yes")

    full = {"sshPublicKeys": ["ssh-ed25519 AAAA me"]}
    full["network"] = {"ip": "192.168.1.5", "subnet": "24", "gateway": "192.168.1.1"}  # type: ignore[assignment]
    assert console.bodies("POST") == [full, {}]


def test_half_an_address_is_refused(console: Any) -> None:
    result = console.run("provision", "asset-1", "--yes", "--ip", "192.168.1.5")

    assert result.exit_code == 2
    assert "--gateway" in result.stderr


def test_waiting_shows_the_workflow_to_its_end(console: Any) -> None:
    ended = console.a_run(status="completed", currentStep=None, progress={"percent": 100})
    console.answers("POST", f"{ASSET}/reboot", console.a_run(), status=201)
    console.answers("GET", "/api/v1/workflows/workflow-1", ended)
    result = console.run("reboot", "asset-1", "--wait")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "100 %  completed"


def test_waiting_with_json_prints_the_ended_workflow_alone(console: Any) -> None:
    ended = console.a_run(status="completed", currentStep=None, progress={"percent": 100})
    console.answers("POST", f"{ASSET}/reboot", console.a_run(), status=201)
    console.answers("GET", "/api/v1/workflows/workflow-1", ended)
    result = console.run("reboot", "asset-1", "--wait", "--json")

    assert json.loads(result.stdout) == ended
    assert result.stderr == "100 %  completed\n"


def test_waiting_for_a_workflow_that_fails_ends_with_1(console: Any) -> None:
    error = {"code": "BMC_UNREACHABLE", "message": "It is silent"}
    console.answers("POST", f"{ASSET}/reboot", console.a_run(), status=201)
    console.answers("GET", "/api/v1/workflows/workflow-1", console.a_run(status="failed", error=error))
    result = console.run("reboot", "asset-1", "--wait")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: Workflow workflow-1 has failed: It is silent (BMC_UNREACHABLE)",
        "  Look at: colony workflow logs workflow-1",
    ]
