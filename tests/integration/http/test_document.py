"""The OpenAPI document says everything, and its page needs nothing from elsewhere."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from colony_http import examples
from colony_http.openapi_parts import HEADERS
from tests.integration.http.conftest import VERSION, Service

CONTRACT = """
GET /assets, POST /assets, GET /assets/{id}, PATCH /assets/{id}, DELETE /assets/{id}, POST /assets/{id}/provision,
POST /assets/{id}/wipe, POST /assets/{id}/discover, POST /assets/{id}/reboot, GET /clusters, POST /clusters,
GET /clusters/{id}, DELETE /clusters/{id}, GET /clusters/{id}/kubeconfig, GET /clusters/{id}/talosconfig,
POST /clusters/{id}/nodes, DELETE /clusters/{id}/nodes/{assetId}, GET /workflows, GET /workflows/{id},
GET /workflows/{id}/logs, GET /workflows/{id}/events, GET /events, POST /workflows/{id}/cancel,
POST /workflows/{id}/retry, POST /api-keys, GET /api-keys, DELETE /api-keys/{id}
"""


@pytest.fixture
async def document(service: Service) -> dict[str, Any]:
    async with service.client() as client:
        answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    shown: dict[str, Any] = answer.json()
    return shown


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_call_of_the_contract_is_described(document: dict[str, Any]) -> None:
    wanted = {re.sub(r" /", " /api/v1/", each.strip()) for each in CONTRACT.replace("\n", " ").split(",")}

    assert wanted <= set(operations(document))
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == VERSION


def test_every_operation_is_complete(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(names) == len(set(names))
    for name, operation in operations(document).items():
        answers = operation["responses"]
        assert operation["summary"], name
        assert operation["description"], name
        assert all("X-Request-ID" in answer["headers"] for answer in answers.values()), name
        assert "500" in answers, name
        if "/api/v1" in name:
            assert operation["security"] == [{"apiKey": []}], name
            assert {"400", "401", "403", "429", "503"} <= set(answers), name
            assert {"413", "415"} <= set(answers) or name.startswith("GET"), name
            assert "Retry-After" in answers["429"]["headers"], name
        if "201" in answers:
            assert "Location" in answers["201"]["headers"], name
        if name.startswith("POST"):
            assert "Idempotency-Key" in {each["name"] for each in operation["parameters"]}, name


def test_every_error_has_the_schema_its_codes_and_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) < 400:
                continue
            (content,) = answer["content"].values()
            reference, codes = content["schema"]["allOf"]
            assert reference == {"$ref": "#/components/schemas/ErrorView"}, name
            assert set(content["examples"]) == set(codes["properties"]["code"]["enum"]), name
            for code, example in content["examples"].items():
                assert example["value"]["code"] == code, name
                assert set(example["value"]) >= {"error", "code", "details"}, name


def test_the_reference_s_examples_are_in_it_word_for_word(document: dict[str, Any]) -> None:
    found = operations(document)
    created = found["POST /api/v1/clusters"]["requestBody"]["content"]["application/json"]
    listed = found["GET /api/v1/assets"]["responses"]["200"]["content"]["application/json"]
    missing = found["GET /api/v1/assets/{id}"]["responses"]["404"]["content"]["application/json"]

    assert created["example"] == examples.CLUSTER
    assert listed["examples"]["reference"]["value"] == examples.ASSETS
    assert missing["examples"]["ASSET_NOT_FOUND"]["value"] == examples.ASSET_NOT_FOUND


def test_secrets_are_write_only_and_unknown_fields_are_refused(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["RegisterBmc"]["properties"]["password"]["writeOnly"] is True
    assert "password" not in schemas["BmcView"]["properties"]
    assert "credentials" not in schemas["ClusterView"]["properties"]
    for operation in operations(document).values():
        if "requestBody" in operation:
            (content,) = operation["requestBody"]["content"].values()
            assert schemas[content["schema"]["$ref"].rpartition("/")[2]]["additionalProperties"] is False


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [each for inner in value.values() for each in references(inner)]
        return [each for inner in value for each in references(inner)] if isinstance(value, list) else []

    for reference in references(document):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind]
    assert set(document["components"]["headers"]) == set(HEADERS)


class Links(HTMLParser):
    """Finds everything that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


async def test_the_page_loads_local_files_alone(service: Service) -> None:
    async with service.client() as client:
        page = await client.get("/docs")
        links = Links()
        links.feed(page.text)

        assert page.headers["content-security-policy"].startswith("default-src 'self'")
        assert len(links.found) == 5
        for link in links.found:
            answer = await client.get(page.url.join(link))
            assert "://" not in link
            assert answer.status_code == 200, link
            assert len(answer.content) > 100
        start = (await client.get("/docs/start.js")).text
        assert "://" not in page.text + start
        assert "<script>" not in page.text


async def test_neither_page_nor_document_nor_probes_need_a_key(service: Service) -> None:
    async with service.client() as client:
        for path in ("/docs", "/openapi.json", "/healthz", "/readyz", "/metrics"):
            assert (await client.get(path)).status_code == 200


async def test_metrics_tell_states_and_requests_by_route(service: Service, api: httpx.AsyncClient) -> None:
    await api.get("/api/v1/assets/asset-1")
    await api.get("/api/v1/assets/asset-99")
    await api.get("/no/such/route")
    await api.request("BREW", "/healthz")
    await api.post("/api/v1/assets/asset-1/provision")

    answer = await api.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'colony_assets{status="available"} 4.0',
        'colony_assets{status="provisioning"} 1.0',
        'colony_workflows{status="pending"} 1.0',
        'colony_workflows{status="failed"} 0.0',
        'colony_http_requests_total{method="GET",route="/api/v1/assets/{id}",status="404"} 1.0',
        'colony_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        f'colony_build_info{{version="{VERSION}"}} 1.0',
        "colony_store_up 1.0",
    ):
        assert line in answer.text.splitlines()
    assert 'method="other"' in answer.text
    assert "asset-99" not in answer.text
