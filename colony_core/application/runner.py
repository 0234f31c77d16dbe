"""The runner answers calls: it takes runs further, performs what that asks for, and stores how it went.

One transaction takes many runs further; the acts that follow are performed outside of it, all at once. The store
is the only memory: what was in flight when a worker ended is found there, and begun again by whoever is called.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from colony_core.application.advancing import advance
from colony_core.application.bell import Bell
from colony_core.application.noting import note
from colony_core.application.parking import Turns
from colony_core.application.performing import Performer
from colony_core.application.tasks import Item, Task
from colony_core.application.upkeep import Upkeep
from colony_core.application.workplace import Workplace
from colony_core.domain.decisions import Act, Interrupted, Woken
from colony_core.domain.workflows import Run
from colony_core.errors import ColonyError
from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Call, Dispatcher
from colony_core.ports.persistence import StaleWrite, Store, Transaction

log = logging.getLogger("colony.runner")

BATCH = 200
"""How many runs one transaction takes further at the most: enough to share the cost of a commit."""

REST = timedelta(seconds=5)
"""How long a run is left alone after its transaction failed, and the store after it was out of reach."""

TRIES = 5
"""How often a run is taken further anew, at once, when somebody else changed what it touches."""


class Runner:
    """Keeps runs moving, as its dispatcher calls for it; any number may share a store if their dispatchers do.

    At most *max_installs* installations are under way at once in the whole store, and at most *acts_at_once* acts
    are performed here; 0 means any number.
    """

    def __init__(
        self,
        store: Store,
        performer: Performer,
        *,
        dispatcher: Dispatcher,
        clock: Clock,
        work: Bell,
        max_installs: int = 0,
        acts_at_once: int = 0,
    ) -> None:
        self._store = store
        self._performer = performer
        self._dispatcher = dispatcher
        self._clock = clock
        self._work = work
        self._upkeep = Upkeep(store, clock=clock)
        self._turns = Turns(max_installs)
        self._acts_at_once = acts_at_once
        self._items: list[Item] = []
        self._answered: list[Call] = []
        self._acting: dict[asyncio.Task[None], Task] = {}
        self._mine: set[Act] = set()

    async def run(self) -> None:
        """Keep everything moving until cancelled; then drop the acts in flight, for somebody to begin anew."""
        async with self._dispatcher.working(self._work.ring):
            try:
                await self._recovered()
                while True:
                    rung = self._work.next()
                    if not await self._pulse_or_rest():
                        await self._wait(rung)
            finally:
                await self._stop_acting()

    async def recover(self) -> None:
        """Let what waits for its turn look again if there is no limit any more. Call it once, before anything else."""
        with contextlib.suppress(StaleWrite):  # then another worker is doing the same
            async with self._store.transaction() as tx:
                await self._turns.begin(tx, now=self._clock.now())

    async def _recovered(self) -> None:
        """Recover as soon as the store is within reach: it may be away when a worker starts, too."""
        while True:
            try:
                return await self.recover()
            except ColonyError as error:
                log.warning("store out of reach: %s", error.details)
            await self._clock.sleep_until(self._clock.now() + REST)

    async def settle(self) -> None:
        """Do everything that can be done at the present moment, however many pulses it takes.

        Acts that wait for time to pass are left waiting.
        """
        while True:
            moved = await self._pulse()
            if self._acting and await self._performer.got_on(self._acting):
                continue
            if not moved and not self._items:
                return

    async def next_due(self) -> datetime | None:
        """Return when there is something to do again without being told, or None."""
        async with self._store.reading() as look:
            end = await self._upkeep.next_end(look)
        due = await self._dispatcher.next_due()
        return min((moment for moment in (due, end) if moment is not None), default=None)

    async def _pulse_or_rest(self) -> bool:
        try:
            return await self._pulse()
        except ColonyError as error:
            log.warning("store out of reach: %s", error.details)
            await self._clock.sleep_until(self._clock.now() + REST)
            return True

    async def _pulse(self) -> bool:
        """Take what has an outcome, or is called for, one event further; tell whether there was anything."""
        self._let_go()
        ended = await self._upkeep.done()
        answered, self._answered = self._answered, []
        items, self._items = self._items[:BATCH], self._items[BATCH:]
        try:
            if answered:
                await self._dispatcher.done(answered)
                answered = []
            if room := self._room():
                items += [Item(call) for call in await self._dispatcher.take(room)]
            tasks, moved = await self._advance_together(items)
        except ColonyError:
            self._answered += answered
            self._items = items + self._items
            raise
        places = await self._performer.survey([task.act for task in tasks]) if tasks else {}
        for task in tasks:
            self._start(task, places.get(task.act.run_id))
        return moved or ended

    def _room(self) -> int:
        """Return how many more runs may be taken on."""
        if not self._acts_at_once:
            return BATCH
        return max(min(BATCH, self._acts_at_once - len(self._acting) - len(self._items)), 0)

    async def _advance_together(self, items: Sequence[Item]) -> tuple[list[Task], bool]:
        """Advance *items* in one transaction, and call in whose turn it is; should one spoil it, each in its own."""
        now = self._clock.now()
        try:
            async with self._store.transaction() as tx:
                tasks = await self._advance_all(tx, items, now)
                called = await self._turns.call_in(tx, now=now)
        except Exception as error:
            if isinstance(error, ColonyError) and error.code == "UNAVAILABLE":
                raise
            level = logging.INFO if isinstance(error, StaleWrite) else logging.WARNING
            log.log(level, "a batch failed, its runs are advanced one by one: %s", type(error).__name__)
            return await self._advance_apart(items, now), True
        self._settle_calls(items, tasks)
        return tasks, bool(items or called)

    async def _advance_all(self, tx: Transaction, items: Sequence[Item], now: datetime) -> list[Task]:
        runs = await tx.runs.get_many([item.call.run_id for item in items])
        # Met together here, so that nobody below has to fetch them one by one.
        await tx.assets.get_many([run.asset_id for run in runs.values() if run.asset_id is not None])
        tasks: list[Task] = []
        for item in items:
            if item.call.run_id in runs:
                # Read anew: an item before this one may have changed the run, as a child changes its parent.
                acts = await self._advance_one(tx, await tx.runs.get(item.call.run_id), item, now)
                tasks += [Task(act, item.call) for act in acts]
        return tasks

    async def _advance_one(self, tx: Transaction, run: Run, item: Item, now: datetime) -> tuple[Act, ...]:
        woken = Woken(item.call.key)
        acts: tuple[Act, ...] = ()
        if item.outcome is not None:
            await note(tx, run, item.outcome, now=now)
            acts = await advance(tx, run, item.outcome.event, now=now)
        elif await self._turns.must_wait(tx, run, now=now):
            return ()
        elif self._is_left_behind(run, item.call):
            state = run.steps[run.position]
            acts = await advance(tx, run, Interrupted(state.name, state.attempt), now=now)
        else:
            acts = await advance(tx, run, woken, now=now)
        run = await tx.runs.get(run.id)
        while not acts and run.due is not None and run.due <= now:
            acts = await advance(tx, run, woken, now=now)
            run = await tx.runs.get(run.id)
        return acts

    def _is_left_behind(self, run: Run, call: Call) -> bool:
        """Tell whether the act in flight was begun under *call* by somebody who is gone: here nobody performs it."""
        if not run.performed_under(call.key):
            return False
        state = run.steps[run.position]
        here = (act for act in self._mine if act.run_id == run.id)
        return not any((act.step, act.attempt) == (state.name, state.attempt) for act in here)

    async def _advance_apart(self, items: Sequence[Item], now: datetime) -> list[Task]:
        tasks: list[Task] = []
        for item in items:
            try:
                begun = await self._advance_alone(item, now)
            except Exception as error:
                if isinstance(error, ColonyError) and error.code == "UNAVAILABLE":
                    self._items.append(item)
                    continue
                log.exception("workflow %s cannot be taken further now", item.call.run_id)
                self._forget(item)
                await self._put_off(item.call, now + REST)
            else:
                self._settle_calls([item], begun)
                tasks += begun
        return tasks

    async def _put_off(self, call: Call, until: datetime) -> None:
        try:
            await self._dispatcher.put_off([call], until)
        except ColonyError:
            self._answered.append(call)  # Let go of it later; what is overdue is called for again anyway.

    async def _advance_alone(self, item: Item, now: datetime) -> list[Task]:
        for _ in range(TRIES - 1):
            try:
                async with self._store.transaction() as tx:
                    return await self._advance_all(tx, [item], now)
            except StaleWrite:
                continue
        async with self._store.transaction() as tx:
            return await self._advance_all(tx, [item], now)

    def _settle_calls(self, items: Sequence[Item], tasks: Sequence[Task]) -> None:
        """Note which calls are answered, now that everything is stored; those of acts go on."""
        for item in items:
            self._forget(item)
        going_on = {task.call for task in tasks}
        self._answered += [item.call for item in items if item.call not in going_on]

    def _forget(self, item: Item) -> None:
        if item.outcome is not None:
            self._mine.discard(item.outcome.act)

    def _start(self, task: Task, place: Workplace | None) -> None:
        act = task.act
        acting = asyncio.create_task(self._act(task, place), name=f"{act.run_id} {act.step} {act.attempt}")
        self._mine.add(act)
        self._acting[acting] = task
        acting.add_done_callback(lambda done: self._acting.pop(done, None))

    async def _act(self, task: Task, place: Workplace | None) -> None:
        mine = partial(self._dispatcher.holds, task.call)
        outcome = await self._performer.perform(task.act, place, mine=mine)
        self._items.append(
            Item(task.call, outcome)
        )  # looked up after the wait: a pulse may have put another list there
        self._work.ring()

    def _let_go(self) -> None:
        """Stop what others have by now: they were told that this worker is gone, and begin it anew."""
        for acting, task in self._acting.items():
            if not self._dispatcher.holds(task.call):
                log.warning("workflow %s was taken over: this worker was silent too long", task.act.run_id)
                acting.cancel()
                self._mine.discard(task.act)
        for item in self._items:
            if not self._dispatcher.holds(item.call):
                self._forget(item)
        self._items = [item for item in self._items if self._dispatcher.holds(item.call)]

    async def _wait(self, rung: asyncio.Event) -> None:
        """Wait until somebody rings, or until the next run is due."""
        if self._items:
            return
        waiting: list[asyncio.Task[object]] = [asyncio.create_task(rung.wait())]
        due = await self._due_or_rest() if self._room() else None
        if due is not None:
            waiting.append(asyncio.create_task(self._clock.sleep_until(due)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _due_or_rest(self) -> datetime | None:
        try:
            return await self.next_due()
        except ColonyError as error:
            log.warning("store out of reach: %s", error.details)
            return self._clock.now() + REST

    async def _stop_acting(self) -> None:
        """Drop the acts in flight; whoever is called next finds their steps begun, and begins them again."""
        acting = list(self._acting)
        for task in acting:
            task.cancel()
        await asyncio.gather(*acting, return_exceptions=True)
        self._items, self._answered = [], []
        self._mine.clear()
