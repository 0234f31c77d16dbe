"""Where installations wait for their turn."""

from datetime import datetime

from colony_core.application.advancing import befall
from colony_core.domain.events import Entry, EventType
from colony_core.domain.histories import CalledIn, Parked
from colony_core.domain.workflows import Run, RunStatus, WorkflowType
from colony_core.ports.persistence import Paging, RunFilter, Transaction

_WAITING = RunFilter(status=RunStatus.PENDING, type=WorkflowType.OS_PROVISION)
_GULP = 200


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


async def unpark(tx: Transaction, *, now: datetime, at_most: int | None = None) -> None:
    """Make those that wait the longest due again, all of them unless *at_most* is given; each looks for itself."""
    left, cursor = at_most, None
    while left is None or left > 0:
        page = await tx.runs.page(Paging(limit=min(left or _GULP, _GULP), cursor=cursor), _WAITING)
        parked = [run for run in page.items if run.parked][:left]
        for run in parked:
            befall(tx, run, CalledIn(), now=now)
        left = None if left is None else left - len(parked)
        cursor = page.next_cursor
        if cursor is None:
            return
