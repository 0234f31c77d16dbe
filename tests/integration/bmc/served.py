"""`colony serve` in a process of its own, which can be killed and started again, and a client of its API."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from colony_console.machine_lists import opened, read_list
from colony_console.machine_rows import Row
from colony_core.domain.secrets import Secret

COLONY = [sys.executable, "-m", "colony_console"]
PASSPHRASE = "four random words"
PATIENCE = 60.0
"""Seconds that a busy machine may take for what takes one."""


class Served:
    """One database, and the server over it as long as it lives. Use `begin`, `kill` and `end`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.database = folder / "colony.db"
        self._environment = os.environ | {"COLONY_DATABASE_URL": f"sqlite:///{self.database}", "NO_COLOR": "1"}
        self._environment |= environment
        self._process: asyncio.subprocess.Process | None = None
        self.address = self.key = ""
        self.http: httpx.AsyncClient

    async def begin(self) -> None:
        """Start the server, and wait until it answers."""
        with (self.folder / "server.log").open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *COLONY, "serve", "--port", "0", env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        self.address = await self._ready()
        if not self.key:
            limits = ["--per-minute", "100000", "--per-hour", "1000000"]
            self.key = (await self.told("api-key", "create", "--description", "test", *limits)).strip()
        headers = {"Authorization": f"Bearer {self.key}"}
        self.http = httpx.AsyncClient(base_url=f"{self.address}/api/v1", headers=headers, timeout=PATIENCE)

    async def kill(self) -> None:
        """End the server at once: nothing is put away, nobody is told."""
        assert self._process is not None
        assert self._process.returncode is None, "it ended by itself"
        self._process.send_signal(signal.SIGKILL)
        await self._ended()

    async def end(self) -> None:
        """Stop the server, if it lives."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            await self._ended()

    async def answer(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Return what the API answers, which must come under *status*."""
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def until(self, path: str, holds: Callable[[Any], bool]) -> Any:
        """Return what is at *path* once it *holds*."""
        async with asyncio.timeout(PATIENCE):
            while True:
                seen = await self.answer("GET", path)
                if holds(seen):
                    return seen
                await asyncio.sleep(0.1)  # between two looks at a condition

    async def at_rest(self, asset_id: str) -> None:
        """Cancel what is being done to a machine, and wait until nobody holds it."""
        asset = await self.answer("GET", f"/assets/{asset_id}")
        if asset["workflowId"]:
            await self.answer("POST", f"/workflows/{asset['workflowId']}/cancel")
        await self.until(f"/assets/{asset_id}", lambda seen: seen["workflowId"] is None)

    async def told(self, *words: str) -> str:
        """Return what the command prints."""
        done = await asyncio.to_thread(
            subprocess.run, [*COLONY, *words], env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    async def kept_password(self) -> str:
        """Return the password that is kept for the only machine, as an export with a passphrase has it."""
        file = self.folder / "export.csv"
        self._environment["COLONY_PASSPHRASE"] = PASSPHRASE
        await self.told("export", "--with-secrets", "-o", str(file))
        [row] = opened(read_list(str(file), None), lambda: Secret(PASSPHRASE))
        assert isinstance(row, Row)
        assert row.password is not None
        return row.password.reveal()

    async def _ready(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in self._process.stdout:
                if b"ready at " in line:
                    return line.decode().split()[-1]
        raise AssertionError(f"it never said that it is ready: {(self.folder / 'server.log').read_text()[-2000:]}")

    async def _ended(self) -> None:
        assert self._process is not None
        await asyncio.wait_for(self._process.communicate(), PATIENCE)
        self._process = None
        await self.http.aclose()
