"""What every request passes first and last: its id, its line in the log, its place in the metrics."""

import re
import secrets
from collections.abc import Iterable
from itertools import count
from time import perf_counter

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from colony_http.metrics import Metrics

_log = structlog.get_logger("colony.http")

_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_WHOLE_KEY = re.compile(r"(cd-[0-9a-f]{12})_[0-9a-f]+")


class FrontDoor:
    """Wraps the whole application, so that unknown routes and failures pass it too."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        # Random once: asking the kernel for each request lets other threads in, and costs more than its routing.
        process = secrets.token_hex(4)
        self._fresh_ids = (f"{process}{number:08x}".encode() for number in count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and see to it that its answer carries its id."""
        if scope["type"] == ScopeType.HTTP:
            await self._pass(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _pass(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        request_id = _sane_id(scope["headers"]) or next(self._fresh_ids)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id.decode()
        path, status, answered = scope["path"], 500, 0.0

        async def send_with_id(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], perf_counter() - began
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._metrics.count(scope["method"], scope.get("path_template"), status=status, seconds=answered)
            _log.info(
                "request",
                method=scope["method"],
                path=without_keys(path),
                status=status,
                duration_ms=round((perf_counter() - began) * 1000, 2),
                key=state.get("key_id"),
                request_id=state["request_id"],
            )


def without_keys(text: str) -> str:
    """Return *text* with the secret part of every API key in it taken out."""
    return _WHOLE_KEY.sub(r"\1_•••", text) if "cd-" in text else text


def _sane_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the client's own id if it is sane, and no key that went astray."""
    for name, value in headers:
        if name == b"x-request-id" and _SANE.fullmatch(value) and not value.startswith(b"cd-"):
            return value
    return None
