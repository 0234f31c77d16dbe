"""Starts servers and clients as processes of their own, and reads what they cost from the kernel."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from benchmarks.load import Job, Tally
from benchmarks.stock import Stock

START_SECONDS = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Shot(Struct, frozen=True):
    """What one burst of requests gave, and the processor seconds that it cost the server."""

    tally: Tally
    cpu_seconds: float


class Server:
    """A server that listens on loopback."""

    def __init__(self, process: Process, address: str, stock: Stock) -> None:
        self._process = process
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.stock = stock

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the whole request as it goes over the wire, with the key of the stock."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Authorization: Bearer {self.stock.key}"]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")

    async def fire(self, requests: Sequence[bytes], *, connections: int, seconds: float | None = None) -> Shot:
        """Send *requests* once, or round and round for so many *seconds*, from a process of their own."""
        job = Job(host=self.host, port=self.port, requests=[*requests], connections=connections, seconds=seconds)
        client = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.load", stdin=PIPE, stdout=PIPE)
        before = self._cpu_seconds()
        answer, _ = await client.communicate(msgspec.msgpack.encode(job))
        if client.returncode:
            raise RuntimeError("The client broke off: see above")
        tally = msgspec.msgpack.decode(answer, type=Tally, strict=False)
        return Shot(tally, self._cpu_seconds() - before)

    def _cpu_seconds(self) -> float:
        """Return the processor time of all threads of the server, to a hundredth of a second."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@asynccontextmanager
async def serving(role: str, stock: Stock, **settings: float) -> AsyncIterator[Server]:
    """Run a server while inside: `product` on a simulated rack, `steel` (it on real controllers), or `floor`."""
    options = {"database_url": stock.settings.database_url, "port": 0, **settings}
    if role == "product":
        options["simulator"] = 1
    log = stock.log(role)
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.served", role, msgspec.json.encode(options).decode()),
            stdout=PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
        if not address:
            raise RuntimeError(f"The {role} server did not start: {log.read_text(encoding='utf-8')[-2000:]}")
        yield Server(process, address, stock)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
