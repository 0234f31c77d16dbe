"""The service against its own OpenAPI document: requests that fit it, requests that do not, and their answers.

`COLONY_SCHEMATHESIS_EXAMPLES` says how many of each kind are tried for each operation.
"""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from colony_core import Colony, Ports
from colony_core.domain.rate_limits import ADMITTED, Verdict, Window
from colony_crypto.authorities import ClusterAuthorities
from colony_crypto.sealing import Sealer
from colony_http.app import create_app
from colony_http.server import serve
from colony_simulator import SimulatedRack
from colony_store.sqlite import SqliteStore
from colony_system.chance import SystemChance
from colony_system.clock import ScaledClock, SystemClock
from tests.integration.http.conftest import registration

EXAMPLES = int(os.environ.get("COLONY_SCHEMATHESIS_EXAMPLES", "8"))
MACHINES = 40
STREAMS = "/events$"
"""They do not end by themselves; they have tests of their own."""
REVOKE = "revoke_api_key"
"""Walking from the list of keys to this operation, it would revoke the key that it walks with."""
CONFIG = """
# A document cannot say what a cluster must be like: what fits it may break a rule, or meet a state.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 404, 409]
"""

pytestmark = pytest.mark.timeout(3600)


class Unlimited:
    """Nobody is too fast here: limits have tests of their own."""

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        return ADMITTED


async def _run(folder: Path, started: Future[tuple[str, str]], stop: asyncio.Event) -> None:
    """Serve a rack of many machines, whose time runs fast enough for work to end."""
    store = await SqliteStore.open(folder / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")
    try:
        await _serve(store, started, stop)
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise
    finally:
        await store.aclose()


async def _serve(store: SqliteStore, started: Future[tuple[str, str]], stop: asyncio.Event) -> None:
    wall = SystemClock()
    clock = ScaledClock(60, wall.now())
    rack = SimulatedRack.of(MACHINES, clock=clock)
    ports = Ports(
        store=store,
        hardware=rack.hardware,
        platform=rack.platform,
        authorities=ClusterAuthorities(),
        rate_limiter=Unlimited(),
        clock=clock,
        wall=wall,
        chance=SystemChance(),
    )
    colony = Colony(ports)
    rack.connect(colony.netboot)
    await colony.assets.enrol([(registration(machine), machine.inventory) for machine in rack.machines])
    key = (await colony.api_keys.create("schemathesis")).whole.reveal()
    app = create_app(colony, version="0.0.0")
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(colony.runner.run()),
            group.create_task(rack.live()),
            group.create_task(serve(app, "127.0.0.1", 0, on_ready=lambda url: started.set_result((url, key)))),
        ]
        await stop.wait()
        for task in tasks:
            task.cancel()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The service in a thread of its own: its base URL and a key."""
    started: Future[tuple[str, str]] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    work = _run(tmp_path_factory.mktemp("schemathesis"), started, stop)
    thread = threading.Thread(target=loop.run_until_complete, args=(work,))
    thread.start()
    try:
        yield started.result(30)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def checked(server: tuple[str, str], folder: Path, *arguments: str) -> str:
    """Run schemathesis with all its checks; return what it says, or fail with it."""
    url, key = server
    (folder / "schemathesis.toml").write_text(CONFIG)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
        *("run", f"{url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--no-color"),
        *("--max-examples", str(EXAMPLES), "--generation-deterministic"),
        *("--warnings", "off", "--exclude-path-regex", STREAMS),
        *arguments,
    ]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_answer_is_in_its_schema(server: tuple[str, str], tmp_path: Path) -> None:
    said = checked(server, tmp_path, "--exclude-operation-id", REVOKE)

    cases = re.search(r"([\d,]+) generated", said)
    assert cases, said
    print(cases[0])
    assert int(cases[1].replace(",", "")) > 500


def test_every_answer_to_a_revocation_is_in_its_schema(server: tuple[str, str], tmp_path: Path) -> None:
    checked(server, tmp_path, "--include-operation-id", REVOKE)
