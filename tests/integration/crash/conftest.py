"""A real server in its own process, which can be killed at any moment, and a client that does not give up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from colony_simulator import Machine, RackFile

PATIENCE = 60.0
"""Real seconds after which a server that does not answer is a fault."""


class Server:
    """`colony serve` over one database, over and over again. Its address changes with each life."""

    def __init__(self, place: Path, *, machines: int, speed: float) -> None:
        self.database = place / "colony.db"
        self.log = place / "server.log"
        self.lives = 0
        self.machines = machines
        self.speed = speed
        self._process: subprocess.Popen[str] | None = None
        self._address: str | None = None
        self._ready = threading.Condition()
        self.key = self._made_key()

    def start(self) -> None:
        """Begin a life; somebody who waits for `address` is told once it answers."""
        assert self._process is None
        self.lives += 1
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                [*self._colony, "serve", "--port", "0", "--log-level", "warning", *self._rack],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def kill(self) -> None:
        """End the life at once: nothing is put away, nobody is told."""
        assert self._process is not None
        assert self._process.poll() is None, f"the server ended by itself:\n{self.log.read_text()[-4000:]}"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        with self._ready:
            self._address = None

    def stop(self) -> None:
        """End the life as an operator does."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
            self._process.kill()
            self._process.wait()
            self._process = None
        with self._ready:
            self._address = None

    def address(self) -> str:
        """Return where the present life answers, or the next one that does."""
        with self._ready:
            assert self._ready.wait_for(lambda: self._address is not None, PATIENCE), self.log.read_text()[-4000:]
            return str(self._address)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if line.startswith("Colony is ready at ") and process is self._process:
                    with self._ready:
                        self._address = line.split()[-1]
                        self._ready.notify_all()

    def _made_key(self) -> str:
        limits = ["--per-minute", "1000000", "--per-hour", "1000000"]
        made = subprocess.run(
            [*self._colony, "api-key", "create", "--description", "crash test", *limits],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return made.stdout.strip()

    @property
    def _colony(self) -> list[str]:
        return [sys.executable, "-m", "colony_console"]

    @property
    def _rack(self) -> list[str]:
        return ["--simulator", str(self.machines), "--simulator-speed", str(self.speed)]

    @property
    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONY_")}
        return kept | {"COLONY_DATABASE_URL": f"sqlite:///{self.database}"}


class Caller:
    """Calls the API until it is answered; what asks for something carries a key, so that asking again is safe."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = httpx.Client(headers={"Authorization": f"Bearer {server.key}"}, timeout=PATIENCE)
        self.unanswered = 0

    def get(self, path: str, **query: Any) -> Any:
        """Return what is there."""
        answer = self._answered("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, kind: str, **query: Any) -> dict[str, Any]:
        """Return everything of one *kind*, by id."""
        return {one["id"]: one for one in self.get(f"/{kind}", limit=1000, **query)[kind]}

    def until_all_ended(self) -> dict[str, Any]:
        """Return every workflow, once each has ended."""
        end = time.monotonic() + 2 * PATIENCE
        while True:
            workflows = self.every("workflows")
            left = [one for one in workflows.values() if one["status"] in ("pending", "running")]
            if not left:
                return workflows
            assert time.monotonic() < end, f"never ended: {left}"
            time.sleep(0.2)

    def post(self, path: str, body: object, *, again: str) -> Any:
        """Ask for something; *again* is the idempotency key under which it is asked for until it is answered."""
        answer = self._answered("POST", path, json=body, headers={"Idempotency-Key": again})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def kubeconfig(self, cluster_id: str) -> str:
        """Return the kubeconfig of a cluster."""
        return self._answered("GET", f"/clusters/{cluster_id}/kubeconfig").text

    def close(self) -> None:
        """Let go of every connection."""
        self._http.close()

    def _answered(self, method: str, path: str, **more: Any) -> httpx.Response:
        end = time.monotonic() + PATIENCE
        while True:
            address = self._server.address()
            try:
                return self._http.request(method, f"{address}/api/v1{path}", **more)
            except httpx.TransportError:
                assert time.monotonic() < end, f"{method} {path} is never answered"
                self.unanswered += 1
                time.sleep(0.02)  # The address is taken back as soon as the killer is through.


@pytest.fixture
def server(tmp_path: Path) -> Iterator[type[Server]]:
    """Give what makes servers, and stop them in the end."""
    made: list[Server] = []

    class Here(Server):
        def __init__(self, *, machines: int, speed: float) -> None:
            super().__init__(tmp_path, machines=machines, speed=speed)
            made.append(self)

    yield Here
    for one in made:
        one.stop()


@pytest.fixture
def caller_of() -> Iterator[Callable[[Server], Caller]]:
    """Give what makes callers."""
    made: list[Caller] = []

    def make(server: Server) -> Caller:
        made.append(Caller(server))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def machines_of() -> Callable[[Server], list[Machine]]:
    """Give what looks at the simulated machines of a server that is no longer there."""

    def look(server: Server) -> list[Machine]:
        file = RackFile(server.database.with_name("colony.db.rack"))
        with closing(file):
            assert file.state is not None
            return file.state.machines

    return look
