"""Sees to it that what is done over HTTP is on disk together with who did it, before anything is answered."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import structlog
from litestar.types import HTTPScope, Send
from msgspec import Struct

from colony_core import Colony, ColonyError
from colony_core.application.audit import Note
from colony_core.application.repeats import Undo
from colony_core.domain.audit import AuditOutcome, Deed
from colony_core.errors import Unavailable
from colony_http.errors import status_of
from colony_http.front_door import without_keys
from colony_http.held import Held
from colony_http.openapi import API
from colony_http.operations import Operation
from colony_http.repeating import REPLAYED

_log = structlog.get_logger("colony.http")

_LONGEST = 200
"""How much of a path is kept: clients can make up any."""

Call = Callable[[Send], Awaitable[None]]
"""The rest of the service, bound to a request; it answers through what it is given."""


class _Coded(Struct):
    """An error's body, as far as the trail needs it."""

    code: str = ColonyError.code


def hands_out(operation: Operation | None) -> bool:
    """Tell whether a GET is an act: what is given as a file opens a cluster to whoever has it."""
    return operation is not None and "Content-Disposition" in operation.headers


class Auditor:
    """Writes the trail for the gate. What has no living key is not noted: anybody could fill the disk with it."""

    def __init__(self, colony: Colony) -> None:
        self._audit = colony.audit
        self._clock = colony.ports.wall

    @asynccontextmanager
    async def noting_refusals(self, scope: HTTPScope) -> AsyncIterator[None]:
        """Note whatever the request fails with inside, and let it go on."""
        try:
            yield
        except ColonyError as error:
            await self._refused(scope, status_of(type(error)), error.code)
            raise
        except Exception:
            await self._refused(scope, 500, ColonyError.code)
            raise

    async def act(self, call: Call, scope: HTTPScope, send: Send) -> None:
        """Let *call* act: the act and its note are on disk together. What a refused request did is undone."""
        held = Held(scope)
        async with self._audit.together() as note:
            await call(held.send)
            self._conclude(scope, held, note)
        if not held.accepted:
            await self._refused(scope, held.status, _code(held.body))
        await held.release(send)

    async def hand_out(self, call: Call, scope: HTTPScope, send: Send) -> None:
        """Let *call* answer with a file; nobody gets it before it is noted."""
        held = Held(scope)
        await call(held.send)
        if held.accepted:
            await self._audit.write(self._done(scope, held))
        else:
            await self._refused(scope, held.status, _code(held.body))
        await held.release(send)

    def _conclude(self, scope: HTTPScope, held: Held, note: Note) -> None:
        """Note what was done, unless it was done before; undo what was refused."""
        if not held.accepted:
            raise Undo
        if REPLAYED not in held.headers:
            note(self._done(scope, held))

    def _done(self, scope: HTTPScope, held: Held) -> Deed:
        deed, location = self._deed(scope, held.status), _location(held)
        if location is not None and location.startswith(f"{deed.resource}/"):
            return msgspec.structs.replace(deed, resource=location)
        return msgspec.structs.replace(deed, created=location)

    async def _refused(self, scope: HTTPScope, status: int, code: str) -> None:
        """Note a refusal. It changed nothing, so that a note that cannot be written holds no answer back."""
        outcome = AuditOutcome.REFUSED if status < 500 else AuditOutcome.FAILED
        deed = msgspec.structs.replace(self._deed(scope, status), code=code, outcome=outcome)
        try:
            await self._audit.write(deed)
        except Unavailable as error:
            _log.warning("audit not written", details=error.details, request_id=deed.request_id)

    def _deed(self, scope: HTTPScope, status: int) -> Deed:
        state = scope["state"]
        return Deed(
            at=self._clock.now(),
            actor=state["key_id"],
            action=scope["route_handler"].fn.__name__,
            resource=_resource(scope),
            method=scope["method"],
            status=status,
            request_id=state.get("request_id"),
        )


def _resource(scope: HTTPScope) -> str:
    """Return what a request is about: its path up to the last id, as in `assets/asset-1` of `/assets/asset-1/wipe`."""
    template = _parts(scope["path_template"])
    ids = [place for place, part in enumerate(template, 1) if part.startswith("{")]
    path = _parts(scope["path"])[: ids[-1] if ids else len(template)]
    return without_keys("/".join(path))[:_LONGEST]


def _parts(path: str) -> list[str]:
    return [part for part in path.removeprefix(API).split("/") if part]


def _location(held: Held) -> str | None:
    for name, value in held.headers:
        if name == b"location":
            return value.decode("latin-1").removeprefix(f"{API}/")
    return None


def _code(body: bytes) -> str:
    return msgspec.json.decode(body or b"{}", type=_Coded).code
