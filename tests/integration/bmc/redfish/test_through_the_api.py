"""The whole product in front of an emulator: a machine becomes available without a boot."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_testkit.sushy_emulator import MAC, PASSWORD, USER, UUID, SushyEmulator
from tests.integration.bmc.redfish.conftest import Authority, StartSushy, fingerprint

COLONY = [sys.executable, "-m", "colony_console"]
PATIENCE = 90.0
"""Seconds that a busy machine may take for what takes one."""


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server without simulator on a database of its own, and a client with a key to it."""
    environment = os.environ | {"COLONY_DATABASE_URL": f"sqlite:///{tmp_path}/colony.db", "NO_COLOR": "1"}
    pipe, out = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    serve = [*COLONY, "serve", "--port", "0"]
    server = await asyncio.create_subprocess_exec(*serve, env=environment, stdout=pipe, stderr=out)
    try:
        address = await _address(server)
        create = [*COLONY, "api-key", "create", "--description", "test"]
        made = await asyncio.to_thread(
            subprocess.run, create, env=environment, capture_output=True, text=True, check=True
        )
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        async with httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers) as client:
            yield client
    finally:
        server.send_signal(signal.SIGTERM)
        await asyncio.wait_for(server.communicate(), PATIENCE)
    assert server.returncode == 0


async def test_a_machine_registered_by_redfish_is_available_without_a_boot(
    api: httpx.AsyncClient, start_sushy: StartSushy, authority: Authority
) -> None:
    certificate = authority.certificate()
    sushy = start_sushy(certificate=certificate)

    asset, run = await _registered(api, sushy, tlsFingerprint=fingerprint(certificate).upper())

    assert (asset["status"], run["status"]) == ("available", "completed")
    assert [step["status"] for step in run["steps"][:2]] == ["completed", "completed"]
    assert {step["status"] for step in run["steps"][2:]} == {"skipped"}
    inventory = asset["inventory"]
    assert [cpu["cores"] for cpu in inventory["cpus"]] == [8, 8]
    assert (inventory["memoryMb"], inventory["disks"][0]["serial"]) == (65536, "1234570")
    assert (asset["macs"], inventory["system"]["uuid"], asset["powerState"]) == ([MAC], UUID, "off")
    assert asset["bmc"]["tlsFingerprint"] == fingerprint(certificate)


async def test_half_an_inventory_is_not_enough_and_the_machine_is_booted(
    api: httpx.AsyncClient, start_sushy: StartSushy
) -> None:
    asset = await _register(api, start_sushy(whole=False), verifyTls=False)

    run = await _until(api, f"/workflows/{asset['workflowId']}", "currentStep", "await-boot-request")

    assert [step["status"] for step in run["steps"][:2]] == ["completed", "completed"]
    assert (await api.get(f"/assets/{asset['id']}")).json()["macs"] == [MAC]


async def test_a_certificate_that_nobody_vouches_for_is_told_with_its_fingerprint(
    api: httpx.AsyncClient, start_sushy: StartSushy, authority: Authority
) -> None:
    certificate = authority.certificate()

    asset, run = await _registered(api, start_sushy(certificate=certificate))

    assert (asset["status"], run["error"]["code"]) == ("discovering", "BMC_UNTRUSTED")
    assert fingerprint(certificate) in asset["lastError"]["message"]


async def _registered(api: httpx.AsyncClient, sushy: SushyEmulator, **trust: object) -> tuple[Any, Any]:
    asset = await _register(api, sushy, **trust)
    run = await _until(api, f"/workflows/{asset['workflowId']}", "finishedAt")
    return (await api.get(f"/assets/{asset['id']}")).json(), run


async def _register(api: httpx.AsyncClient, sushy: SushyEmulator, **trust: object) -> Any:
    bmc = {"protocol": "redfish", "port": sushy.access.bmc.port, "username": USER, "password": PASSWORD} | trust
    answer = await api.post("/assets", json={"ipmi": "127.0.0.1", "bmc": bmc})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _address(server: asyncio.subprocess.Process) -> str:
    assert server.stdout is not None
    async with asyncio.timeout(PATIENCE):
        async for line in server.stdout:
            if b"ready at " in line:
                return line.decode().split()[-1]
    raise AssertionError("the server never said that it is ready")


async def _until(api: httpx.AsyncClient, path: str, field: str, value: object = None) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = (await api.get(path)).json()
            if seen[field] == value if value is not None else seen[field] is not None:
                return seen
            await asyncio.sleep(0.7)  # between two looks at a condition: the key may call 100 times a minute
