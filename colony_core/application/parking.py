"""Where installations wait for their turn."""

from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.events import Entry, EventType
from colony_core.domain.workflows import Run, RunStatus, StepState, WorkflowType
from colony_core.ports.persistence import Paging, RunFilter, Transaction

_WAITING = RunFilter(status=RunStatus.PENDING, type=WorkflowType.OS_PROVISION)
_GULP = 200


def park(tx: Transaction, run: Run, *, limit: int, now: datetime) -> None:
    """Let *run* wait until it is called in."""
    tx.runs.put(replace(run, parked=True))
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
        page = await tx.runs.page(Paging(limit=_GULP, cursor=cursor), _WAITING)
        parked = [run for run in page.items if run.parked][:left]
        for run in parked:
            tx.runs.put(replace(run, parked=False, steps=_due_now(run, now)))
        left = None if left is None else left - len(parked)
        cursor = page.next_cursor
        if cursor is None:
            return


def _due_now(run: Run, now: datetime) -> tuple[StepState, ...]:
    first = replace(run.steps[run.position], not_before=now)
    return (*run.steps[: run.position], first, *run.steps[run.position + 1 :])
