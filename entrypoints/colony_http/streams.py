"""Server-sent events: written as they happen, kept alive while nothing does, and ended with the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from litestar.response.streaming import ASGIStreamingResponse

from colony_core.domain.events import Entry
from colony_core.errors import Unavailable
from colony_http.shapes_events import written

_log = structlog.get_logger("colony.http")

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent, so that nobody on the way closes the connection."""

_COMMENT = b": keep-alive\n\n"
_OPENING = b"retry: 2000\n\n"


class Closing:
    """Tells every stream that the server is about to stop."""

    def __init__(self) -> None:
        self._said = asyncio.Event()

    def say(self) -> None:
        """End every stream, now and from now on."""
        self._said.set()

    async def wait(self) -> None:
        """Return once the server is about to stop."""
        await self._said.wait()


class EventStream(ASGIStreamingResponse):
    """The answer that writes *entries* as events until they end, or the server does, or the client goes away."""

    def __init__(self, entries: AsyncIterator[Entry], closing: Closing) -> None:
        super().__init__(
            iterator=_written(entries, closing),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )


async def _written(entries: AsyncIterator[Entry], closing: Closing) -> AsyncIterator[bytes]:
    yield _OPENING
    end = asyncio.create_task(closing.wait())
    upcoming = asyncio.ensure_future(_next(entries))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming, end}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if end in done:
                return
            if not done:
                yield _COMMENT
                continue
            entry = upcoming.result()
            if entry is None:
                return
            yield event(entry)
            upcoming = asyncio.ensure_future(_next(entries))
    finally:
        for task in (end, upcoming):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def event(entry: Entry) -> bytes:
    """Return *entry* as one event: its number is the id, so that `Last-Event-ID` resumes after it."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (entry.seq, entry.type.encode(), written(entry))


async def _next(entries: AsyncIterator[Entry]) -> Entry | None:
    """Return the next entry, or None at the end, as where the store is out of reach: clients resume."""
    try:
        return await anext(entries, None)
    except Unavailable as error:
        _log.warning("a stream ends", details=error.details)
        return None
