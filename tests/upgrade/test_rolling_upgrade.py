"""Two versions on one PostgreSQL database at the same time, while machines are installed: `make test-upgrade`."""

import asyncio
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from colony_testkit.postgres_server import private_server
from tests.integration.processes.conftest import COLONY, PATIENCE, Processes
from tests.upgrade.trees import newest_migration, next_version, previous_version, python_path

MACHINES = 12
SPEED = "100"
LIMITS = ("--per-minute", "100000", "--per-hour", "100000")


class Version(Processes):
    """One version of the code, on the database and the rack that both share."""

    def __init__(self, tree: Path, url: str, *, folder: Path, stack: AsyncExitStack) -> None:
        super().__init__(url, folder=folder, stack=stack)
        self.tree = tree
        self.environment |= {"PYTHONPATH": python_path(tree), "COLONY_SIMULATOR_RACK": "rack.sock"}

    async def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, *words],
            cwd=self._folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    async def server(self, key: str) -> tuple[Process, httpx.AsyncClient]:
        """Return a new server that does no work, and a client of it."""
        process, address = await self.start(*COLONY, "serve", "--no-worker", "--port", "0")
        return process, await self.client(address, key)

    async def worker(self) -> Process:
        return (await self.start(*COLONY, "worker"))[0]


@pytest.fixture
async def versions(tmp_path: Path) -> AsyncIterator[tuple[Version, Version]]:
    (old := tmp_path / "old").mkdir()
    (new := tmp_path / "new").mkdir()
    trees = previous_version(old), next_version(new)
    with private_server() as server:
        async with AsyncExitStack() as stack:
            before, after = (Version(tree, server.url, folder=tmp_path, stack=stack) for tree in trees)
            yield before, after


@pytest.mark.timeout(300)
async def test_two_versions_install_machines_side_by_side_while_the_newer_one_migrates(
    versions: tuple[Version, Version],
) -> None:
    old, new = versions
    await each_is_itself(old, new)

    # The version before, alone.
    assert (await old.run(*COLONY, "migrate")).returncode == 0
    await old.start(*COLONY, "rack", "rack.sock", "--simulator", str(MACHINES), "--simulator-speed", SPEED)
    key = (await old.run(*COLONY, "api-key", "create", "--description", "test", *LIMITS)).stdout.strip()
    old_server, old_api = await old.server(key)
    old_workers = [await old.worker(), await old.worker()]
    await provisioned(old_api, range(1, 5))
    await until(old_api, lambda runs: any(run["status"] == "running" for run in runs))

    # The newer one comes: its first process migrates, in the middle of everything.
    assert (await new.run(*COLONY, "migrate", "--check")).returncode == 1
    _, new_api = await new.server(key)
    assert await schema(new) == newest_migration(new.tree) > newest_migration(old.tree)
    await new.worker()
    await asyncio.gather(provisioned(old_api, range(5, 8)), provisioned(new_api, range(8, 11)))
    old_workers[0].kill()
    old_workers[0] = await old.worker()  # as one whose machine is upgraded last may start again
    assert seen(await get(old_api, "/assets")) == seen(await get(new_api, "/assets"))
    await until(new_api, lambda runs: len(runs) == 10 and all(run["finishedAt"] for run in runs))

    await old_workers_go(old_workers, old_api, through=old_server)
    await provisioned(new_api, [12])
    runs = await until(new_api, lambda runs: len(runs) == MACHINES and all(run["finishedAt"] for run in runs))

    assert {run["status"] for run in runs} == {"completed"}, [run["error"] for run in runs]
    assets = (await get(new_api, "/assets"))["assets"]
    assert {(asset["status"], asset["workflowId"]) for asset in assets} == {("provisioned", None)}


async def old_workers_go(workers: list[Process], api: httpx.AsyncClient, *, through: Process) -> None:
    """Stop the workers of the version before, then its server, whose last request the newer version serves."""
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), PATIENCE) == 0
    await provisioned(api, [11])
    await until(api, lambda runs: len(runs) == 11 and all(run["finishedAt"] for run in runs))
    through.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(through.wait(), PATIENCE) == 0


async def each_is_itself(*versions: Version) -> None:
    """Check that the processes of a version run its own code, and not what is installed."""
    code = "import colony_core, colony_store, colony_console; print(*(m.__file__ for m in (colony_core, colony_store, colony_console)))"  # noqa: E501
    for version in versions:
        told = (await version.run("-c", code)).stdout.split()
        assert len(told) == 3
        assert all(Path(path).is_relative_to(version.tree) for path in told)


async def provisioned(api: httpx.AsyncClient, numbers: Any) -> None:
    """Ask for installations."""
    answers = await asyncio.gather(*(api.post(f"/assets/asset-{number}/provision", json={}) for number in numbers))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]


async def get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(path, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def until(api: httpx.AsyncClient, holds: Any) -> list[Any]:
    """Return all workflows once *holds* of them, as one server sees them."""
    async with asyncio.timeout(PATIENCE):
        while True:
            runs: list[Any] = (await get(api, "/workflows"))["workflows"]
            if holds(runs):
                return runs
            await asyncio.sleep(0.2)


async def schema(version: Version) -> int:
    """Return the newest migration of the database."""
    connection = await asyncpg.connect(version.environment["COLONY_DATABASE_URL"])
    newest = await connection.fetchval("SELECT max(version) FROM colony_schema")
    await connection.close()
    return int(newest)


def seen(assets: Any) -> list[tuple[str, str]]:
    """Return what does not change while machines are installed."""
    return sorted((asset["id"], asset["hostname"]) for asset in assets["assets"])
