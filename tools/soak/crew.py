"""The processes of one run: a rack, servers and workers as an operator starts them, and whoever starts them again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from colony_testkit.postgres_server import PostgresServer, free_port
from soak.course import Course

START_SECONDS = 120.0
_LOOK = 0.05


class Member:
    """One process, over and over again; `state` is `running`, `stopped` or `gone`."""

    def __init__(self, name: str, arguments: list[str], *, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.lives = 0
        self.state = "gone"
        self.crashes: list[str] = []
        self._arguments = arguments
        self._environment = environment
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._begins = 0
        self._was_ready = False
        self.log.touch()

    async def start(self) -> None:
        """Begin a life, and again after an end at its start, as a service manager does; not after any other end."""
        self.state = "running"
        self._begins, self._was_ready = self.log.stat().st_size, False
        self._keeper = asyncio.create_task(self._keep())

    async def ready(self) -> None:
        """Wait until the present life says that it is ready."""
        end = time.monotonic() + START_SECONDS
        while not self.is_ready:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} is not ready:\n{self.tail}")
            await asyncio.sleep(_LOOK)

    @property
    def is_ready(self) -> bool:
        """Tell whether the present life has said that it is ready."""
        self._was_ready = self._was_ready or "is ready" in self.words
        return self._was_ready

    @property
    def words(self) -> str:
        """Return what the present life has said."""
        with self.log.open(errors="replace") as log:
            log.seek(self._begins)
            return log.read()

    @property
    def tail(self) -> str:
        """Return the end of what it has said."""
        return self.log.read_text(errors="replace")[-3000:]

    async def kill(self) -> None:
        """End the life at once."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it as an operator does."""
        if self.state == "stopped":
            self.go_on()
        await self._end(signal.SIGTERM)

    def stand_still(self) -> None:
        """Stop the process where it stands."""
        self._send(signal.SIGSTOP)
        self.state = "stopped"

    def go_on(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)
        self.state = "running"

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> None:
        self.state = "gone"
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._send(number)
        if self._process is not None:
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self.crashes.append(f"{self.name} did not end in {START_SECONDS:g} s after {number.name}")
                self._process.kill()
                await self._process.wait()

    async def _keep(self) -> None:
        while True:
            self.lives += 1
            self._begins, self._was_ready = self.log.stat().st_size, False
            with self.log.open("a") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "colony_console", *self._arguments),
                    env=self._environment,
                    cwd=self._folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            code = await self._process.wait()
            if self.is_ready:
                self.crashes.append(f"{self.name} ended by itself with {code}:\n{self.tail}")
            await asyncio.sleep(1.0)


class Crew:
    """Everybody who works in one run."""

    def __init__(self, course: Course, *, postgres: PostgresServer, folder: Path) -> None:
        self.postgres = postgres
        self.url = postgres.url
        self.socket = folder / "rack.sock"
        self.key_file = folder / "colony.key"
        with os.fdopen(os.open(self.key_file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as key:
            key.write("5a" * 32)
        self._folder = folder
        self._course = course
        rack = ["rack", str(self.socket), "--simulator", str(course.machines), "--simulator-speed", str(course.speed)]
        self.rack = self._member("rack", rack)
        ports = [free_port() for _ in range(course.servers)]
        self.addresses = [f"http://127.0.0.1:{port}" for port in ports]
        self.servers = [
            self._member(f"server-{number}", ["serve", "--no-worker", "--port", str(port)])
            for number, port in enumerate(ports, 1)
        ]
        self.workers = [self._member(f"worker-{number}", ["worker"]) for number in range(1, course.workers + 1)]
        self.key = ""

    @property
    def everybody(self) -> list[Member]:
        """Return the rack, the servers and the workers."""
        return [self.rack, *self.servers, *self.workers]

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what every process is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONY_")}
        return kept | {
            "COLONY_DATABASE_URL": self.url,
            "COLONY_SECRET_KEY_FILE": str(self.key_file),
            "COLONY_SIMULATOR_RACK": str(self.socket),
            "COLONY_TAKEOVER_SECONDS": str(self._course.takeover),
            # Controllers as slow as real ones: whoever is killed is often in the middle of something.
            "COLONY_BMC_GAP": str(self._course.bmc_gap),
            "COLONY_LOG_LEVEL": "info",
            "COLONY_LOG_FORMAT": "json",
            "PYTHONUNBUFFERED": "1",
        }

    async def start(self) -> None:
        """Start everybody, the rack first, and make a key."""
        for member in self.everybody:
            await member.start()
            if member is self.rack:
                await member.ready()
        for member in self.everybody:
            await member.ready()
        limits = ("--per-minute", "1000000", "--per-hour", "10000000")
        making = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "colony_console", "api-key", "create", "--description", "soak", *limits),
            env=self.environment,
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await making.communicate()
        self.key = said.decode().strip()

    async def stop(self) -> None:
        """Stop everybody, the rack last."""
        await asyncio.gather(*(member.stop() for member in (*self.servers, *self.workers)))
        await self.rack.stop()

    def crashes(self) -> list[str]:
        """Return, in words, who ended without having been told to."""
        return [words for member in self.everybody for words in member.crashes]

    def _member(self, name: str, arguments: list[str]) -> Member:
        return Member(name, arguments, environment=self.environment, folder=self._folder)
