"""Routes of event streams."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET

from colony_core import Colony
from colony_core.domain.events import Entry, EventType
from colony_core.domain.workflows import ENDED, WorkflowNotFound
from colony_core.errors import Invalid
from colony_core.ports.persistence import EntryFilter
from colony_http.operations import Operation, described
from colony_http.replies import Reply
from colony_http.shapes_events import EventQuery, EventView
from colony_http.streams import Closing, EventStream

TAG = "Events"
STREAM = "text/event-stream"

_GULP = 500
_ENDED = frozenset(status.value for status in ENDED)
_LARGEST = 2**63 - 1

_ALL = Operation(
    summary="Follow everything",
    tag=TAG,
    query=EventQuery,
    answers={200: EventView},
    media=STREAM,
    headers=("Last-Event-ID",),
)
_ONE = Operation(
    summary="Follow one workflow",
    tag=TAG,
    query=EventQuery,
    answers={200: EventView, 204: None},
    media=STREAM,
    errors=(WorkflowNotFound,),
    headers=("Last-Event-ID",),
)


@get("/events", **described(_ALL))
async def follow_all(
    asked: NamedDependency[EventQuery],
    request: Request[Any, Any, Any],
    colony: NamedDependency[Colony],
    closing: NamedDependency[Closing],
) -> ASGIApp:
    """Stream what happens from now on, or since the event that `Last-Event-ID` names, without a gap."""
    return EventStream(colony.workflows.follow(EntryFilter(), after=_resumed(request, asked)), closing)


@get("/workflows/{id:str}/events", **described(_ONE))
async def follow_workflow(
    id: FromPath[str],
    asked: NamedDependency[EventQuery],
    request: Request[Any, Any, Any],
    colony: NamedDependency[Colony],
    closing: NamedDependency[Closing],
) -> ASGIApp:
    """Stream what happened and happens in a workflow, from its beginning, until it has ended.

    With `Last-Event-ID` it resumes after that event; 204 says that nothing more will come.
    """
    after = _resumed(request, asked) or 0
    run = await colony.workflows.get(id)
    if not run.ended:
        return EventStream(_until_ended(id, colony, after=after), closing)
    if not await _some(id, colony, after=after):
        return Reply(b"", status=204)
    return EventStream(_rest(id, colony, after=after), closing)


async def _until_ended(run_id: str, colony: Colony, *, after: int) -> AsyncIterator[Entry]:
    """Yield everything of a workflow up to its end, and what its end brought about in the same moment."""
    async for entry in colony.workflows.follow(EntryFilter(run_id=run_id), after=after):
        yield entry
        if entry.type is EventType.WORKFLOW and entry.status in _ENDED:
            async for last in _rest(run_id, colony, after=entry.seq):
                yield last
            return


async def _rest(run_id: str, colony: Colony, *, after: int) -> AsyncIterator[Entry]:
    """Yield everything of a workflow that has ended; nothing more will come."""
    while entries := await _some(run_id, colony, after=after):
        for entry in entries:
            after = entry.seq
            yield entry


async def _some(run_id: str, colony: Colony, *, after: int) -> tuple[Entry, ...]:
    async with colony.ports.store.reading() as look:
        return await look.journal.after(after, _GULP, EntryFilter(run_id=run_id))


def _resumed(request: Request[Any, Any, Any], asked: EventQuery) -> int | None:
    header = request.headers.get("last-event-id")
    if header is None:
        return None if asked.last_event_id is UNSET else asked.last_event_id
    if not (header.isascii() and header.isdigit()) or int(header) > _LARGEST:
        raise Invalid("Last-Event-ID: must be the id of an event")
    return int(header)


ROUTES = (follow_all, follow_workflow)
