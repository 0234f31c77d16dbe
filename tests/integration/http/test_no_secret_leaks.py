"""Secrets go in and never come out: one is planted in every field that takes one, and looked for everywhere."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog

from colony_wiring.journal import configure_logging
from tests.integration.http.conftest import Service

ASSETS, CLUSTERS = "/api/v1/assets", "/api/v1/clusters"
PASSWORD, NEW_PASSWORD = "Passw0rd-planted-bmc", "Passw0rd-planted-patch"
GITLAB, CIVO = "glpat-planted-gitlab-token-123", "civo-planted-api-token"
PULL = base64.b64encode(b'{"auths":{"registry.example":{"auth":"cGxhbnRlZDpwdWxs"}}}').decode()
ROTATED = "Planted-by-rotation"
SECRETS = (PASSWORD, NEW_PASSWORD, ROTATED, GITLAB, CIVO, PULL, PULL[:40])

CLUSTER: dict[str, Any] = {
    "name": "sealed",
    "type": "civo_stack",
    "flavor": "talos",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-1", "ip": "192.168.1.101", "subnet": "24"}],
    "credentials": {"gitlabToken": GITLAB, "imagePullSecret": PULL, "civoApiToken": CIVO, "region": "PHX1"},
}
REGISTRATION: dict[str, Any] = {
    "ipmi": "10.1.2.3",
    "bmc": {"protocol": "ipmi", "username": "admin", "password": PASSWORD},
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at every level, as the service writes it."""
    written = io.StringIO()
    root, kept = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    configure_logging("debug", "json")
    root.handlers[0].setStream(written)  # type: ignore[attr-defined] # it is a StreamHandler
    yield written
    root.handlers = kept
    root.setLevel(level)
    structlog.reset_defaults()


class Ear:
    """A client's transport that keeps the whole of every answer."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, answer: httpx.Response) -> None:
        await answer.aread()
        self.heard.append(f"{answer.status_code} {answer.headers} {answer.text}")


def broken(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return *body* with *value* at *path*."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    place = copy
    *way, last = path.split(".")
    for name in way:
        place = place[name]
    place[last] = value
    return copy


WRONG = [
    (ASSETS, broken(REGISTRATION, "bmc.password", [PASSWORD])),
    (ASSETS, broken(REGISTRATION, "bmc.password", {"value": PASSWORD})),
    (f"{ASSETS}/asset-2/bmc/rotate", {"password": [ROTATED]}),
    (f"{ASSETS}/asset-2/bmc/rotate", {"password": ROTATED + " "}),
    (f"{ASSETS}/asset-2/bmc/rotate", {"secret": ROTATED}),
    (ASSETS, broken(REGISTRATION, "bmc.port", "not a number")),
    (ASSETS, broken(REGISTRATION, "bmc.protocol", PASSWORD)),
    (ASSETS, broken(REGISTRATION, "ipmi", "not an address")),
    (CLUSTERS, broken(CLUSTER, "name", "Not_A_Name")),
    (CLUSTERS, broken(CLUSTER, "credentials.gitlabToken", [GITLAB])),
    (CLUSTERS, broken(CLUSTER, "credentials.region", CIVO + "!")),
    (CLUSTERS, broken(CLUSTER, "credentials.unknown", CIVO)),
    (f"{CLUSTERS}?dryRun=true", broken(CLUSTER, "credentials.imagePullSecret", "{" + GITLAB)),
    (f"{CLUSTERS}?strict=true", CLUSTER),
    (f"{CLUSTERS}?dryRun=true", CLUSTER),
]


async def test_no_answer_no_log_line_and_no_event_ever_holds_a_secret(
    service: Service, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear, key = Ear(), await service.key()
    async with service.client(key, event_hooks={"response": [ear]}) as api:
        for path, body in WRONG:
            await api.post(path, json=body, headers={"Idempotency-Key": "wrong"})
        for headers in ({"Idempotency-Key": "one"}, {"Idempotency-Key": "one"}, {}):
            await api.post(ASSETS, json=REGISTRATION, headers=headers)
        await api.patch(f"{ASSETS}/asset-5", json={"bmc": {"password": NEW_PASSWORD}})
        await api.post(ASSETS, content=json.dumps(REGISTRATION)[:-3], headers={"Content-Type": "application/json"})
        for headers in ({"Idempotency-Key": "rotate"}, {"Idempotency-Key": "rotate"}):
            rotation = await api.post(f"{ASSETS}/asset-2/bmc/rotate", json={"password": ROTATED}, headers=headers)
            assert (rotation.status_code, rotation.json()["type"]) == (201, "bmc-rotation")
        made = await api.post(CLUSTERS, json=CLUSTER, headers={"Idempotency-Key": "cluster"})
        await api.post(CLUSTERS, json=CLUSTER, headers={"Idempotency-Key": "cluster"})
        assert made.status_code == 201
        await service.settle()
        await everything(api)
        with monkeypatch.context() as patch:
            patch.setattr(service.colony.assets, "register", failing)
            assert (await api.post(ASSETS, json=REGISTRATION)).status_code == 500
        await api.delete(f"{CLUSTERS}/cluster-1?force=true")

    said = "\n".join(ear.heard) + log.getvalue()
    assert "request failed" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    for secret in (*SECRETS, key, key.partition("_")[2]):
        assert secret not in said


async def everything(api: httpx.AsyncClient) -> None:
    """Look at all there is to see."""
    for name in ("assets", "clusters", "workflows", "api-keys"):
        shown = (await api.get(f"/api/v1/{name}")).json()
        for each in next(iter(shown.values())):
            await api.get(f"/api/v1/{name}/{each['id']}")
            if name == "workflows":
                await api.get(f"/api/v1/workflows/{each['id']}/logs?limit=1000")
                await api.get(f"/api/v1/workflows/{each['id']}/events")
                await api.get(f"/api/v1/workflows/{each['id']}/journal")
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json"):
        await api.get(path)


async def failing(registration: object) -> None:
    """Break with the secret within reach: in a variable of the frame, and in the text of nothing."""
    raise RuntimeError(f"could not register {registration}")


async def test_a_key_in_the_wrong_place_is_not_logged(service: Service, log: io.StringIO) -> None:
    key = await service.key()
    async with service.client(key) as api:
        await api.delete(f"/api/v1/api-keys/{key}")
        await api.get(f"{ASSETS}/{key}")
        await api.get(f"{ASSETS}?cursor={key}", headers={"X-Request-ID": key})

    assert key.partition("_")[0] in log.getvalue()
    assert key.partition("_")[2] not in log.getvalue()


async def test_every_request_is_one_line_with_what_an_operator_needs(service: Service, log: io.StringIO) -> None:
    key = await service.key()
    async with service.client(key) as api:
        await api.get(f"{ASSETS}/asset-9?x=y", headers={"X-Request-ID": "mine-1"})

    (line,) = [json.loads(each) for each in log.getvalue().splitlines() if '"request"' in each]
    assert line.pop("duration_ms") > 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "colony.http",
        "method": "GET",
        "path": f"{ASSETS}/asset-9",
        "status": 400,
        "key": key.partition("_")[0],
        "request_id": "mine-1",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc.DEF-1_2", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("a\xe9", False), ("", False)],
)
async def test_a_sane_request_id_is_kept(service: Service, sent: str, *, kept: bool) -> None:
    async with service.client() as api:
        answer = await api.get("/healthz", headers=[(b"x-request-id", sent.encode("latin-1"))])

    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.headers["x-request-id"]
