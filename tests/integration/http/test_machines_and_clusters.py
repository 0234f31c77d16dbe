"""Machines, clusters and work through the API, from registration to kubeconfig, on simulated time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from colony_core.domain.events import EventType
from colony_core.ports.persistence import EntryFilter
from colony_http import examples
from colony_simulator import FailsInstall, Silent
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

ASSETS, CLUSTERS, WORKFLOWS = "/api/v1/assets", "/api/v1/clusters", "/api/v1/workflows"
TALOS: dict[str, Any] = {
    "name": "lab",
    "type": "k8s_stack",
    "flavor": "talos",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-1", "ip": "192.168.1.101/24"}],
    "workers": [{"assetId": "asset-2", "ip": "192.168.1.201", "subnet": "255.255.255.0"}],
    "extraSANs": "lab.example.org",
}


async def started(api: httpx.AsyncClient, path: str, body: Any = None) -> dict[str, Any]:
    """Post, and return the workflow that it began; its Location leads to it."""
    answer = await api.post(path, json=body or {})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{WORKFLOWS}/{shown['id']}"
    assert (await api.get(answer.headers["location"])).json()["id"] == shown["id"]
    return shown


async def test_a_registered_machine_is_discovered(service: Service, api: httpx.AsyncClient) -> None:
    await api.delete(f"{ASSETS}/asset-5")
    password = service.rack.machine("asset-5").password.reveal()
    body = {
        "ipmi": "192.168.2.54",
        "id": "web-1",
        "bmc": {"protocol": "ipmi", "username": "admin", "password": password},
        "macs": [nic.mac for nic in service.rack.machine("asset-5").inventory.nics],
        "tags": {"rack": "r1"},
    }
    answer = await api.post(ASSETS, json=body)
    assert (answer.status_code, answer.headers["location"]) == (201, f"{ASSETS}/web-1")
    made = answer.json()
    assert (made["status"], made["specs"], made["inventory"], made["workflowId"]) == (
        "discovering", None, None, "workflow-1",
    )  # fmt: skip
    await service.settle()

    found = (await api.get(f"{ASSETS}/web-1")).json()
    assert (found["status"], found["workflowId"], found["lastError"]) == ("available", None, None)
    assert found["specs"] == {"cpu": "Intel Xeon", "ram": "64GB", "disk": "1TB NVMe"}
    assert_error(await api.post(ASSETS, json=body | {"id": "web-2"}), 409, "ASSET_EXISTS")


async def test_the_controller_s_address_may_stand_in_bmc_alone(api: httpx.AsyncClient) -> None:
    bmc = {"protocol": "ipmi", "address": "10.9.8.7", "port": 6230, "username": "u", "password": "p"}

    made = (await api.post(ASSETS, json={"bmc": bmc})).json()

    assert (made["ipmi"], made["bmc"]["port"], made["hostname"]) == ("10.9.8.7", 6230, made["id"])
    assert_error(await api.post(ASSETS, json={"ipmi": "10.9.8.6", "bmc": bmc}), 400, "INVALID_REQUEST")
    assert_error(await api.post(ASSETS, json={"hostname": "x"}), 400, "INVALID_REQUEST")


async def test_a_machine_is_provisioned_and_wiped(service: Service, api: httpx.AsyncClient) -> None:
    begun = await started(api, f"{ASSETS}/asset-1/provision", examples.PROVISION)
    assert (begun["type"], begun["status"], begun["progress"]["done"]) == ("os-provision", "pending", 0)
    assert_error(await api.post(f"{ASSETS}/asset-1/wipe"), 409, "ASSET_BUSY")
    await service.settle()

    done = (await api.get(f"{WORKFLOWS}/{begun['id']}")).json()
    assert (done["status"], done["progress"]["percent"], done["currentStep"]) == ("completed", 100, None)
    assert done["report"]["type"] == "install"
    assert done["durationSeconds"] > 60
    assert {step["status"] for step in done["steps"]} == {"completed"}
    details = assert_error(await api.post(f"{ASSETS}/asset-1/provision"), 409, "ASSET_NOT_AVAILABLE")
    assert "is provisioned" in details
    assert "wipe" in details

    wipe = await started(api, f"{ASSETS}/asset-1/wipe", {"method": "zero"})
    await service.settle()
    certificate = (await api.get(f"{WORKFLOWS}/{wipe['id']}")).json()["report"]
    assert (certificate["type"], certificate["disks"][0]["method"]) == ("wipe", "zero")
    assert (await api.get(f"{ASSETS}/asset-1")).json()["status"] == "available"


async def test_maintenance_blocks_work_and_names_who_asked(api: httpx.AsyncClient) -> None:
    changed = await api.patch(f"{ASSETS}/asset-1", json={"maintenance": {"reason": "A fan is being replaced"}})

    shown = changed.json()["maintenance"]
    assert (shown["reason"], shown["until"]) == ("A fan is being replaced", None)
    assert shown["by"].startswith("cd-")
    details = assert_error(await api.post(f"{ASSETS}/asset-1/provision"), 409, "ASSET_IN_MAINTENANCE")
    assert "A fan is being replaced" in details
    lifted = await api.patch(f"{ASSETS}/asset-1", json={"maintenance": None})
    assert lifted.json()["maintenance"] is None
    await started(api, f"{ASSETS}/asset-1/reboot", {"bootDevice": "disk"})


async def test_maintenance_ends_by_itself_for_views_filters_events_and_work(
    api: httpx.AsyncClient, service: Service
) -> None:
    until = service.clock.now() + timedelta(hours=1)
    asked = {"maintenance": {"reason": "A fan is being replaced", "until": until.isoformat()}}
    await api.patch(f"{ASSETS}/asset-1", json=asked)

    async def seen() -> tuple[bool, bool, list[str], list[str]]:
        one = (await api.get(f"{ASSETS}/asset-1")).json()["maintenance"]
        listed = (await api.get(ASSETS)).json()["assets"][0]["maintenance"]
        inside = (await api.get(f"{ASSETS}?maintenance=true")).json()["assets"]
        outside = (await api.get(f"{ASSETS}?maintenance=false")).json()["assets"]
        names = [[asset["id"] for asset in assets if asset["id"] == "asset-1"] for assets in (inside, outside)]
        return one is not None, listed is not None, names[0], names[1]

    async def told() -> list[tuple[str | None, str]]:
        async with service.store.reading() as look:
            entries = await look.journal.after(0, 1000, EntryFilter())
        return [(entry.status, entry.message) for entry in entries if entry.type is EventType.MAINTENANCE]

    begun = f"Asset asset-1 is in maintenance until {until:%Y-%m-%dT%H:%M:%SZ} by "
    assert await seen() == (True, True, ["asset-1"], [])
    service.clock.advance(timedelta(hours=1))
    assert await seen() == (False, False, [], ["asset-1"])  # before anybody has done anything about it
    assert [status for status, _ in await told()] == ["begun"]
    await service.colony.runner.settle()
    assert await seen() == (False, False, [], ["asset-1"])
    events = await told()
    assert [status for status, _ in events] == ["begun", "ended"]
    assert events[0][1].startswith(begun)
    assert events[0][1].endswith("A fan is being replaced")
    await started(api, f"{ASSETS}/asset-1/reboot", {"bootDevice": "disk"})


async def test_forgetting_by_force_tells_what_was_not_done(api: httpx.AsyncClient) -> None:
    await started(api, f"{ASSETS}/asset-1/provision")
    assert_error(await api.delete(f"{ASSETS}/asset-1"), 409, "ASSET_BUSY")

    answer = await api.delete(f"{ASSETS}/asset-1?force=true")

    assert (answer.status_code, answer.json()["id"]) == (200, "asset-1")
    assert any("workflow-1" in each for each in answer.json()["notDone"])
    assert (await api.delete(f"{ASSETS}/asset-2")).json()["notDone"] == []
    assert_error(await api.get(f"{ASSETS}/asset-1"), 404, "ASSET_NOT_FOUND")


async def test_a_dry_run_shows_the_plan_and_changes_nothing(api: httpx.AsyncClient) -> None:
    answer = await api.post(f"{CLUSTERS}?dryRun=true", json=TALOS)

    plan = answer.json()
    assert answer.status_code == 200
    assert [machine["hostname"] for machine in plan["machines"]] == ["lab-cp-1", "lab-worker-1"]
    assert plan["machines"][0]["disk"]["name"] == "/dev/nvme0n1"
    assert "/dev/nvme0n1" in plan["machines"][0]["destroys"]
    assert plan["steps"]
    assert plan["estimate"]["leastSeconds"] < plan["estimate"]["mostSeconds"]
    assert (await api.get(CLUSTERS)).json()["clusters"] == []
    assert {each["status"] for each in (await api.get(ASSETS)).json()["assets"]} == {"available"}


async def test_a_cluster_becomes_ready_and_gives_its_credentials(service: Service, api: httpx.AsyncClient) -> None:
    made = await api.post(CLUSTERS, json=TALOS)
    assert (made.status_code, made.headers["location"]) == (201, f"{CLUSTERS}/cluster-1")
    first = made.json()
    assert (first["status"], first["progress"]["percent"]) == ("provisioning", 0)
    assert first["controlPlanes"][0]["subnet"] == first["workers"][0]["subnet"] == "24"
    assert first["extraSANs"] == ["lab.example.org"]
    assert_error(await api.get(f"{CLUSTERS}/cluster-1/kubeconfig"), 409, "KUBECONFIG_NOT_READY")
    assert_error(await api.delete(f"{CLUSTERS}/cluster-1"), 409, "CLUSTER_BUSY")
    await service.settle()

    ready = (await api.get(f"{CLUSTERS}/cluster-1")).json()
    assert (ready["status"], ready["error"]) == ("ready", None)
    assert ready["progress"] == ready["progress"] | {"percent": 100, "stage": "completed"}
    assert ready["progress"]["total"] > first["progress"]["total"], "the steps of the machines count too"
    assert {node["status"] for node in ready["nodes"]} == {"ready"}
    assert (await api.get(CLUSTERS)).json()["clusters"] == [ready]
    work = (await api.get(f"{WORKFLOWS}/{ready['workflowId']}")).json()
    assert {child["assetId"] for child in work["children"]} == {"asset-1", "asset-2"}

    for name in ("kubeconfig", "talosconfig"):
        answer = await api.get(f"{CLUSTERS}/cluster-1/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/yaml"
        assert answer.headers["content-disposition"] == f'attachment; filename="lab-{name}.yaml"'
        assert answer.headers["cache-control"] == "no-store"
    assert "admin@lab" in (await api.get(f"{CLUSTERS}/cluster-1/kubeconfig")).text


async def test_a_cluster_grows_shrinks_and_is_deleted(service: Service, api: httpx.AsyncClient) -> None:
    await api.post(CLUSTERS, json=TALOS)
    await service.settle()
    node = {"assetId": "asset-3", "ip": "192.168.1.202", "subnet": "24"}
    even = {"controlPlanes": [node]}
    assert_error(await api.post(f"{CLUSTERS}/cluster-1/nodes", json=even), 400, "VALIDATION_FAILED")

    grown = await started(api, f"{CLUSTERS}/cluster-1/nodes", {"workers": [node]})
    assert grown["type"] == "cluster-scale"
    await service.settle()
    assert len((await api.get(f"{CLUSTERS}/cluster-1")).json()["workers"]) == 2

    shrunk = await api.delete(f"{CLUSTERS}/cluster-1/nodes/asset-3")
    assert (shrunk.status_code, shrunk.json()["type"]) == (201, "cluster-scale")
    await service.settle()
    assert_error(await api.delete(f"{CLUSTERS}/cluster-1/nodes/asset-1"), 409, "NODE_NOT_REMOVABLE")
    assert_error(await api.delete(f"{CLUSTERS}/cluster-1/nodes/asset-9"), 404, "NODE_NOT_FOUND")
    assert_error(await api.post(f"{ASSETS}/asset-1/wipe"), 409, "ASSET_IN_CLUSTER")

    gone = await api.delete(f"{CLUSTERS}/cluster-1?wipe=true")
    assert (gone.status_code, gone.json()["status"], gone.json()["id"]) == (200, "ready", "cluster-1")
    await service.settle()
    assert (await api.get(f"{ASSETS}/asset-1")).json()["status"] == "available"
    assert_error(await api.get(f"{CLUSTERS}/cluster-1"), 404, "CLUSTER_NOT_FOUND")


async def test_a_failed_workflow_is_retried_and_a_running_one_cancelled(
    service: Service, api: httpx.AsyncClient
) -> None:
    service.rack.fault("asset-1", FailsInstall())
    failed = await started(api, f"{ASSETS}/asset-1/provision")
    await service.settle()
    shown = (await api.get(f"{WORKFLOWS}/{failed['id']}")).json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", shown["error"]["code"])
    assert (await api.get(f"{ASSETS}/asset-1")).json()["lastError"]["code"] == shown["error"]["code"]
    service.rack.mend("asset-1")

    again = await started(api, f"{WORKFLOWS}/{failed['id']}/retry")
    assert (again["retryOf"], again["status"]) == (failed["id"], "pending")
    first = await api.post(f"{WORKFLOWS}/{again['id']}/cancel")
    second = await api.post(f"{WORKFLOWS}/{again['id']}/cancel")
    assert first.status_code == second.status_code == 200
    await service.settle()
    assert (await api.get(f"{WORKFLOWS}/{again['id']}")).json()["status"] == "cancelled"
    assert (await api.post(f"{WORKFLOWS}/{again['id']}/cancel")).status_code == 200
    assert_error(await api.post(f"{WORKFLOWS}/{failed['id']}/cancel"), 409, "WORKFLOW_ENDED")


async def test_a_log_has_pages(service: Service, api: httpx.AsyncClient) -> None:
    await started(api, f"{ASSETS}/asset-1/provision")
    await service.settle()
    everything = (await api.get(f"{WORKFLOWS}/workflow-1/logs")).json()
    assert everything["nextCursor"] is None
    assert set(everything["logs"][0]) == {"at", "step", "level", "message"}

    first = (await api.get(f"{WORKFLOWS}/workflow-1/logs?limit=4")).json()
    cursor = first["nextCursor"]
    rest = (await api.get(f"{WORKFLOWS}/workflow-1/logs", params={"cursor": cursor})).json()

    assert first["logs"] + rest["logs"] == everything["logs"]


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
async def test_the_reference_s_own_cluster_is_accepted_with_warnings(api: httpx.AsyncClient, *, strict: bool) -> None:
    answer = await api.post(f"{CLUSTERS}?strict={str(strict).lower()}", json=examples.CLUSTER)

    if strict:
        assert_error(answer, 400, "VALIDATION_FAILED")
    else:
        assert answer.status_code == 201
        assert set(answer.json()["warnings"][0]) == {"rule", "path", "message", "hint"}


async def test_a_list_of_clusters_costs_the_same_queries_however_long(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    reading = service.store.reading

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return reading()

    monkeypatch.setattr(service.store, "reading", counted)

    async def cost(path: str) -> int:
        before = looks
        assert (await api.get(path)).status_code == 200
        return looks - before

    empty = {path: await cost(path) for path in (CLUSTERS, WORKFLOWS, ASSETS)}
    await api.post(CLUSTERS, json=TALOS)
    other = {"name": "other", "controlPlanes": [{"assetId": "asset-3", "ip": "192.168.1.103/24"}], "workers": []}
    assert (await api.post(CLUSTERS, json=TALOS | other)).status_code == 201
    await service.settle(minutes=1)

    assert {path: await cost(path) for path in empty} == empty


async def test_sensors_are_read_from_the_controller_at_once(service: Service, api: httpx.AsyncClient) -> None:
    answer = await api.get(f"{ASSETS}/asset-1/sensors")
    assert answer.status_code == 200
    shown = answer.json()
    assert {sensor["kind"] for sensor in shown["sensors"]} >= {"temperature", "power"}
    assert shown["readAt"].endswith("Z")
    service.rack.fault("asset-1", Silent())
    assert_error(await api.get(f"{ASSETS}/asset-1/sensors"), 503, "BMC_UNREACHABLE")
    assert_error(await api.get(f"{ASSETS}/asset-99/sensors"), 404, "ASSET_NOT_FOUND")
