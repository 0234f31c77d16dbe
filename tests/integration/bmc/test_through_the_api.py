"""The whole product in front of a real controller: the server, its API, IPMI on the wire, and ipmitool to check."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim

COLONY = [sys.executable, "-m", "colony_console"]
PATIENCE = 60.0
"""Seconds that a busy machine may take for what takes one."""


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server without simulator on a database of its own, and a client with a key to it."""
    environment = os.environ | {"COLONY_DATABASE_URL": f"sqlite:///{tmp_path}/colony.db", "NO_COLOR": "1"}
    server = await asyncio.create_subprocess_exec(
        *COLONY,
        "serve",
        "--port",
        "0",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
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


async def test_a_real_controller_is_registered_read_and_rebooted(api: httpx.AsyncClient, sim: IpmiSim) -> None:
    asset = await _answer(api.post("/assets", json=_registration(sim, PASSWORD)), 201)
    read = await _until(api, f"/assets/{asset['id']}", lambda seen: seen["powerState"] == "on")
    await _answer(api.post(f"/workflows/{read['workflowId']}/cancel"), 200)
    await _until(api, f"/assets/{asset['id']}", lambda seen: seen["workflowId"] is None)
    assert "is off" in sim.ipmitool("power", "status")

    reboot = await _answer(api.post(f"/assets/{asset['id']}/reboot", json={"bootDevice": "pxe"}), 201)
    ended = await _until(api, f"/workflows/{reboot['id']}", lambda seen: seen["finishedAt"] is not None)

    assert ended["status"] == "completed", ended["error"]
    assert "Force PXE" in sim.ipmitool("chassis", "bootparam", "get", "5")
    assert "is on" in sim.ipmitool("power", "status")
    assert (await _answer(api.get(f"/assets/{asset['id']}"), 200))["powerState"] == "on"


async def test_a_wrong_password_ends_the_work_at_once_and_is_told_without_being_shown(
    api: httpx.AsyncClient, sim: IpmiSim
) -> None:
    asset = await _answer(api.post("/assets", json=_registration(sim, "not-the-password")), 201)

    ended = await _until(api, f"/workflows/{asset['workflowId']}", lambda seen: seen["finishedAt"] is not None)
    after = await _answer(api.get(f"/assets/{asset['id']}"), 200)

    assert (ended["status"], ended["error"]["code"]) == ("failed", "BMC_REFUSED")
    assert [step["attempt"] for step in ended["steps"] if step["name"] == "contact"] == [1]
    assert (after["status"], after["lastError"]["code"]) == ("discovering", "BMC_REFUSED")
    assert "not-the-password" not in f"{ended}{after}"


def _registration(sim: IpmiSim, password: str) -> dict[str, object]:
    bmc = {"protocol": "ipmi", "address": sim.address, "port": sim.port, "username": USER, "password": password}
    return {"ipmi": sim.address, "hostname": "steel-1", "bmc": bmc}


async def _address(server: asyncio.subprocess.Process) -> str:
    assert server.stdout is not None
    async with asyncio.timeout(PATIENCE):
        async for line in server.stdout:
            if b"ready at " in line:
                return line.decode().split()[-1]
    raise AssertionError("the server never said that it is ready")


async def _answer(request: Any, status: int) -> Any:
    answer = await request
    assert answer.status_code == status, answer.text
    return answer.json()


async def _until(api: httpx.AsyncClient, path: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = await _answer(api.get(path), 200)
            if holds(seen):
                return seen
            await asyncio.sleep(1)  # between two looks at a condition: the key may call 100 times a minute


async def test_a_password_is_changed_on_a_real_controller_which_then_lets_nobody_in_with_the_old_one(
    api: httpx.AsyncClient, sim: IpmiSim
) -> None:
    asset = await _answer(api.post("/assets", json=_registration(sim, PASSWORD)), 201)
    read = await _until(api, f"/assets/{asset['id']}", lambda seen: seen["powerState"] == "on")
    await _answer(api.post(f"/workflows/{read['workflowId']}/cancel"), 200)
    await _until(api, f"/assets/{asset['id']}", lambda seen: seen["workflowId"] is None)

    rotation = await _answer(api.post(f"/assets/{asset['id']}/bmc/rotate", json={}), 201)
    ended = await _until(api, f"/workflows/{rotation['id']}", lambda seen: seen["finishedAt"] is not None)
    reboot = await _answer(api.post(f"/assets/{asset['id']}/reboot", json={}), 201)
    rebooted = await _until(api, f"/workflows/{reboot['id']}", lambda seen: seen["finishedAt"] is not None)

    assert ended["status"] == rebooted["status"] == "completed", (ended["error"], rebooted["error"])
    with pytest.raises(subprocess.CalledProcessError):
        sim.ipmitool("power", "status")
