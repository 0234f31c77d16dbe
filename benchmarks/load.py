"""A client in a process of its own: a few connections, one request at a time on each, read from standard input.

Run as `python -m benchmarks.load`: the job comes in and the tally goes out as MessagePack. It speaks just enough HTTP
for servers that announce the length of their answers, so that it costs less than what it measures.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from time import perf_counter
from typing import cast

import msgspec
import uvloop
from msgspec import Struct, field

PATIENCE_SECONDS = 120.0
"""After how long a server that does not answer breaks the measurement off."""


class Job(Struct, frozen=True, kw_only=True):
    """What to send where: every request once, or round and round for so many `seconds`."""

    host: str
    port: int
    requests: list[bytes]
    connections: int = 16
    seconds: float | None = None


class Tally(Struct, kw_only=True):
    """What came back: `latencies` in seconds, in order of arrival; `bytes` of bodies."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0


class Session(asyncio.Protocol):
    """One connection: sends the next request when the last one is answered."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, *, until: float) -> None:
        self._requests = requests
        self._tally = tally
        self._until = until
        self._statuses = Counter[int]()
        self._buffer = b""
        self._wanted = 0
        self._sent = 0.0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, and does not say so
        self._next()

    def data_received(self, data: bytes) -> None:
        """Go on when the answer is complete."""
        self._buffer += data
        if not self._wanted:
            self._read_head()
        if self._wanted and len(self._buffer) >= self._wanted:
            self._tally.latencies.append(perf_counter() - self._sent)
            self._tally.statuses[self._status] = self._tally.statuses.get(self._status, 0) + 1
            self._buffer, self._wanted = b"", 0
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits whether this was the end, or the server's doing."""
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("The server closed the connection"))

    def _next(self) -> None:
        request = next(self._requests, None) if perf_counter() < self._until else None
        if request is None:
            self.over.set_result(None)
            self._transport.close()
            return
        self._sent = perf_counter()
        self._transport.write(request)

    def _read_head(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        place = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[place:].split(b"\r\n", 1)[0])
        self._status = int(head[9:12])
        self._wanted = end + 4 + length
        self._tally.bytes += length


async def fire(job: Job) -> Tally:
    """Send everything, and return once all is answered."""
    tally, loop = Tally(), asyncio.get_running_loop()
    began = perf_counter()
    until = float("inf") if job.seconds is None else began + job.seconds
    requests = iter(job.requests) if job.seconds is None else cycle(job.requests)
    sessions = []
    for _ in range(job.connections):
        _, session = await loop.create_connection(lambda: Session(requests, tally, until=until), job.host, job.port)
        sessions.append(session.over)
    async with asyncio.timeout(PATIENCE_SECONDS + (job.seconds or 0)):
        await asyncio.gather(*sessions)
    tally.seconds = perf_counter() - began
    return tally


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.msgpack.encode(uvloop.run(fire(job))))


if __name__ == "__main__":
    main()
