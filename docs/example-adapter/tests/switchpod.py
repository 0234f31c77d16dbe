"""A SwitchPod without the plastic: one outlet on a loopback address, with its own state."""

import asyncio
import json
from base64 import b64encode

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access

USER, PASSWORD = "admin", "on-the-label"
LOGIN = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()
LABEL = {"maker": "SwitchPod", "model": "SP-1", "serial": "0001"}


class SwitchPod:
    """Use it with `async with`; set `silent` and it answers nothing any more, set `garbled` and it answers nonsense."""

    def __init__(self) -> None:
        self.silent = False
        self.garbled = False
        self._state: dict[str, object] = {"power": "off", "boot": "disk", "label": LABEL}

    async def __aenter__(self) -> "SwitchPod":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def access(self) -> Access:
        """Return how this strip is reached."""
        port = self._server.sockets[0].getsockname()[1]
        # Colony Core has two protocols; to an embedder who brings his own hardware it does not matter which is named.
        bmc = Bmc(protocol=Protocol.REDFISH, address="127.0.0.1", port=port, username=USER)
        return Access(bmc, Secret(PASSWORD))

    def silence(self) -> None:
        """Answer nothing any more."""
        self.silent = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if not self.silent:
                writer.write(self._answer(head[0], headers.get("authorization", ""), body))
                await writer.drain()
            while self.silent and await reader.read(1):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, request: str, login: str, body: bytes) -> bytes:
        if login != LOGIN:
            return _response("401 Unauthorized", b"")
        if self.garbled:
            return _response("200 OK", b"<html>")
        method, path, _ = request.split(" ")
        if method == "PUT":
            self._set(path.rpartition("/")[2], json.loads(body))
        return _response("200 OK", json.dumps(self._state).encode())

    def _set(self, name: str, value: str) -> None:
        self._state[name] = "on" if value == "cycle" else value


def _response(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
