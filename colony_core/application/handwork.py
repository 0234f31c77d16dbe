"""What people are asked to do by hand: shows it, and takes their word that it is done."""

from colony_core.application.advancing import advance
from colony_core.application.bell import Bell
from colony_core.domain.decisions import Succeeded
from colony_core.domain.tasks import Task, TaskNotFound, asked_in, awaited, task_of
from colony_core.domain.workflows import Run, RunStatus, WorkflowNotFound
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Paging, RunFilter, Store

_GULP = 1000


class TaskDesk:
    """Lists and confirms tasks. A task is a step of a workflow that waits, so it is never lost and never doubled."""

    def __init__(self, store: Store, *, clock: Clock, work: Bell) -> None:
        self._store = store
        self._clock = clock
        self._work = work

    async def all(self) -> tuple[Task, ...]:
        """Return every task that waits for somebody, the longest waiting workflow first."""
        tasks: list[Task] = []
        paging: Paging | None = Paging(limit=_GULP)
        async with self._store.reading() as look:
            while paging is not None:
                page = await look.runs.page(paging, RunFilter(status=RunStatus.RUNNING))
                assets = await look.assets.get_many([run.asset_id for run in page.items if run.asset_id is not None])
                found = (task_of(assets[run.asset_id], run) for run in page.items if run.asset_id in assets)
                tasks += [task for task in found if task is not None]
                paging = Paging(limit=_GULP, cursor=page.next_cursor) if page.next_cursor else None
        return tuple(tasks)

    async def confirm(self, asset_id: str, task_id: str) -> Run:
        """Take somebody's word that a task is done, and let the work go on; saying it again changes nothing.

        Raises `AssetNotFound`, `TaskNotFound`, or `TaskOver`.
        """
        async with self._store.transaction() as tx:
            asset = await tx.assets.get(asset_id)
            try:
                run = await tx.runs.get(asked_in(task_id))
            except WorkflowNotFound:
                raise TaskNotFound(task_id) from None
            if run.asset_id != asset.id:
                raise TaskNotFound(task_id)
            state = awaited(task_id, run)
            if state is not None:
                await advance(tx, run, Succeeded(state.name, state.attempt), now=self._clock.now())
                tx.after_commit(self._work.ring)
            return await tx.runs.get(run.id)
