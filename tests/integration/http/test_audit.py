"""The audit trail: who did what to which resource, when, and what came of it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from colony_core import ApiRole
from colony_core.errors import ColonyError
from colony_core.ports.persistence import StoreUnavailable
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

AUDIT = "/api/v1/audit"
CLUSTER = {
    "name": "audited",
    "type": "k8s_stack",
    "flavor": "talos",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-1", "ip": "192.168.1.101", "subnet": "24"}],
}


async def trail(api: httpx.AsyncClient, **where: Any) -> list[dict[str, Any]]:
    """Return what the trail shows."""
    answer = await api.get(AUDIT, params=where)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["audit"]
    return found


def key_of(api: httpx.AsyncClient) -> str:
    """Return the id of the key that *api* shows."""
    return api.headers["authorization"].removeprefix("Bearer ").partition("_")[0]


async def test_an_act_is_noted_with_all_that_an_auditor_asks(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/assets/asset-1/provision", headers={"X-Request-ID": "my-request"})

    (deed,) = await trail(api)
    assert deed == {
        "seq": 1,
        "at": service.wall.now().isoformat().replace("+00:00", "Z"),
        "key": key_of(api),
        "action": "provision_asset",
        "resource": "assets/asset-1",
        "outcome": "done",
        "code": None,
        "created": "workflows/workflow-1",
        "method": "POST",
        "status": 201,
        "requestId": "my-request",
    }


async def test_what_came_into_being_is_the_resource_of_what_made_it(api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/api-keys", json={"description": "x"})

    (deed,) = await trail(api)
    assert deed["resource"].startswith("api-keys/cd-")
    assert (deed["action"], deed["created"]) == ("create_api_key", None)


async def test_a_node_is_named_with_its_cluster(api: httpx.AsyncClient) -> None:
    await api.delete("/api/v1/clusters/cluster-7/nodes/asset-3")

    (deed,) = await trail(api)
    assert (deed["resource"], deed["code"]) == ("clusters/cluster-7/nodes/asset-3", "CLUSTER_NOT_FOUND")


async def test_reading_leaves_no_trace(api: httpx.AsyncClient) -> None:
    for path in ("assets", "assets/asset-1", "assets/asset-9", "clusters", "workflows", "api-keys", "audit"):
        await api.get(f"/api/v1/{path}")

    assert await trail(api) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "assets/asset-9/wipe", "{}", "ASSET_NOT_FOUND"),
        ("POST", "assets/asset-1/wipe", "{}", "ASSET_NOT_AVAILABLE"),
        ("POST", "assets/asset-1/provision", '{"template": "windows-95"}', "VALIDATION_FAILED"),
        ("POST", "assets/asset-1/provision", "not json", "INVALID_REQUEST"),
        ("PATCH", "assets/asset-1", '{"hostnam": "x"}', "INVALID_REQUEST"),
        ("DELETE", "assets/asset-1?forse=true", "", "INVALID_REQUEST"),
        ("POST", "assets", '{"ipmi": "192.168.2.50", "bmc": {"username": "a", "password": "b"}}', "ASSET_EXISTS"),
    ],
)
async def test_a_refusal_is_noted_with_its_code(
    api: httpx.AsyncClient, method: str, path: str, body: str, code: str
) -> None:
    answer = await api.request(method, f"/api/v1/{path}", content=body)

    (deed,) = await trail(api)
    assert deed["code"] == code == answer.json()["code"]
    assert (deed["outcome"], deed["status"], deed["created"]) == ("refused", answer.status_code, None)
    assert deed["resource"] == path.partition("?")[0].removesuffix("/wipe").removesuffix("/provision")


async def test_who_asks_for_too_much_is_noted(service: Service, api: httpx.AsyncClient) -> None:
    async with service.client(await service.key(ApiRole.VIEWER)) as viewer:
        assert_error(await viewer.post("/api/v1/assets/asset-1/provision"), 403, "FORBIDDEN")
        assert_error(await viewer.get(AUDIT), 403, "FORBIDDEN")

        (deed,) = await trail(api)
        assert (deed["key"], deed["code"], deed["status"]) == (key_of(viewer), "FORBIDDEN", 403)


async def test_who_has_no_living_key_cannot_fill_the_trail(service: Service, api: httpx.AsyncClient) -> None:
    async with service.client() as nobody:
        assert_error(await nobody.post("/api/v1/assets/asset-1/provision"), 401, "UNAUTHORIZED")

    assert await trail(api) == []


async def test_operators_do_not_see_the_trail(service: Service) -> None:
    async with service.client(await service.key(ApiRole.OPERATOR)) as operator:
        assert_error(await operator.get(AUDIT), 403, "FORBIDDEN")


async def test_a_repeated_request_is_one_deed(api: httpx.AsyncClient) -> None:
    for _ in range(3):
        await api.post("/api/v1/assets/asset-1/provision", headers={"Idempotency-Key": "one"})
    await api.post("/api/v1/assets/asset-2/provision", headers={"Idempotency-Key": "one"})

    deeds = await trail(api)
    assert [(deed["resource"], deed["code"]) for deed in deeds] == [
        ("assets/asset-1", None),
        ("assets/asset-2", "IDEMPOTENCY_KEY_REUSED"),
    ]


async def test_a_dry_run_created_nothing(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/clusters", params={"dryRun": "true"}, json=CLUSTER)

    (deed,) = await trail(api)
    assert (answer.status_code, deed["status"], deed["resource"], deed["created"]) == (200, 200, "clusters", None)


async def test_an_act_that_cannot_be_noted_is_not_done(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colony_store.sqlite.audit.SqliteAudit.write", refusing)
    answer = await api.post("/api/v1/assets/asset-1/provision")

    assert_error(answer, 503, "UNAVAILABLE")
    monkeypatch.undo()
    assert (await api.get("/api/v1/workflows")).json()["workflows"] == []
    assert await trail(api) == []


async def test_a_refusal_that_cannot_be_noted_is_still_told(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colony_store.sqlite.audit.SqliteAudit.write", refusing)

    assert_error(await api.post("/api/v1/assets/asset-9/provision"), 404, "ASSET_NOT_FOUND")


def refusing(*_: object) -> None:
    raise StoreUnavailable("The store is out of reach: its disk is full")


async def test_what_breaks_is_noted_as_failed(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a detail that nobody needs to know")

    monkeypatch.setattr(service.colony.assets, "provision", broken)
    await api.post("/api/v1/assets/asset-1/provision")

    (deed,) = await trail(api)
    assert (deed["outcome"], deed["code"], deed["status"]) == ("failed", ColonyError.code, 500)


async def test_credentials_that_are_handed_out_are_noted(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/clusters", json=CLUSTER)
    early = await api.get("/api/v1/clusters/cluster-1/kubeconfig")
    await service.settle()
    given = [await api.get(f"/api/v1/clusters/cluster-1/{name}") for name in ("kubeconfig", "talosconfig")]

    deeds = [(deed["action"], deed["resource"], deed["code"]) for deed in (await trail(api))[1:]]
    assert [early.status_code, *(answer.status_code for answer in given)] == [409, 200, 200]
    assert deeds == [
        ("get_kubeconfig", "clusters/cluster-1", "KUBECONFIG_NOT_READY"),
        ("get_kubeconfig", "clusters/cluster-1", None),
        ("get_talosconfig", "clusters/cluster-1", None),
    ]


async def test_nobody_gets_credentials_that_cannot_be_noted(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.post("/api/v1/clusters", json=CLUSTER)
    await service.settle()
    monkeypatch.setattr("colony_store.sqlite.audit.SqliteAudit.write", refusing)

    assert_error(await api.get("/api/v1/clusters/cluster-1/kubeconfig"), 503, "UNAVAILABLE")


async def test_the_trail_comes_in_pages_and_by_what_is_asked(service: Service, api: httpx.AsyncClient) -> None:
    for number in (1, 2, 3, 9):
        await api.post(f"/api/v1/assets/asset-{number}/reboot")
    await api.post("/api/v1/assets/asset-1/wipe")
    first = (await api.get(AUDIT, params={"limit": 2})).json()
    rest = (await api.get(AUDIT, params={"cursor": first["nextCursor"]})).json()

    assert [deed["seq"] for deed in first["audit"] + rest["audit"]] == [1, 2, 3, 4, 5]
    assert rest["nextCursor"] is None
    assert [deed["seq"] for deed in await trail(api, resource="assets/asset-1")] == [1, 5]
    assert [deed["seq"] for deed in await trail(api, action="reboot_asset")] == [1, 2, 3, 4]
    assert len(await trail(api, key=key_of(api))) == 5
    assert await trail(api, key="cd-000000000000") == []


async def test_no_secret_gets_into_the_trail(service: Service, api: httpx.AsyncClient) -> None:
    whole = await service.key()
    secrets = [whole.partition("_")[2], "planted-password", "planted-token"]
    bmc = {"username": "root", "password": "planted-password"}
    credentials = {"gitlabToken": "planted-token", "civoApiToken": "planted-token", "region": "PHX1"}
    asked: list[Callable[[], Any]] = [
        lambda: api.post("/api/v1/assets", json={"ipmi": "192.168.9.9", "bmc": bmc}),
        lambda: api.patch("/api/v1/assets/asset-1", json={"bmc": bmc}),
        lambda: api.post("/api/v1/clusters", json=CLUSTER | {"type": "civo_stack", "credentials": credentials}),
        lambda: api.delete(f"/api/v1/api-keys/{whole}"),
        lambda: api.delete(f"/api/v1/assets/{whole}"),
        lambda: api.post("/api/v1/api-keys", json={"description": "planted-token"}),
    ]
    for ask in asked:
        await ask()

    shown = json.dumps(await trail(api))
    assert shown.count('"seq"') == len(asked)
    assert [secret for secret in secrets if secret in shown] == []


async def test_deeds_outlive_the_process_that_did_them(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/assets/asset-1/provision")
    async with service.store.reading() as look:
        last = await look.journal.last()

    assert last > 0
    assert len(await trail(api)) == 1
