"""What people do with work: look at it, follow it, stop it, try it again."""

from collections.abc import AsyncIterator, Sequence

from colony_core.application.advancing import advance
from colony_core.application.bell import Bell
from colony_core.application.retrying import retry
from colony_core.domain.decisions import CancelAsked
from colony_core.domain.events import Entry
from colony_core.domain.histories import Journal, history_of
from colony_core.domain.workflows import Run, RunStatus, WorkflowEnded
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import EntryFilter, Page, Paging, RunFilter, Store, Transaction

_GULP = 500
"""How many entries of the journal a follower reads at once."""


class WorkflowDesk:
    """Shows and steers runs."""

    def __init__(self, store: Store, *, clock: Clock, work: Bell, news: Bell) -> None:
        self._store = store
        self._clock = clock
        self._work = work
        self._news = news

    async def get(self, run_id: str) -> Run:
        """Return one run, or raise `WorkflowNotFound`."""
        async with self._store.reading() as look:
            return await look.runs.get(run_id)

    async def page(self, paging: Paging, where: RunFilter = RunFilter()) -> Page[Run]:
        """Return some of the runs, oldest first."""
        async with self._store.reading() as look:
            return await look.runs.page(paging, where)

    async def children_of(self, run_ids: Sequence[str]) -> dict[str, tuple[Run, ...]]:
        """Return the child runs of every one of *run_ids*."""
        async with self._store.reading() as look:
            return await look.runs.children_of(run_ids)

    async def logs(self, run_id: str, paging: Paging) -> Page[Entry]:
        """Return some of what happened in a run, oldest first."""
        async with self._store.reading() as look:
            await look.runs.get(run_id)
            return await look.journal.page(paging, EntryFilter(run_id=run_id))

    async def journal(self, run_id: str) -> Journal:
        """Return what made a run and its children what they are now, without any secret.

        Raises `WorkflowNotFound`, or `JournalNotKept` when one of them is too old.
        """
        async with self._store.reading() as look:
            run = await look.runs.get(run_id)
            runs = (run, *(await look.runs.children_of([run_id]))[run_id])
            kept = await look.histories.of([one.id for one in runs])
        return Journal(tuple(history_of(one, kept.get(one.id, ())) for one in runs))

    async def cancel(self, run_id: str) -> Run:
        """Ask a run to stop at its next safe point; asking again, or of a cancelled run, changes nothing."""
        async with self._store.transaction() as tx:
            run = await tx.runs.get(run_id)
            if run.status in (RunStatus.COMPLETED, RunStatus.FAILED):
                raise WorkflowEnded(run)
            await self.ask_to_stop(tx, run)
            return await tx.runs.get(run_id)

    async def ask_to_stop(self, tx: Transaction, run: Run) -> None:
        """Do what `cancel` does, as a part of *tx*; a run that has ended is left alone."""
        await advance(tx, run, CancelAsked(), now=self._clock.now())
        tx.after_commit(self._work.ring)

    async def retry(self, run_id: str) -> Run:
        """Start a new run that goes on where the failed or cancelled one stopped."""
        async with self._store.transaction() as tx:
            run = await retry(tx, await tx.runs.get(run_id), now=self._clock.now())
            tx.after_commit(self._work.ring)
            return run

    async def follow(self, where: EntryFilter, *, after: int | None = None) -> AsyncIterator[Entry]:
        """Yield what happens from now on, or since entry *after*, in order, without gap or double, for ever."""
        seq = await self._last() if after is None else after
        while True:
            rung = self._news.next()
            async with self._store.reading() as look:
                entries = await look.journal.after(seq, _GULP, where)
            for entry in entries:
                seq = entry.seq
                yield entry
            if not entries:
                await rung.wait()

    async def _last(self) -> int:
        async with self._store.reading() as look:
            return await look.journal.last()
