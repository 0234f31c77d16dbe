"""An API and workers, real processes on one PostgreSQL, before real controllers: killed, stopped, in any order."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim

COLONY = [sys.executable, "-m", "colony_console"]
PATIENCE = 90.0
"""Seconds that a busy machine may take for what takes one."""

SETTINGS = {"COLONY_SECRET_KEY": "00" * 32, "COLONY_BMC_GAP": "1", "COLONY_HEALTH_INTERVAL": "0"}
"""Controllers are spoken to so slowly that every act can be caught in flight; the polling does not mix in."""


class Colony:
    """Starts processes on one database, and ends what is left of them."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.environment = os.environ | SETTINGS | {"COLONY_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
        self._stack = stack

    async def start(self, *words: str) -> tuple[Process, str]:
        """Return a process once it is ready, and the last word of what it says then."""
        process = await asyncio.create_subprocess_exec(*COLONY, *words, env=self.environment, stdout=PIPE)
        self._stack.push_async_callback(_ended, process)
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in process.stdout:
                if b"ready" in line:
                    return process, line.decode().split()[-1]
        raise AssertionError(f"{words} never said that it is ready")

    async def worker(self, *words: str) -> Process:
        return (await self.start("worker", *words))[0]

    async def api(self) -> httpx.AsyncClient:
        """Return a client of a new server that does no work."""
        _, address = await self.start("serve", "--no-worker", "--port", "0")
        create = [*COLONY, "api-key", "create", "--description", "test"]
        made = await asyncio.to_thread(subprocess.run, create, env=self.environment, capture_output=True, check=True)
        headers = {"Authorization": f"Bearer {made.stdout.decode().strip()}"}
        client = httpx.AsyncClient(base_url=f"{address}/api/v1", headers=headers, timeout=30)
        return await self._stack.enter_async_context(client)


async def _ended(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@pytest.fixture
async def colony(postgres_url: str, tmp_path: Path) -> AsyncIterator[Colony]:
    async with AsyncExitStack() as stack:
        yield Colony(postgres_url, stack)


async def test_what_a_killed_worker_did_is_taken_up_within_ten_seconds(colony: Colony, sim: IpmiSim) -> None:
    first = await colony.worker()  # before the API
    api = await colony.api()
    asset = await registered(api, sim)
    second = await colony.worker()  # and after it
    second.send_signal(signal.SIGSTOP)  # so that the first has the call
    reboot = await in_flight(api, asset)
    before = attempts(reboot)

    first.kill()
    second.send_signal(signal.SIGCONT)
    began = time.monotonic()
    await until(api, f"/workflows/{reboot['id']}", lambda seen: attempts(seen) != before, every=0.7)
    waited = time.monotonic() - began
    ended = await until(api, f"/workflows/{reboot['id']}", lambda seen: seen["finishedAt"] is not None)

    assert ended["status"] == "completed", ended["error"]
    assert waited < 12, "10 s, and what looking takes"
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), PATIENCE) == 0


async def test_a_worker_that_was_stopped_and_goes_on_does_nothing_twice(colony: Colony, sim: IpmiSim) -> None:
    api = await colony.api()
    first = await colony.worker("--concurrency", "1")
    asset = await registered(api, sim)
    reboot = await in_flight(api, asset)

    first.send_signal(signal.SIGSTOP)
    await colony.worker("--concurrency", "1")
    ended = await until(api, f"/workflows/{reboot['id']}", lambda seen: seen["finishedAt"] is not None)
    asked = (sim.folder / "journal").read_text()
    first.send_signal(signal.SIGCONT)
    first.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(first.wait(), PATIENCE)

    assert ended["status"] == "completed", ended["error"]
    assert code == 0
    assert await answer(api.get(f"/workflows/{reboot['id']}"), 200) == ended
    assert sets(sim) == [line for line in asked.splitlines() if line.startswith("set ")]


async def registered(api: httpx.AsyncClient, sim: IpmiSim) -> str:
    """Return a machine whose discovery went as far as a machine that never boots lets it, and was cancelled."""
    bmc = {"protocol": "ipmi", "address": sim.address, "port": sim.port, "username": USER, "password": PASSWORD}
    asset = await answer(api.post("/assets", json={"ipmi": sim.address, "hostname": "steel-1", "bmc": bmc}), 201)
    path = f"/assets/{asset['id']}"
    read = await until(api, path, lambda seen: seen["powerState"] == "on")
    await answer(api.post(f"/workflows/{read['workflowId']}/cancel"), 200)
    await until(api, path, lambda seen: seen["workflowId"] is None)
    return str(asset["id"])


async def in_flight(api: httpx.AsyncClient, asset: str) -> Any:
    """Return a reboot, one of whose steps runs."""
    reboot = await answer(api.post(f"/assets/{asset}/reboot", json={"bootDevice": "pxe"}), 201)
    return await until(api, f"/workflows/{reboot['id']}", lambda seen: running(seen) and not seen["finishedAt"],
                       every=0.7)  # fmt: skip


def running(workflow: Any) -> bool:
    return any(step["status"] == "running" for step in workflow["steps"])


def attempts(workflow: Any) -> list[tuple[str, int]]:
    return [(step["status"], step["attempt"]) for step in workflow["steps"]]


def sets(sim: IpmiSim) -> list[str]:
    """Return what the machine was told to change, in order."""
    return [line for line in (sim.folder / "journal").read_text().splitlines() if line.startswith("set ")]


async def answer(request: Any, status: int) -> Any:
    got = await request
    assert got.status_code == status, got.text
    return got.json()


async def until(api: httpx.AsyncClient, path: str, holds: Callable[[Any], bool], *, every: float = 1.0) -> Any:
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = await answer(api.get(path), 200)
            if holds(seen):
                return seen
            await asyncio.sleep(every)  # between two looks at a condition: the key may call 100 times a minute
