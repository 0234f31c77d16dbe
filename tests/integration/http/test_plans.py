"""A dry run shows what would be done, and makes sure that nothing else is."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from colony_core import Paging

BODY = {
    "name": "planned",
    "type": "k8s_stack",
    "flavor": "talos",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-1", "ip": "192.168.1.101", "subnet": "24"}],
    "workers": [{"assetId": "asset-2", "ip": "192.168.1.201", "subnet": "24"}],
}


async def test_a_dry_run_names_machines_disks_steps_and_time_and_changes_nothing(
    service: Any, api: httpx.AsyncClient
) -> None:
    answer = await api.post("/api/v1/clusters?dryRun=true", json=BODY)
    plan = answer.json()

    assert answer.status_code == 200
    assert [machine["assetId"] for machine in plan["machines"]] == ["asset-1", "asset-2"]
    assert "NV00000100" in str(plan["machines"][0])
    assert plan["estimate"] == {"leastSeconds": 600, "mostSeconds": 900}
    assert [step["name"] for step in plan["steps"]][:2] == ["create-authority", "install-nodes"]
    assert (await service.colony.clusters.page(Paging())).items == ()


@pytest.mark.parametrize("place", ["query", "body", "both"])
async def test_the_plan_that_was_shown_is_carried_out(api: httpx.AsyncClient, place: str) -> None:
    shown = (await api.post("/api/v1/clusters?dryRun=true", json=BODY)).json()["planHash"]
    query = {} if place == "body" else {"planHash": shown}
    body = BODY if place == "query" else BODY | {"planHash": shown}

    answer = await api.post("/api/v1/clusters", params=query, json=body)

    assert answer.status_code == 201


@pytest.mark.parametrize("place", ["query", "body"])
async def test_another_plan_is_refused_wherever_its_hash_is_given(api: httpx.AsyncClient, place: str) -> None:
    other = BODY | {"name": "another", "gateway": "192.168.1.254"}
    shown = (await api.post("/api/v1/clusters?dryRun=true", json=other)).json()["planHash"]
    query = {"planHash": shown} if place == "query" else {}
    body = BODY | ({"planHash": shown} if place == "body" else {})

    answer = await api.post("/api/v1/clusters", params=query, json=body)

    assert (answer.status_code, answer.json()["code"]) == (409, "PLAN_CHANGED")


async def test_two_plans_at_once_are_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/clusters", params={"planHash": "p1.a"}, json=BODY | {"planHash": "p1.b"})

    assert (answer.status_code, answer.json()["code"]) == (400, "PLAN_HASH_INVALID")
    assert "give planHash once" in answer.json()["details"]


async def test_a_world_that_changed_since_is_refused_with_what_is_different(
    service: Any, api: httpx.AsyncClient
) -> None:
    shown = (await api.post("/api/v1/clusters?dryRun=true", json=BODY)).json()["planHash"]
    async with service.store.transaction() as tx:
        asset = await tx.assets.get("asset-2")
        disk = replace(asset.inventory.disks[0], serial="SWAPPED")
        tx.assets.put(replace(asset, inventory=replace(asset.inventory, disks=(disk,))))

    answer = await api.post("/api/v1/clusters", params={"planHash": shown}, json=BODY)

    assert (answer.status_code, answer.json()["code"]) == (409, "PLAN_CHANGED")
    assert "the disk of asset-2 that would be written is now" in answer.json()["details"]
    assert "SWAPPED" in answer.json()["details"]


async def test_a_hash_that_is_none_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/clusters?planHash=nonsense", json=BODY)

    assert (answer.status_code, answer.json()["code"]) == (400, "PLAN_HASH_INVALID")
