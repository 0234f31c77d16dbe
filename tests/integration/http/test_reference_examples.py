"""The published API reference, run as it is written: real curl, a real `colony serve`, a simulated rack of five."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from colony_http import examples

COLONY = [sys.executable, "-m", "colony_console"]

LIST_ASSETS = """curl -H "Authorization: Bearer YOUR_API_KEY" \\
  https://colony.konstruct.io/api/v1/assets"""
"""It stands in the reference twice: under Authentication, and under List Assets."""
CREATE_CLUSTER = """curl -X POST https://colony.konstruct.io/api/v1/clusters \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d @cluster-config.json"""
CLUSTER_CONFIG = """{
  "name": "production-cluster",
  "type": "civo_stack",
  "flavor": "talos",
  "gateway": "192.168.1.1",
  "controlPlanes": [
    {
      "assetId": "asset-1",
      "ip": "192.168.1.101",
      "subnet": "24"
    }
  ],
  "workers": [
    {
      "assetId": "asset-2",
      "ip": "192.168.1.201",
      "subnet": "24"
    }
  ],
  "credentials": {
    "gitlabToken": "glpat-xxx",
    "imagePullSecret": "base64-encoded-secret",
    "civoApiToken": "api-token",
    "region": "PHX1"
  }
}
"""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """A server as people start it: its base URL, a key, and a folder with the reference's file in it."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "cluster-config.json").write_text(CLUSTER_CONFIG)
    database = ["--database", f"sqlite:///{folder / 'colony.db'}"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COLONY_")}
    serve = [*COLONY, "serve", "--simulator", "5", "--port", "0", *database]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=log, text=True, env=environ) as process,
    ):
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            url = re.search(r"http://[\d.:]+", ready)
            assert url, (ready, (folder / "log").read_text())
            command = [*COLONY, "api-key", "create", "--description", "reference", *database]
            made = subprocess.run(command, check=True, capture_output=True, text=True, env=environ)
            yield url[0], made.stdout.strip(), folder
        finally:
            process.terminate()
            assert process.wait(10) == 0, (folder / "log").read_text()


def run(example: str, server: tuple[str, str, Path]) -> tuple[int, Any]:
    """Run *example* with nothing changed but base URL and key; return status and body."""
    url, key, folder = server
    command = example.replace("https://colony.konstruct.io", url).replace("YOUR_API_KEY", key)
    shell = ["bash", "-c", command.replace("curl ", "curl -sS -w '\\n%{http_code}' ", 1)]
    done = subprocess.run(shell, check=True, capture_output=True, text=True, cwd=folder, timeout=30)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body)


def test_assets_are_listed_as_documented(server: tuple[str, str, Path]) -> None:
    status, answer = run(LIST_ASSETS, server)

    assert status == 200
    assert [asset["id"] for asset in answer["assets"]] == [f"asset-{number}" for number in range(1, 6)]
    documented = examples.ASSETS["assets"][0]
    assert answer["assets"][0] | documented == answer["assets"][0]


def test_the_documented_cluster_is_created(server: tuple[str, str, Path]) -> None:
    status, answer = run(CREATE_CLUSTER, server)

    assert status == 201
    assert answer["status"] == "provisioning"
    asked = json.loads(CLUSTER_CONFIG)
    assert {name: answer[name] for name in ("name", "type", "flavor", "gateway")} == {
        name: asked[name] for name in ("name", "type", "flavor", "gateway")
    }
    for kind in ("controlPlanes", "workers"):
        assert [node | asked[kind][0] for node in answer[kind]] == answer[kind]
    assert answer["warnings"], "the documented production minimum is more than one control plane"
    assert "credentials" not in answer


def test_every_documented_route_answers(server: tuple[str, str, Path]) -> None:
    for path, name in [("assets/asset-3", "id"), ("clusters", "clusters"), ("workflows", "workflows")]:
        status, answer = run(LIST_ASSETS.replace("/assets", f"/{path}"), server)

        assert (status, name in answer) == (200, True)
    status, answer = run(LIST_ASSETS.replace("/assets", "/assets/asset-123"), server)
    assert (status, answer) == (404, examples.ASSET_NOT_FOUND)


def test_without_a_key_the_documented_call_is_refused(server: tuple[str, str, Path]) -> None:
    url, _, folder = server

    status, answer = run(LIST_ASSETS, (url, "YOUR_API_KEY", folder))

    assert (status, answer["code"]) == (401, "UNAUTHORIZED")


def test_the_examples_of_the_document_are_the_reference_s() -> None:
    assert json.loads(CLUSTER_CONFIG) == examples.CLUSTER
