"""Every way in which the service says no has one shape."""

from typing import Any

import httpx
import pytest

from colony_core.ports.persistence import StoreUnavailable
from tests.integration.http.conftest import Service

JSON = {"Content-Type": "application/json"}


def assert_error(answer: httpx.Response, status: int, code: str) -> str:
    """Check the shape and the code of an error, and return its details."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    shown = answer.json()
    assert shown["code"] == code, shown
    assert set(shown) - {"violations"} == {"error", "code", "details"}
    assert all(isinstance(shown[name], str) and shown[name] for name in ("error", "code", "details"))
    assert "Traceback" not in answer.text
    return str(shown["details"])


async def test_an_unknown_asset_is_told_as_the_reference_tells_it(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/assets/asset-123")

    assert answer.status_code == 404
    assert answer.json() == {
        "error": "Asset not found",
        "code": "ASSET_NOT_FOUND",
        "details": "Asset with ID 'asset-123' does not exist",
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/clusters/cluster-9", "CLUSTER_NOT_FOUND"),
        ("/api/v1/clusters/cluster-9/kubeconfig", "CLUSTER_NOT_FOUND"),
        ("/api/v1/workflows/workflow-9", "WORKFLOW_NOT_FOUND"),
        ("/api/v1/workflows/workflow-9/logs", "WORKFLOW_NOT_FOUND"),
        ("/api/v1/workflows/workflow-9/events", "WORKFLOW_NOT_FOUND"),
        ("/api/v1/api-keys/cd-000000000000", "API_KEY_NOT_FOUND"),
        ("/api/v1/nothing", "NOT_FOUND"),
        ("/nothing/at/all", "NOT_FOUND"),
        ("/docs/secret.txt", "NOT_FOUND"),
        ("/api/v1/assets/asset-1/provision/more", "NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_404(api: httpx.AsyncClient, path: str, code: str) -> None:
    assert_error(await api.get(path), 404, code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/assets", "GET, OPTIONS, POST"),
        ("POST", "/api/v1/assets/asset-1", "DELETE, GET, OPTIONS, PATCH"),
        ("GET", "/api/v1/assets/asset-1/wipe", "OPTIONS, POST"),
        ("DELETE", "/healthz", "GET, OPTIONS"),
        ("BREW", "/docs", "GET, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    api: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await api.request(method, path)

    assert_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert sorted(answer.headers["allow"].split(", ")) == allowed.split(", ")


async def test_options_tells_every_method_of_a_path(api: httpx.AsyncClient) -> None:
    answer = await api.options("/api/v1/assets/asset-1")

    assert (answer.status_code, answer.headers["allow"]) == (204, "DELETE, GET, OPTIONS, PATCH")
    assert answer.content == b""


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", "not JSON"),
        ("", "name: required, and missing"),
        ("[]", "wrong type: Expected `object`, got `array`"),
        ("null", "wrong type: Expected `object`, got `null`"),
        ('{"name": 5}', "name: Expected `str`, got `int`"),
        ('{"nom": "x"}', "nom: unknown field"),
        ('{"name": "x", "controlPlanes": [{"assetId": "asset-1", "ip": 7}]}', "controlPlanes[0].ip: Expected `str`"),
        ('{"name": "x", "credentials": {"token": "t"}}', "credentials.token: unknown field"),
        ('{"name": "x", "credentials": {"gitlabToken": 5}}', "credentials.gitlabToken: Expected `str`, got `int`"),
        ('{"name": "\\ud800"}', "not JSON"),
        ("[" * 100_000, "wrong type"),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_where_and_why(api: httpx.AsyncClient, body: str, named: str) -> None:
    details = assert_error(await api.post("/api/v1/clusters", content=body, headers=JSON), 400, "INVALID_REQUEST")

    assert named in details


@pytest.mark.parametrize("path", ["/api/v1/workflows/workflow-1/cancel", "/api/v1/assets/asset-1/discover"])
async def test_a_route_that_takes_no_body_refuses_fields(api: httpx.AsyncClient, path: str) -> None:
    details = assert_error(await api.post(path, json={"method": "zero"}), 400, "INVALID_REQUEST")

    assert details == "method: unknown field"


@pytest.mark.parametrize(
    ("query", "details"),
    [
        ("status=broken", "status: must be one of discovering, available, provisioning, provisioned, deprovisioning"),
        ("status=null", "status: must be one of discovering, available, provisioning, provisioned, deprovisioning"),
        ("limit=0", "limit: Expected `int` >= 1"),
        ("limit=1001", "limit: Expected `int` <= 1000"),
        ("limit=ten", "limit: Expected `int`, got `str`"),
        ("limit=1&limit=2", "limit: given more than once"),
        ("tag=rack", "tag: must be key:value"),
        ("stauts=available", "stauts: unknown field"),
    ],
)
async def test_a_query_that_cannot_be_meant_is_refused(api: httpx.AsyncClient, query: str, details: str) -> None:
    answer = await api.get(f"/api/v1/assets?{query}")

    assert assert_error(answer, 400, "INVALID_REQUEST") == f"Query parameter {details}"


@pytest.mark.parametrize("query", ["tag=%ff", "&".join(f"tag=a:{i}" for i in range(200)), "tag=" + "x" * 20_000])
async def test_a_query_that_is_none_is_refused(api: httpx.AsyncClient, query: str) -> None:
    assert_error(await api.get(f"/api/v1/assets?{query}"), 400, "INVALID_REQUEST")


async def test_a_misspelt_dry_run_creates_nothing(api: httpx.AsyncClient) -> None:
    body = {"name": "x", "type": "k8s_stack", "flavor": "talos", "gateway": "192.168.1.1", "controlPlanes": []}

    details = assert_error(await api.post("/api/v1/clusters?dryrun=true", json=body), 400, "INVALID_REQUEST")

    assert details == "Query parameter dryrun: unknown field"


async def test_a_cursor_of_somebody_else_is_refused(api: httpx.AsyncClient) -> None:
    assert_error(await api.get("/api/v1/assets?cursor=abc"), 400, "INVALID_CURSOR")


async def test_a_body_of_another_type_is_refused(api: httpx.AsyncClient) -> None:
    assert_error(await api.post("/api/v1/clusters", data={"name": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", ["/api/v1/clusters", "/api/v1/assets/asset-1/discover"])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(api: httpx.AsyncClient, path: str, *, announced: bool) -> None:
    async def pieces() -> Any:
        for _ in range(33):
            yield b" " * 32 * 1024

    content = b" " * (1024 * 1024 + 1) if announced else pieces()

    assert_error(await api.post(path, content=content, headers=JSON), 413, "PAYLOAD_TOO_LARGE")


async def test_validation_names_every_fault_at_once(api: httpx.AsyncClient) -> None:
    body = {
        "name": "Not_A_Name",
        "type": "k8s_stack",
        "flavor": "talos",
        "gateway": "192.168.1.1",
        "controlPlanes": [{"assetId": "asset-1", "ip": "10.0.0.1", "subnet": "24"}],
        "workers": [{"assetId": "asset-99", "ip": "192.168.1.7", "subnet": "24"}],
    }

    answer = await api.post("/api/v1/clusters", json=body)

    assert_error(answer, 400, "VALIDATION_FAILED")
    violations = answer.json()["violations"]
    assert {"name", "controlPlanes[0].ip", "workers[0].assetId"} <= {each["path"] for each in violations}
    assert all(set(each) == {"rule", "path", "message", "hint"} for each in violations)


async def test_what_nobody_foresaw_shows_the_request_id_and_nothing_else(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a detail that nobody needs to know")

    monkeypatch.setattr(service.colony.clusters, "get", broken)
    answer = await api.get("/api/v1/clusters/cluster-1", headers={"X-Request-ID": "mine-1"})

    assert assert_error(answer, 500, "INTERNAL_ERROR") == "mine-1"


async def test_a_store_out_of_reach_is_503_with_a_time_to_wait(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("The store is out of reach: its disk is full")

    monkeypatch.setattr(service.colony.clusters, "get", away)
    monkeypatch.setattr(service.store, "check", away)
    for path in ("/api/v1/clusters/cluster-1", "/readyz"):
        answer = await api.get(path)

        assert_error(answer, 503, "UNAVAILABLE")
        assert int(answer.headers["retry-after"]) >= 1


async def test_an_error_inside_the_gate_has_the_same_shape(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(service.colony.api_keys, "admit", broken)

    assert_error(await api.get("/api/v1/assets"), 500, "INTERNAL_ERROR")


async def test_a_host_header_that_is_none_is_refused(api: httpx.AsyncClient) -> None:
    assert_error(await api.get("/healthz", headers={"Host": "a b"}), 400, "INVALID_REQUEST")
