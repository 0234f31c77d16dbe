"""One run from the beginning to the verdict."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from colony_core.domain.workflows import RunStatus
from colony_testkit.postgres_server import private_server
from soak.course import Course
from soak.crew import Crew
from soak.customers import Customers
from soak.listener import Listener
from soak.takeovers import Takeover, Takeovers
from soak.trouble import Deed, Trouble
from soak.verdict import World, failed_in, world, wrong_in

_LOOK = 0.5


class Report(Struct, frozen=True, kw_only=True):
    """What was done, what came of it, and everything that was `wrong`."""

    course: Course
    seconds: float
    deeds: tuple[Deed, ...]
    takeovers: tuple[Takeover, ...]
    statuses: dict[str, int]
    ended: dict[str, int]
    failed: tuple[str, ...]
    events: int
    wrong: tuple[str, ...]


@asynccontextmanager
async def crew_of(course: Course, *, folder: Path) -> AsyncIterator[Crew]:
    """Run everybody in *folder* and on a PostgreSQL of their own while inside."""
    with private_server() as postgres:
        crew = Crew(course, postgres=postgres, folder=folder)
        try:
            await crew.start()
            yield crew
        finally:
            await crew.stop()


async def run(course: Course, *, folder: Path) -> Report:
    """Ask, make trouble, let everything end, and judge; the logs of everybody are in *folder*."""
    async with crew_of(course, folder=folder) as crew:
        began = time.monotonic()
        customers, listener = Customers(course, crew), Listener(course, crew)
        trouble, takeovers = Trouble(course, crew), Takeovers(crew)
        trouble.at_work, trouble.on_kill = takeovers.at_work, takeovers.killed
        async with customers.open(), asyncio.TaskGroup() as group:
            beside = [group.create_task(listener.listen()), group.create_task(takeovers.watch())]
            async with asyncio.TaskGroup() as busy:
                busy.create_task(trouble.make())
                busy.create_task(customers.ask_for_all())
            unended = await _until_all_ended(customers, course)
            seen = await world(crew)
            await _until_heard(listener, seen.events[-1])
            for task in beside:
                task.cancel()
        wrong = [*unended, *wrong_in(seen, customers), *customers.wrong, *crew.crashes()]
        wrong += listener.wrong(seen.events)
        return _report(
            course, seen, began=began, trouble=trouble, takeovers=takeovers, customers=customers, wrong=wrong
        )


def _report(
    course: Course,
    seen: World,
    *,
    began: float,
    trouble: Trouble,
    takeovers: Takeovers,
    customers: Customers,
    wrong: list[str],
) -> Report:
    return Report(
        course=course,
        seconds=time.monotonic() - began,
        deeds=tuple(sorted(trouble.deeds, key=lambda deed: deed.at)),
        takeovers=tuple(takeovers.seen),
        statuses=dict(customers.statuses),
        ended=dict(Counter(f"{run.type} {run.status}" for run in seen.runs.values())),
        failed=tuple(failed_in(seen)),
        events=len(seen.events),
        wrong=tuple(wrong),
    )


async def _until_all_ended(customers: Customers, course: Course) -> list[str]:
    """Wait until every workflow has ended; say what has not when the patience is over."""
    end = time.monotonic() + course.patience
    over = {status.value for status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)}
    while True:
        workflows = await customers.everything("workflows")
        left = [one for one in workflows.values() if one["status"] not in over]
        if not left:
            return []
        if time.monotonic() > end:
            return [f"{one['id']} ({one['type']}) is still {one['status']} at {one['currentStep']}" for one in left]
        await asyncio.sleep(_LOOK)


async def _until_heard(listener: Listener, last: int) -> None:
    """Give the listener time to hear the last event, as it may wait for a server that is gone."""
    end = time.monotonic() + 60.0
    while listener.last < last and time.monotonic() < end:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(_LOOK)
