"""Requests with an idempotency key: what they did and what was answered are on disk together, or neither is."""

import hashlib

from litestar.types import ASGIApp, HTTPScope, Receive, Send
from msgspec import Struct

from colony_core import ApiKey, Colony
from colony_core.application.repeats import Undo
from colony_core.ports.persistence import Answer
from colony_http.held import Held

REPLAYED = (b"idempotent-replayed", b"true")


class Sent(Struct, frozen=True, kw_only=True):
    """Who sent what, and under which idempotency key."""

    key: ApiKey
    token: str | None
    body: bytes


class Repeater:
    """Gives a repeated request the answer of the first one, word for word."""

    def __init__(self, app: ASGIApp, colony: Colony) -> None:
        self._app = app
        self._repeats = colony.repeats
        self._clock = colony.ports.wall

    async def once(self, sent: Sent, scope: HTTPScope, *, receive: Receive, send: Send) -> None:
        """Let *app* answer, or answer as before. What a refused request did is undone, and may be tried again."""
        digest = _digest(scope, sent.body)
        held = Held(scope)
        async with self._repeats.once(sent.key.id, str(sent.token), digest=digest) as repeat:
            if repeat.answer is not None:
                _recall(held, repeat.answer)
            else:
                await self._app(scope, receive, held.send)
                if not held.accepted:
                    raise Undo
                repeat.keep(self._answer(held, digest))
        await held.release(send)

    def _answer(self, held: Held, digest: str) -> Answer:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in held.headers)
        return Answer(digest=digest, status=held.status, headers=headers, body=held.body, at=self._clock.now())


def _recall(held: Held, answer: Answer) -> None:
    held.status, held.body = answer.status, answer.body
    held.headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    held.headers.append(REPLAYED)


def _digest(scope: HTTPScope, body: bytes) -> str:
    """Return what two requests share only if they ask for the same."""
    asked = b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"], body))
    return hashlib.sha256(asked).hexdigest()
