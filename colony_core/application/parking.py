"""Where installations wait for their turn."""

from datetime import datetime

from colony_core.application.advancing import befall
from colony_core.domain.events import Entry, EventType
from colony_core.domain.histories import CalledIn, Parked
from colony_core.domain.steps import WorkflowType
from colony_core.domain.workflows import Run, RunStatus
from colony_core.ports.persistence import Paging, RunFilter, Transaction

_WAITING = RunFilter(status=RunStatus.PENDING, type=WorkflowType.OS_PROVISION)
_INSTALLING = RunFilter(status=RunStatus.RUNNING, type=WorkflowType.OS_PROVISION)
_GULP = 200


class Turns:
    """Lets at most *limit* installations be under way at once; 0 means any number."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def must_wait(self, tx: Transaction, run: Run, *, now: datetime) -> bool:
        """Park an installation that would be one too many; it is called in when there is a place."""
        if not self._limit or run.type is not WorkflowType.OS_PROVISION or run.status is not RunStatus.PENDING:
            return False
        if await self._places_left(tx):
            return False
        park(tx, run, limit=self._limit, now=now)
        return True

    async def call_in(self, tx: Transaction, *, now: datetime) -> int:
        """Make as many of those that wait due as there are places left, the oldest first; return how many."""
        if self._limit and (left := await self._places_left(tx)):
            return await unpark(tx, now=now, at_most=left)
        return 0

    async def begin(self, tx: Transaction, *, now: datetime) -> None:
        """Let go of everybody who still waits from a time when there was a limit."""
        if not self._limit:
            await unpark(tx, now=now)

    async def _places_left(self, tx: Transaction) -> int:
        return max(self._limit - await tx.runs.count(_INSTALLING), 0)


def park(tx: Transaction, run: Run, *, limit: int, now: datetime) -> None:
    """Let *run* wait until it is called in."""
    befall(tx, run, Parked(), now=now)
    message = f"Waits for its turn: at most {limit} machines are installed at once"
    tx.journal.write(
        Entry(
            at=now,
            type=EventType.WORKFLOW,
            message=message,
            run_id=run.id,
            asset_id=run.asset_id,
            cluster_id=run.cluster_id,
            status=run.status,
        )
    )


async def unpark(tx: Transaction, *, now: datetime, at_most: int | None = None) -> int:
    """Make those that wait the longest due again, all of them unless *at_most* is given; return how many."""
    left, cursor, called = at_most, None, 0
    while left is None or left > 0:
        page = await tx.runs.page(Paging(limit=min(left or _GULP, _GULP), cursor=cursor), _WAITING)
        parked = [run for run in page.items if run.parked][:left]
        for run in parked:
            befall(tx, run, CalledIn(), now=now)
        called += len(parked)
        left = None if left is None else left - len(parked)
        cursor = page.next_cursor
        if cursor is None:
            break
    return called
