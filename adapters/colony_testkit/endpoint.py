"""An HTTP endpoint on a loopback port that answers as it is told: what a courier is tested against."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from msgspec import Struct

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
SILENCE = b""
"""The answer of an endpoint that takes everything and says nothing."""


class Received(Struct, frozen=True):
    """One request as it came: the names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """Gives its answers in turn, the last one for ever, and remembers every request."""

    def __init__(self, scheme: str = "http") -> None:
        self.received: list[Received] = []
        self.answers: list[bytes] = [OK]
        self.port = 0
        self._scheme = scheme
        self._arrived = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"{self._scheme}://127.0.0.1:{self.port}/hook?from=colony"

    def says(self, *answers: bytes | int) -> None:
        """Let it give these answers from now on: statuses, or what is sent byte for byte."""
        self.answers = [answer if isinstance(answer, bytes) else _answer(answer) for answer in answers]

    async def has(self, count: int) -> list[Received]:
        """Return all requests, once there are so many; the time limit of the test bounds the wait."""
        while len(self.received) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.received

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0, *, trust: ssl.SSLContext | None = None) -> AsyncIterator["Endpoint"]:
        """Listen on a port, a free one unless it is given."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", port, ssl=trust)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answered(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.received.append(Received(method, target, headers, body))
        self._arrived.set()
        if answer == SILENCE:
            await asyncio.Event().wait()
        writer.write(answer)
        await writer.drain()


def _answer(status: int) -> bytes:
    return f"HTTP/1.1 {status} Whatever\r\nLocation: /elsewhere\r\nContent-Length: 2\r\n\r\nok".encode()
