"""A courier that speaks HTTP/1.1 and no more of it than a delivery needs.

It connects to the address that it has checked, follows no redirect, asks no proxy, reads no more than the head of the
answer, and is done within its deadline: a general client would have to be talked out of each of these.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from urllib.parse import SplitResult, urlsplit

from colony_core.ports.webhooks import EndpointRefused, EndpointUnreachable
from colony_webhooks.addresses import addresses_of

DEADLINE = 10.0
"""Seconds that a delivery may take, from the look-up of the name to the head of the answer."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_LONGEST_HEAD = 64 * 1024
_FAREWELL = 0.5
_PORTS = {"http": 80, "https": 443}
_FINAL = {400: "bad request", 410: "gone", 413: "too large", 415: "unsupported type", 422: "unprocessable"}
"""Statuses that say that this very event will never be taken; any other that is no success may pass."""


class HttpCourier:
    """Posts each message on a connection of its own.

    An administrator chooses the addresses, and so may reach whatever this server can reach, loopback included; without
    *allow_private* only public addresses are spoken to. *trust* is for authorities of one's own.
    """

    def __init__(
        self, *, allow_private: bool = True, deadline: float = DEADLINE, trust: ssl.SSLContext | None = None
    ) -> None:
        self._allow_private = allow_private
        self._deadline = deadline
        self._trust = trust or ssl.create_default_context()

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Return once the endpoint has answered with a success; see `colony_core.ports.webhooks.Courier`."""
        parts = urlsplit(url)
        try:
            async with asyncio.timeout(self._deadline):
                status = await self._post(parts, headers, body)
        except TimeoutError:
            raise EndpointUnreachable(f"{parts.hostname} did not answer within {self._deadline:g} seconds") from None
        except ssl.SSLCertVerificationError as error:
            raise EndpointUnreachable(f"{parts.hostname} is not believed: {error.verify_message}") from None
        except (OSError, EOFError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise EndpointUnreachable(f"{parts.hostname} cannot be spoken to: {reason}") from None
        if status in _FINAL:
            raise EndpointRefused(f"{parts.hostname} answered {status} ({_FINAL[status]})")
        if not 200 <= status < 300:
            redirect = ", and redirects are not followed" if 300 <= status < 400 else ""
            raise EndpointUnreachable(f"{parts.hostname} answered {status}{redirect}")

    async def _post(self, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> int:
        async with self._connected(parts) as (reader, writer):
            writer.write(_request(parts, headers, body))
            # Whoever answers without reading all of it has answered too.
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            return await _status(reader)

    @contextlib.asynccontextmanager
    async def _connected(self, parts: SplitResult) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
        addresses = await addresses_of(host, port, allow_private=self._allow_private)
        reader, writer = await self._first_that_answers(addresses, port, host if parts.scheme == "https" else None)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await writer.wait_closed()

    async def _first_that_answers(
        self, addresses: tuple[str, ...], port: int, server_name: str | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        trust = self._trust if server_name else None
        for address in addresses[:-1]:
            # One address that hangs must leave time for the others.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._deadline / (len(addresses) + 1)):
                    return await asyncio.open_connection(address, port, ssl=trust, server_hostname=server_name)
        return await asyncio.open_connection(addresses[-1], port, ssl=trust, server_hostname=server_name)


def _request(parts: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    known = {
        "Host": parts.netloc,
        "User-Agent": "colony-core",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(len(body)),
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in {**headers, **known}.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def _status(reader: asyncio.StreamReader) -> int:
    """Return the final status; 100 and its like only announce one."""
    while True:
        match = _STATUS.fullmatch(await reader.readline())
        if match is None:
            raise EndpointUnreachable("The endpoint does not answer in HTTP")
        await _skip_head(reader)
        if int(match[1]) >= 200:
            return int(match[1])


async def _skip_head(reader: asyncio.StreamReader) -> None:
    read = 0
    while (line := await reader.readline()) not in (b"\r\n", b"\n", b""):
        read += len(line)
        if read > _LONGEST_HEAD:
            raise EndpointUnreachable("The endpoint answers with an endless head")
