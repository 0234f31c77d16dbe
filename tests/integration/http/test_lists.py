"""Lists: an envelope, pages by key, filters."""

import httpx
import pytest

from tests.integration.http.conftest import MACHINES

ASSETS = "/api/v1/assets"


async def pages(api: httpx.AsyncClient, path: str, name: str, *, limit: int) -> list[list[str]]:
    """Return the ids of every page of a list."""
    found, cursor = [], ""
    while True:
        answer = (await api.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))).json()
        assert set(answer) == {name, "nextCursor"}
        found.append([each["id"] for each in answer[name]])
        if answer["nextCursor"] is None:
            return found
        cursor = answer["nextCursor"]


async def test_assets_come_in_the_shape_of_the_reference_with_more_beside_it(api: httpx.AsyncClient) -> None:
    answer = (await api.get(ASSETS)).json()

    assert len(answer["assets"]) == MACHINES
    assert answer["nextCursor"] is None
    first = answer["assets"][0]
    assert {name: first[name] for name in ("id", "hostname", "status", "ipmi", "specs")} == {
        "id": "asset-1",
        "hostname": "server01",
        "status": "available",
        "ipmi": "192.168.2.50",
        "specs": {"cpu": "Intel Xeon", "ram": "64GB", "disk": "1TB NVMe"},
    }
    assert set(first["bmc"]) == {
        "protocol",
        "address",
        "port",
        "username",
        "verifyTls",
        "caCertificate",
        "tlsFingerprint",
        "protocolKnown",
        "health",
    }
    assert first["inventory"]["memoryMb"] == 65536
    assert first["createdAt"].endswith("Z")


async def test_an_asset_reads_alone_as_in_the_list_or_tells_more(api: httpx.AsyncClient) -> None:
    listed = (await api.get(ASSETS)).json()["assets"][2]

    alone = (await api.get(f"{ASSETS}/asset-3")).json()

    assert alone | listed == alone


async def test_a_list_shows_every_change_at_once(api: httpx.AsyncClient) -> None:
    await api.get(ASSETS)
    await api.patch(f"{ASSETS}/asset-2", json={"hostname": "renamed"})

    assert (await api.get(ASSETS)).json()["assets"][1]["hostname"] == "renamed"


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_pages_hold_everything_once_and_in_order(api: httpx.AsyncClient, limit: int) -> None:
    found = await pages(api, ASSETS, "assets", limit=limit)

    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert [each for page in found for each in page] == [f"asset-{n}" for n in range(1, MACHINES + 1)]


async def test_every_list_has_pages(api: httpx.AsyncClient) -> None:
    for number in range(1, 4):
        await api.post(f"{ASSETS}/asset-{number}/reboot")
        await api.post("/api/v1/api-keys", json={"description": str(number)})

    assert len(await pages(api, "/api/v1/workflows", "workflows", limit=2)) == 2
    assert len(await pages(api, "/api/v1/api-keys", "apiKeys", limit=2)) == 2
    assert len(await pages(api, "/api/v1/clusters", "clusters", limit=2)) == 1


async def test_a_deleted_row_between_two_pages_hides_nothing(api: httpx.AsyncClient) -> None:
    first = (await api.get(ASSETS, params={"limit": 2})).json()
    await api.delete(f"{ASSETS}/asset-1")
    await api.delete(f"{ASSETS}/asset-2")

    rest = (await api.get(ASSETS, params={"limit": 2, "cursor": first["nextCursor"]})).json()

    assert [each["id"] for each in rest["assets"]] == ["asset-3", "asset-4"]


async def test_assets_are_filtered_by_status_and_by_every_tag(api: httpx.AsyncClient) -> None:
    await api.patch(f"{ASSETS}/asset-1", json={"tags": {"rack": "r1", "note": "a:b"}})
    await api.patch(f"{ASSETS}/asset-2", json={"tags": {"rack": "r1"}})
    await api.post(f"{ASSETS}/asset-3/provision")

    async def found(**where: object) -> list[str]:
        answer = await api.get(ASSETS, params=where)  # type: ignore[arg-type] # httpx takes lists too
        return [each["id"] for each in answer.json()["assets"]]

    assert await found(tag="rack:r1") == ["asset-1", "asset-2"]
    assert await found(tag=["rack:r1", "note:a:b"]) == ["asset-1"]
    assert await found(tag="rack:r2") == []
    assert await found(status="provisioning") == ["asset-3"]
    assert await found(status="available", tag="rack:r1") == ["asset-1", "asset-2"]


async def test_workflows_are_filtered_by_all_that_they_have(api: httpx.AsyncClient) -> None:
    await api.post(f"{ASSETS}/asset-1/reboot")
    await api.post(f"{ASSETS}/asset-2/provision")

    async def found(**where: str) -> list[str]:
        return [each["id"] for each in (await api.get("/api/v1/workflows", params=where)).json()["workflows"]]

    assert await found(type="asset-reboot") == ["workflow-1"]
    assert await found(assetId="asset-2") == ["workflow-2"]
    assert await found(status="pending") == ["workflow-1", "workflow-2"]
    assert await found(status="failed") == []
    assert await found(clusterId="cluster-1") == []
