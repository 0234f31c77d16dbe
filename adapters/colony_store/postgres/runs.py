"""Workflows in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from colony_core.domain.workflows import Run, WorkflowNotFound
from colony_core.ports.persistence import Page, Paging, RunFilter, StaleWrite
from colony_store.batches import Row
from colony_store.columns import due, in_flight, micros, moment
from colony_store.counters import Counters
from colony_store.postgres import listing, queries
from colony_store.postgres.table import Table
from colony_store.postgres.unit import Unit
from colony_store.postgres.wakes import Tell, Wakes
from colony_store.records import RUNS
from colony_store.shelf import Shelf

_CHILDREN = queries.RUNS["children"]
_BY_TICKET = queries.RUNS["by_ticket"]
_DUE = queries.RUNS["due"]
_IN_FLIGHT = queries.RUNS["in_flight"]


class PostgresRuns(Shelf[Unit, Run]):
    """See `colony_core.ports.persistence.Runs`."""

    def __init__(self, unit: Unit, counters: Counters, table: Table[Run], *, tell: Tell) -> None:
        super().__init__(unit, counters, table, missing=WorkflowNotFound)
        self._wakes = Wakes(unit, tell)

    def add(self, value: Run) -> None:
        """Hold back a new run, and tell when it is due."""
        super().add(value)
        self._wakes.note(value)

    def put(self, value: Run) -> None:
        """Hold back the next revision of a run, and tell when it is due."""
        super().put(value)
        self._wakes.note(value)

    async def children_of(self, run_ids: Sequence[str]) -> dict[str, tuple[Run, ...]]:
        """Return the children of each of *run_ids*, oldest first; those without children have none."""
        children: dict[str, tuple[Run, ...]] = dict.fromkeys(run_ids, ())
        if children:
            for child in await self.find(_CHILDREN, list(children)):
                children[str(child.parent_id)] += (child,)
        return children

    async def find_by_ticket(self, ticket: str) -> Run | None:
        """Return the run that has this *ticket*."""
        found = await self.find(_BY_TICKET, ticket)
        return found[0] if found else None

    async def page(self, paging: Paging, where: RunFilter) -> Page[Run]:
        """Return one page of the workflows that match."""
        return await self.page_of(paging, listing.runs(where))

    async def due(self, now: datetime, limit: int) -> tuple[Run, ...]:
        """Return the living runs that must be woken, the longest overdue first."""
        return tuple(sorted(await self.find(_DUE, micros(now), limit), key=_overdue))

    async def next_due(self) -> datetime | None:
        """Return when the next run must be woken."""
        ((at,),) = await self._unit.run(lambda link: link.rows(queries.RUNS["next_due"]))
        return None if at is None else moment(at)

    async def in_flight(self) -> tuple[Run, ...]:
        """Return the living runs whose present step was begun, oldest first."""
        return await self.find(_IN_FLIGHT)

    async def count(self, where: RunFilter) -> int:
        """Return how many workflows match."""
        query, filters = listing.run_count(where)
        ((count,),) = await self._unit.run(lambda link: link.rows(query, *filters))
        return int(count)

    async def count_by_status(self) -> dict[str, int]:
        """Return how many runs have each status that any has."""
        rows = await self._unit.run(lambda link: link.rows(queries.RUNS["counts"]))
        return dict(rows)


def table() -> Table[Run]:
    """Return how workflows lie in their table, with nothing remembered yet."""
    return Table("workflow", RUNS, queries.RUNS, columns=_columns, taken=_taken)


def _overdue(run: Run) -> int:
    return due(run) or 0


def _columns(run: Run) -> Row:
    return (
        run.status.value,
        run.type.value,
        run.asset_id,
        run.cluster_id,
        run.parent_id,
        run.ticket,
        due(run),
        in_flight(run),
    )


def _taken(run: Run) -> StaleWrite:
    return StaleWrite(f"Workflow '{run.id}', or one with its ticket, exists already: nothing was written")
