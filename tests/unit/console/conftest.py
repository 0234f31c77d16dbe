"""A console whose server is a table of answers."""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from colony_console.client import Api
from colony_console.menu import cli

KEY = "cd-0123456789ab_" + "5ec2e7" * 6 + "5ec2"
VARIABLES = ("COLONY_API_URL", "COLONY_API_KEY", "COLONY_DATABASE_URL", "IPMI_USERNAME", "IPMI_PASSWORD")

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Console:
    """The `colony` command and a server that gives each route its answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.an_asset, self.a_run, self.a_step, self.a_cluster = an_asset, a_run, a_step, a_cluster
        self.requests: list[httpx.Request] = []
        self.naps: list[float] = []
        self.environment: dict[str, str | None] = dict.fromkeys(VARIABLES)
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)

    def answers(self, method: str, path: str, *answers: object, status: int = 200) -> None:
        """Answer *path* with JSON, or with whatever else is given."""
        known = (httpx.Response, Exception)
        self._answers[method, path] += [
            answer if isinstance(answer, known) or callable(answer) else httpx.Response(status, json=answer)
            for answer in answers
        ]

    def api(self, *, key: str | None = KEY, **more: Any) -> Api:
        """Return a client of the server."""
        transport = httpx.MockTransport(self._answer)
        return Api("http://colony.test", key, transport=transport, sleep=self.naps.append, **more)

    def run(self, *args: str, key: str | None = KEY, typed: str | None = None) -> Result:
        """Run `colony` with *args*, and somebody who has *typed* something."""
        connect = partial(Api, transport=httpx.MockTransport(self._answer), sleep=self.naps.append)
        environment = self.environment | {"COLONY_API_URL": "http://colony.test", "COLONY_API_KEY": key}
        return CliRunner().invoke(cli, args, obj=connect, env=environment, input=typed, prog_name="colony")

    def bodies(self, method: str) -> list[Any]:
        """Return what was sent, decoded."""
        return [json.loads(request.content) for request in self.requests if request.method == method]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        queue = self._answers[request.method, request.url.raw_path.decode().partition("?")[0]]
        assert queue, f"nobody expected {request.method} {request.url}"
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


@pytest.fixture
def console() -> Console:
    return Console()


def an_asset(number: int = 1, **differences: Any) -> dict[str, Any]:
    """Return an asset as the API shows it."""
    return {
        "id": f"asset-{number}",
        "hostname": f"server{number:02}",
        "status": "available",
        "ipmi": f"192.168.2.{49 + number}",
        "specs": {"cpu": "Intel Xeon", "ram": "64GB", "disk": "1TB NVMe"},
        "bmc": {"protocol": "ipmi", "address": f"192.168.2.{49 + number}", "port": 623, "username": "admin"},
        "inventory": None,
        "powerState": "off",
        "tags": {},
        "clusterId": None,
        "workflowId": None,
        "lastError": None,
        "maintenance": None,
        "createdAt": "2026-11-23T12:00:00Z",
        "updatedAt": "2026-11-23T12:00:00Z",
    } | differences


def a_run(**differences: Any) -> dict[str, Any]:
    """Return a workflow as the API shows it."""
    return {
        "id": "workflow-1",
        "type": "os-provision",
        "status": "running",
        "assetId": "asset-1",
        "clusterId": None,
        "parentId": None,
        "progress": {"done": 2, "total": 5, "percent": 40},
        "currentStep": "write-image",
        "steps": [a_step("power-off", "Switch the machine off", "completed"), a_step("write-image", "Write the image")],
        "error": None,
        "createdAt": "2026-11-23T12:00:00Z",
        "startedAt": "2026-11-23T12:00:01Z",
        "finishedAt": None,
        "durationSeconds": 12.0,
    } | differences


def a_step(name: str, title: str, status: str = "running") -> dict[str, Any]:
    """Return a step of a workflow."""
    return {"name": name, "title": title, "status": status, "attempt": 1, "startedAt": None, "finishedAt": None}


def a_cluster(**differences: Any) -> dict[str, Any]:
    """Return a cluster as the API shows it."""
    node = {"assetId": "asset-1", "role": "control-plane", "ip": "192.168.1.101", "hostname": "prod-cp-1"}
    return {
        "id": "cluster-1",
        "name": "prod",
        "type": "k8s_stack",
        "flavor": "talos",
        "status": "provisioning",
        "gateway": "192.168.1.1",
        "vip": None,
        "progress": {"done": 0, "total": 9, "percent": 0, "stage": "Install the machines"},
        "nodes": [node | {"status": "pending"}],
        "workflowId": "workflow-1",
        "warnings": [],
        "error": None,
        "createdAt": "2026-11-23T12:00:00Z",
        "updatedAt": "2026-11-23T12:00:00Z",
    } | differences
