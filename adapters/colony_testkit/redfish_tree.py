"""A small Redfish controller on loopback that serves a tree of documents, and deviates as makers do.

Its documents are what a controller was recorded to say (or made up like it); power, boot override, sessions and tasks
live. `Manners` say how it differs from the book.
"""

import asyncio
import copy
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access

USER, PASSWORD, TOKEN = "root", "tree-passw0rd", "t0ken-of-a-session"
V1 = "/redfish/v1"
SESSIONS = f"{V1}/SessionService/Sessions"
TASK = "/redfish/v1/TaskService/TaskMonitors/7"

TLS_HANDSHAKE = b"\x16"

Reply = tuple[int, Mapping[str, str], Any]


class Manners(Struct, kw_only=True):
    """How this controller differs: `room` for sessions, an `etag` that changes must name (or what it `demands`, if that
    is another than it shows), a `slash` that paths must (True) or must not (False) end with, `looks` at a task before
    it is done, replies of `answers` by method and path.
    """

    room: int = 4
    etag: str | None = None
    demands: str | None = None
    slash: bool | None = None
    looks: int = 0
    task_fails: bool = False
    keeps_boot: bool = True
    answers: dict[str, Reply] = field(default_factory=dict)


class RedfishTree:
    """Use it with `async with`; `documents` by path without the slash at the end. `asked` is every request.

    The request that `hangs_on` names is answered only once `released` is set, and the one that `hangs_before` names is
    only then looked at, unless whoever sent it has gone; `hung` tells that it is there. `password` may be changed.
    """

    def __init__(
        self, documents: Mapping[str, Any], manners: Manners | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.documents = copy.deepcopy(dict(documents))
        self.manners = manners or Manners()
        self.asked: list[tuple[str, str, Any]] = []
        self.opened = self.closed = self.most = 0
        self.password = PASSWORD
        self.hangs_on: str | None = None
        self.hangs_before: str | None = None
        self.hung, self.released = asyncio.Event(), asyncio.Event()
        self._tls = tls
        self._open: dict[str, str] = {}
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "RedfishTree":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def access(self) -> Access:
        """Return the way in, without TLS unless it was given."""
        bmc = Bmc(protocol=Protocol.REDFISH, address="127.0.0.1", port=self.port, username=USER, verify_tls=False)
        return Access(bmc, Secret(self.password))

    @property
    def system(self) -> dict[str, Any]:
        """Return the one system's document."""
        return next(one for one in self.documents.values() if isinstance(one, dict) and "PowerState" in one)

    def bodies(self, method: str) -> list[Any]:
        """Return what was sent with *method*, logins left out."""
        return [body for verb, path, body in self.asked if verb == method and path.rstrip("/") != SESSIONS]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            await self._converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, ValueError):
            pass
        finally:
            self._talks.discard(talk)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while first := await reader.read(1):
            if first == TLS_HANDSHAKE:
                writer.write(_written((400, {}, None)))
                break
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            content = json.loads(body) if body else None
            self.asked.append((method, path, content))
            if self.hangs_before == f"{method} {path}":
                self.hung.set()
                await self.released.wait()
                if reader.at_eof():
                    break
            reply = self._answer(method, path, headers, content)
            if self.hangs_on == f"{method} {path}":
                self.hung.set()
                await self.released.wait()
            writer.write(_written(reply))
            await writer.drain()

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Reply:
        plain, manners = path.rstrip("/"), self.manners
        if (given := manners.answers.get(f"{method} {plain}")) is not None:
            return given
        if manners.slash is not None and path.endswith("/") is not manners.slash:
            return 308, {"Location": plain + "/" if manners.slash else plain}, None
        if method == "GET" and plain == V1:
            return 200, {}, self.documents[plain]
        if method == "POST" and plain == SESSIONS and self._has_sessions:
            return self._login(body)
        if not self._knows(headers):
            return 401, {"WWW-Authenticate": "Basic"}, _error("Base.1.8.NoValidSession")
        if method == "DELETE":
            return self._logout(plain)
        if plain == TASK:
            return self._task()
        return self._read(plain) if method == "GET" else self._changed(method, plain, headers, body)

    @property
    def _has_sessions(self) -> bool:
        return "SessionService" in self.documents[V1]

    def _login(self, body: Mapping[str, str]) -> Reply:
        if (body.get("UserName"), body.get("Password")) != (USER, self.password):
            return 401, {}, _error("Base.1.8.InsufficientPrivilege", f"{body.get('Password')} is wrong")
        if len(self._open) >= self.manners.room:
            return 400, {}, _error("Base.1.8.SessionLimitExceeded")
        self.opened += 1
        own, token = f"{SESSIONS}/{self.opened}", f"{TOKEN}-{self.opened}"
        self._open[own] = token
        self.most = max(self.most, len(self._open))
        return 201, {"X-Auth-Token": token, "Location": own}, {"@odata.id": own, "Id": str(self.opened)}

    def _logout(self, path: str) -> Reply:
        if self._open.pop(path, None) is None:
            return 404, {}, _error("Base.1.8.ResourceMissingAtURI")
        self.closed += 1
        return 204, {}, None

    def _knows(self, headers: Mapping[str, str]) -> bool:
        login = "Basic " + b64encode(f"{USER}:{self.password}".encode()).decode()
        return headers.get("x-auth-token") in self._open.values() or headers.get("authorization") == login

    def _read(self, path: str) -> Reply:
        if path not in self.documents:
            return 404, {}, _error("Base.1.8.ResourceMissingAtURI")
        tag = {"ETag": self.manners.etag} if self.manners.etag else {}
        return 200, tag, self.documents[path]

    def _changed(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Reply:
        demanded = self.manners.demands or (self.manners.etag or "").removeprefix("W/")
        if method == "PATCH" and demanded and headers.get("if-match") != demanded:
            return (412 if "if-match" in headers else 428), {}, _error("Base.1.8.PreconditionRequired")
        if method == "POST":
            self._reset(body["ResetType"])
        elif "Password" in body:
            self.password = body["Password"]
        elif self.manners.keeps_boot:
            self.documents[path]["Boot"] |= body["Boot"]
        if self.manners.looks:
            return 202, {"Location": TASK}, {"TaskState": "New"}
        return 204, {}, None

    def _reset(self, kind: str) -> None:
        self.system["PowerState"] = "Off" if kind == "ForceOff" else "On"

    def _task(self) -> Reply:
        self.manners.looks -= 1
        if self.manners.looks > 0:
            return 202, {}, {"TaskState": "Running"}
        return 200, {}, {"TaskState": "Exception" if self.manners.task_fails else "Completed"}


def _error(code: str, message: str = "") -> dict[str, Any]:
    return {
        "error": {"code": "Base.1.8.GeneralError", "@Message.ExtendedInfo": [{"MessageId": code, "Message": message}]}
    }


def _written(reply: Reply) -> bytes:
    status, headers, content = reply
    body = b"" if content is None else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
