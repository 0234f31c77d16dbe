"""The commands against a real server: tables, JSON, exit codes, and workflows to their ends."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

CLUSTER = {
    "name": "production",
    "type": "k8s_stack",
    "flavor": "k3s",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-2", "ip": "192.168.1.101", "subnet": "24"}],
    "workers": [{"assetId": "asset-3", "ip": "192.168.1.201", "subnet": "24"}],
}


def written(desk: Any, body: dict[str, Any]) -> str:
    file: Path = desk.folder / "cluster.json"
    file.write_text(json.dumps(body))
    return str(file)


def test_the_rack_is_a_table(served: Any) -> None:
    shown = served.told("assets", "show", "asset-5").splitlines()
    header, row = served.told("assets", "--limit", "1").splitlines()

    assert [line.split() for line in shown[:3]] == [
        ["id", "asset-5"],
        ["hostname", "server05"],
        ["status", "available"],
    ]
    columns = dict(zip(header.split(), re.split(r"\s{2,}", row), strict=True))
    assert columns.pop("POWER") in {"unknown", "on", "off"}, "its controller is polled meanwhile, or not yet"
    assert columns == {
        "ID": "asset-1",
        "HOSTNAME": "server01",
        "STATUS": "available",
        "IPMI": "192.168.2.50",
        "CLUSTER": "-",
        "NOTE": "-",
        "CPU": "Intel Xeon",
        "RAM": "64GB",
        "DISK": "1TB NVMe",
    }


def test_a_list_is_whole(served: Any) -> None:
    whole = json.loads(served.told("assets", "--json"))

    assert [asset["id"] for asset in whole["assets"]] == [f"asset-{number}" for number in range(1, 6)]
    assert whole["nextCursor"] is None


def test_a_machine_goes_through_its_life(served: Any) -> None:
    done = served.told("provision", "asset-4", "--yes", "--wait")
    provisioned = json.loads(served.told("assets", "show", "asset-4", "--json"))
    served.told("reboot", "asset-4", "--boot-device", "disk", "--wait")
    wiped = json.loads(served.told("deprovision", "asset-4", "--yes", "--wait", "--json"))
    available = json.loads(served.told("assets", "show", "asset-4", "--json"))

    assert done.splitlines()[-1] == "100 %  completed"
    assert (provisioned["status"], available["status"]) == ("provisioned", "available")
    assert (wiped["type"], wiped["status"]) == ("disk-wipe", "completed")


def test_a_cluster_is_built_watched_and_deleted(served: Any) -> None:
    file = written(served, CLUSTER)
    plan = served.told("cluster", "create", "-f", file, "--dry-run")
    made = json.loads(served.told("cluster", "create", "-f", file, "--json"))
    watched = served.told("workflow", "watch", made["workflowId"])
    shown = served.told("cluster", "show", made["id"])
    kubeconfig = served.told("cluster", "kubeconfig", made["id"])
    logs = served.told("workflow", "logs", made["workflowId"])
    served.told("cluster", "delete", made["id"], "--yes")

    assert plan.startswith("Nothing was done. Cluster production would take 10 to 15 minutes.")
    percents = [int(line[:3]) for line in watched.splitlines()]
    assert percents == sorted(percents)
    assert watched.splitlines()[-1] == "100 %  completed"
    assert re.search(r"^production-cp-1 +control-plane +192\.168\.1\.101 +asset-2 +ready$", shown, re.MULTILINE)
    assert "current-context" in kubeconfig
    assert "Workflow completed" in logs
    assert served.told("cluster", "list") == ""


def test_an_interrupted_watch_ends_with_130_and_leaves_the_workflow(desk: Any) -> None:
    with desk.serving("--simulator", "1"):  # as slow as real machines: nothing ends before it is interrupted
        desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests").strip()
        run = json.loads(desk.told("provision", "asset-1", "--yes", "--json"))
        with desk.begun("workflow", "watch", run["id"]) as watching:
            watching.says("(pending|running)")

            assert watching.stopped_by(signal.SIGINT) == 130
            assert watching.errors.strip() == ""
        assert json.loads(desk.told("workflow", "cancel", run["id"], "--json"))["status"] in ("pending", "running")
        ended = desk.colony("workflow", "watch", run["id"])

    assert ended.returncode == 1
    assert f"Error: Workflow {run['id']} has been cancelled" in ended.stderr


def test_everything_that_is_wrong_with_a_cluster_is_told_at_once(served: Any) -> None:
    wrong = CLUSTER | {"name": "No!", "gateway": "192.168.9.1"}
    done = served.colony("cluster", "create", "-f", written(served, wrong))

    assert done.returncode == 2
    assert done.stdout == ""
    first, *lines = done.stderr.splitlines()
    assert first == "Error: Validation failed (VALIDATION_FAILED)"
    assert len([line for line in lines if line.startswith("  - ") and " Hint: " in line]) >= 2


def test_a_machine_that_is_known_already_is_refused(served: Any) -> None:
    done = served.colony("add-ipmi", "--ip", "192.168.2.50", "--username", "a", "--password", "s3cret")

    assert done.returncode == 1
    assert "(ASSET_EXISTS)" in done.stderr
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize(
    ("args", "exit_code", "told"),
    [
        (["assets", "show", "asset-99"], 1, "ASSET_NOT_FOUND"),
        (["assets", "--status", "nonsense"], 2, "INVALID_REQUEST"),
        (["assets", "--api-url", "http://127.0.0.1:9"], 3, "Cannot reach http://127.0.0.1:9"),
        (["assets", "--api-key", "cd-0123456789ab_" + "0" * 40], 4, "UNAUTHORIZED"),
        (["assets", "--api-url", "nonsense"], 2, "The API URL is not like"),
    ],
)
def test_an_exit_code_tells_what_kind_of_error_it_was(served: Any, args: list[str], exit_code: int, told: str) -> None:
    done = served.colony(*args)

    assert (done.returncode, done.stdout) == (exit_code, "")
    assert told in done.stderr


def test_the_doctor_finds_a_healthy_server_healthy(served: Any) -> None:
    checks = json.loads(served.told("doctor", "--json"))["checks"]

    assert [check["name"] for check in checks if check["name"][0] != "["] == [
        "release",
        "settings",
        "database",
        "server",
        "key",
    ]
    assert {check["state"] for check in checks} == {"ok"}


def test_the_doctor_says_what_to_do_where_nothing_is(desk: Any) -> None:
    desk.environment["COLONY_API_URL"] = "http://127.0.0.1:9"
    done = desk.colony("doctor")

    assert done.returncode == 1
    assert re.search(r"^skip  database +there is no colony\.db here$", done.stdout, re.MULTILINE)
    assert re.search(r"^fail  server +Cannot reach http://127\.0\.0\.1:9", done.stdout, re.MULTILINE)
    assert "-> Start one with `colony serve`" in done.stdout
    assert not (desk.folder / "colony.db").exists()


def test_the_doctor_finds_a_key_that_does_not_fit(desk: Any) -> None:
    desk.told("api-key", "create", "--description", "first")
    key = desk.folder / "colony.db.key"
    key.write_text("A" * 43 + "=\n")
    done = desk.colony("doctor", "--api-url", "http://127.0.0.1:9")

    assert re.search(r"^fail  database ", done.stdout, re.MULTILINE)
