"""`colony cluster`."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

CLUSTERS = "/api/v1/clusters"
WARNING = {"rule": "cluster.workers.none", "path": "workers", "message": "There are none.", "hint": "Add some."}


@pytest.fixture
def request_file(tmp_path: Path) -> str:
    file = tmp_path / "cluster.json"
    file.write_text('{"name": "prod"}')
    return str(file)


def test_a_cluster_is_made_of_a_file(console: Any, request_file: str) -> None:
    console.answers("POST", CLUSTERS, console.a_cluster(warnings=[WARNING]), status=201)
    result = console.run("cluster", "create", "-f", request_file)

    assert result.exit_code == 0
    assert console.bodies("POST") == [{"name": "prod"}]
    assert not console.requests[0].url.params
    assert result.stdout.splitlines() == [
        "Cluster cluster-1 (prod) is being built by workflow-1.",
        "Next: colony workflow watch workflow-1",
    ]
    assert result.stderr == "Warning: workers: There are none. Hint: Add some. [cluster.workers.none]\n"


def test_a_cluster_may_come_from_standard_input(console: Any) -> None:
    console.answers("POST", CLUSTERS, console.a_cluster(), status=201)
    result = console.run("cluster", "create", "-f", "-", "--strict", "--json", typed='{"name": "prod"}')

    assert json.loads(result.stdout) == console.a_cluster()
    assert dict(console.requests[0].url.params) == {"strict": "true"}


def test_a_dry_run_shows_what_would_be_done(console: Any, request_file: str) -> None:
    machine = {"assetId": "asset-1", "role": "control-plane", "hostname": "prod-cp-1", "ip": "192.168.1.101"}
    machine |= {"subnet": "24", "destroys": "everything on /dev/nvme0n1"}
    steps = [{"name": "power-off", "title": "Switch the machine off"}, {"name": "write", "title": "Write the image"}]
    plan = {
        "name": "prod",
        "machines": [machine | {"steps": steps}],
        "steps": [{"name": "install", "title": "Install the machines"}],
        "warnings": [WARNING],
        "estimate": {"leastSeconds": 600, "mostSeconds": 900},
        "planHash": "0123abcd",
    }
    console.answers("POST", CLUSTERS, plan)
    result = console.run("cluster", "create", "-f", request_file, "--dry-run")

    assert dict(console.requests[0].url.params) == {"dryRun": "true"}
    assert result.stdout.splitlines() == [
        "Nothing was done. Cluster prod would take 10 to 15 minutes.",
        "",
        "NODE       ROLE           ADDRESS           ASSET    DESTROYS",
        "prod-cp-1  control-plane  192.168.1.101/24  asset-1  everything on /dev/nvme0n1",
        "",
        "On each machine:",
        "   1. Switch the machine off",
        "   2. Write the image",
        "",
        "For the cluster:",
        "   1. Install the machines",
        "",
        "To do exactly this, add: --plan-hash 0123abcd",
    ]
    assert result.stderr.startswith("Warning: workers")


def test_only_the_plan_that_was_shown_may_be_asked_for(console: Any, request_file: str) -> None:
    console.answers("POST", CLUSTERS, console.a_cluster(), status=201)
    console.run("cluster", "create", "-f", request_file, "--plan-hash", "0123abcd")

    assert dict(console.requests[0].url.params) == {"planHash": "0123abcd"}


def test_waiting_ends_with_the_ready_cluster(console: Any, request_file: str) -> None:
    ready = console.a_cluster(status="ready")
    console.answers("POST", CLUSTERS, console.a_cluster(), status=201)
    console.answers("GET", "/api/v1/workflows/workflow-1", console.a_run(status="completed"))
    console.answers("GET", f"{CLUSTERS}/cluster-1", ready)
    told = console.run("cluster", "create", "-f", request_file, "--wait")
    printed = console.run("cluster", "create", "-f", request_file, "--wait", "--json")

    assert told.stdout.splitlines()[-1] == "Next: colony cluster kubeconfig cluster-1"
    assert json.loads(printed.stdout) == ready


def test_clusters_are_listed_in_columns(console: Any) -> None:
    console.answers("GET", CLUSTERS, {"clusters": [console.a_cluster()], "nextCursor": None})
    result = console.run("cluster", "list", "--status", "provisioning", "--type", "k8s_stack")

    assert result.stdout.splitlines() == [
        "ID         NAME  TYPE             STATUS        NODES  DONE  CREATED               WORKFLOW",
        "cluster-1  prod  k8s_stack/talos  provisioning  1      0 %   2026-11-23T12:00:00Z  workflow-1",
    ]


def test_a_cluster_is_shown_with_its_nodes(console: Any) -> None:
    error = {"code": "INSTALL_FAILED", "message": "The disk is gone"}
    console.answers("GET", f"{CLUSTERS}/cluster-1", console.a_cluster(status="error", error=error))
    result = console.run("cluster", "show", "cluster-1")

    assert result.stdout.splitlines() == [
        "id        cluster-1",
        "name      prod",
        "type      k8s_stack/talos",
        "status    error",
        "done      0 % Install the machines",
        "error     INSTALL_FAILED: The disk is gone",
        "gateway   192.168.1.1",
        "workflow  workflow-1",
        "created   2026-11-23T12:00:00Z",
        "updated   2026-11-23T12:00:00Z",
        "",
        "NODE       ROLE           IP             ASSET    STATUS",
        "prod-cp-1  control-plane  192.168.1.101  asset-1  pending",
    ]


def test_deleting_asks_first(console: Any) -> None:
    result = console.run("cluster", "delete", "cluster-1", typed="\n")

    assert result.exit_code == 1
    assert "Delete cluster cluster-1? Its credentials are lost, its machines keep their disks." in result.stderr
    assert console.requests == []


def test_deleting_may_wipe_and_may_be_forced(console: Any) -> None:
    console.answers("DELETE", f"{CLUSTERS}/cluster-1", console.a_cluster())
    result = console.run("cluster", "delete", "cluster-1", "--wipe", "--force", "--yes")

    assert dict(console.requests[0].url.params) == {"wipe": "true", "force": "true"}
    assert result.stdout == "Cluster cluster-1 (prod) is deleted: its machines are wiped.\n"


@pytest.mark.parametrize("document", ["kubeconfig", "talosconfig"])
def test_credentials_are_printed_word_for_word(console: Any, document: str) -> None:
    text = "apiVersion: v1\nkind: Config\n"
    console.answers("GET", f"{CLUSTERS}/cluster-1/{document}", httpx.Response(200, text=text))

    assert console.run("cluster", document, "cluster-1").stdout == text


def test_credentials_in_a_file_are_for_its_owner_alone(console: Any, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text("old")
    file.chmod(0o644)
    console.answers("GET", f"{CLUSTERS}/cluster-1/kubeconfig", httpx.Response(200, text="new"))
    result = console.run("cluster", "kubeconfig", "cluster-1", "-o", str(file))

    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)
    assert (result.stdout, list(tmp_path.iterdir())) == ("", [file])


def test_a_file_that_cannot_be_written_is_told(console: Any, tmp_path: Path) -> None:
    console.answers("GET", f"{CLUSTERS}/cluster-1/kubeconfig", httpx.Response(200, text="new"))
    result = console.run("cluster", "kubeconfig", "cluster-1", "-o", str(tmp_path / "nowhere" / "file"))

    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
