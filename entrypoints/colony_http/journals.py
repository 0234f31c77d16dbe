"""The route of journals, which `colony replay` runs again."""

from datetime import datetime
from typing import Any, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from colony_core import Colony
from colony_core.application.journals import written
from colony_core.domain.histories import JournalNotKept
from colony_core.domain.workflows import WorkflowNotFound
from colony_http.operations import Operation, described
from colony_http.replies import Reply


class HappeningView(Struct, frozen=True):
    """One thing that changed a workflow, and where it left it; `type` says which of the kinds it is."""

    at: datetime
    what: dict[str, Any]
    after: dict[str, Any]


class HistoryView(Struct, frozen=True):
    """One workflow as it is, and all that made it so, oldest first."""

    run: dict[str, Any]
    happenings: tuple[HappeningView, ...]


class JournalView(Struct, frozen=True):
    """A document for `colony replay`: a workflow's history, then those of the workflows that it began.

    It has a version of its own, and names of its own: hand it on as it is.
    """

    format: Literal["colony-journal"]
    version: int
    histories: tuple[HistoryView, ...]


_JOURNAL = Operation(
    summary="Get a workflow's journal",
    tag="Workflows",
    answers={200: JournalView},
    errors=(WorkflowNotFound, JournalNotKept),
)


@get("/workflows/{id:str}/journal", **described(_JOURNAL))
async def get_journal(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return everything that made a workflow what it is, without any secret; `colony replay` runs it again."""
    return Reply(written(await colony.workflows.journal(id)))


ROUTES = (get_journal,)
