"""The runner wakes what is due, performs what that asks for, and stores how it went.

One transaction takes many runs further; the acts that follow are performed outside of it, all at once. The store
is the only memory: what was in flight when a process ended is found there, and begun again.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from colony_core.application.advancing import advance
from colony_core.application.bell import Bell
from colony_core.application.parking import park, unpark
from colony_core.application.performing import Outcome, Performer
from colony_core.application.upkeep import Upkeep
from colony_core.application.workplace import Sighting, Workplace
from colony_core.domain.assets import Asset, cycles_at
from colony_core.domain.hardware import Power
from colony_core.domain.workflows import Act, Interrupted, Run, RunStatus, Woken, WorkflowType
from colony_core.errors import ColonyError
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import RunFilter, Store, Transaction

log = logging.getLogger("colony.runner")

BATCH = 200
"""How many runs one transaction takes further at the most: enough to share the cost of a commit."""

INSTALLING = RunFilter(status=RunStatus.RUNNING, type=WorkflowType.OS_PROVISION)

REST = timedelta(seconds=5)
"""How long a run is left alone after its transaction failed, and the store after it was out of reach."""


class Item(Struct, frozen=True):
    """One run to take further: because of an outcome, or because it is due."""

    run_id: str
    outcome: Outcome | None = None


class Runner:
    """Keeps every run of one store moving. Exactly one runner may be at work on a store at a time.

    At most *max_installs* installations are under way at once; 0 means any number.
    """

    def __init__(self, store: Store, performer: Performer, *, clock: Clock, work: Bell, max_installs: int = 0) -> None:
        self._store = store
        self._performer = performer
        self._clock = clock
        self._work = work
        self._max_installs = max_installs
        self._upkeep = Upkeep(store, clock=clock)
        self._outcomes: list[Outcome] = []
        self._acting: dict[asyncio.Task[None], Act] = {}
        self._resting: dict[str, datetime] = {}

    async def run(self) -> None:
        """Keep everything moving until cancelled; then let the acts in flight tell how they went, or drop them."""
        await self.recover()
        try:
            while True:
                rung = self._work.next()
                moved = await self._pulse_or_rest()
                if not moved:
                    await self._wait(rung)
        finally:
            await self._stop_acting()

    async def recover(self) -> None:
        """Begin anew what was in flight when the last process ended. Call it once, before anything else.

        What waits for its turn is called in by the pulses; without a limit there are no turns, and all come in.
        """
        async with self._store.transaction() as tx:
            now = self._clock.now()
            if not self._max_installs:
                await unpark(tx, now=now)
            for run in await tx.runs.in_flight():
                if (state := run.current) is not None:
                    await advance(tx, run, Interrupted(state.name, state.attempt), now=now)

    async def settle(self) -> None:
        """Do everything that can be done at the present moment, however many pulses it takes.

        Acts that wait for time to pass are left waiting.
        """
        while True:
            moved = await self._pulse()
            if self._acting and await self._performer.got_on(self._acting):
                continue
            if not moved and not self._outcomes:
                return

    async def next_due(self) -> datetime | None:
        """Return when the next run is due or the next maintenance ends, or None while nothing waits."""
        async with self._store.reading() as look:
            due = await look.runs.next_due()
            end = await self._upkeep.next_end(look)
        # What rests is due already: without this a wait for it would end at once, over and over.
        rested = [until for until in self._resting.values() if until > self._clock.now()]
        if due is not None:
            due = max(due, min(rested, default=due))
        return min((moment for moment in (due, end) if moment is not None), default=None)

    async def _pulse_or_rest(self) -> bool:
        try:
            return await self._pulse()
        except ColonyError as error:
            log.warning("store out of reach: %s", error.details)
            await self._clock.sleep_until(self._clock.now() + REST)
            return False

    async def _pulse(self) -> bool:
        """Take what has an outcome, or is due, one event further; tell whether there was anything."""
        ended = await self._upkeep.done()
        outcomes, self._outcomes = self._outcomes[:BATCH], self._outcomes[BATCH:]
        items = [Item(outcome.act.run_id, outcome) for outcome in outcomes]
        try:
            acts, moved = await self._advance_together(items)
        except ColonyError:
            self._outcomes = outcomes + self._outcomes
            raise
        places = await self._performer.survey(acts) if acts else {}
        for act in acts:
            self._start(act, places.get(act.run_id))
        return moved or ended

    async def _advance_together(self, items: Sequence[Item]) -> tuple[tuple[Act, ...], bool]:
        """Advance *items* and what is due in one transaction; should one run spoil it, each in its own."""
        now = self._clock.now()
        due: list[Item] = []
        try:
            async with self._store.transaction() as tx:
                await self._call_in(tx, now=now)
                due = [Item(run.id) for run in await tx.runs.due(now, BATCH) if self._rested(run.id, now)]
                acts = await self._advance_all(tx, [*items, *due], now)
        except Exception as error:
            if isinstance(error, ColonyError) and error.code == "UNAVAILABLE":
                raise
            log.warning("a batch failed, its runs are advanced one by one: %s", type(error).__name__)
            return await self._advance_apart([*items, *due], now), True
        return acts, bool(items or due)

    async def _advance_all(self, tx: Transaction, items: Sequence[Item], now: datetime) -> tuple[Act, ...]:
        runs = await tx.runs.get_many([item.run_id for item in items])
        # Met together here, so that nobody below has to fetch them one by one.
        await tx.assets.get_many([run.asset_id for run in runs.values() if run.asset_id is not None])
        acts: tuple[Act, ...] = ()
        for item in items:
            if item.run_id in runs:
                # Read anew: an item before this one may have changed the run, as a child changes its parent.
                acts += await self._advance_one(tx, await tx.runs.get(item.run_id), item, now)
        return acts

    async def _advance_one(self, tx: Transaction, run: Run, item: Item, now: datetime) -> tuple[Act, ...]:
        if item.outcome is not None:
            await _note(tx, run, item.outcome, now=now)
        elif await self._must_wait(tx, run, now=now):
            return ()
        acts = await advance(tx, run, item.outcome.event if item.outcome else Woken(), now=now)
        run = await tx.runs.get(run.id)
        while not acts and run.due is not None and run.due <= now:
            acts = await advance(tx, run, Woken(), now=now)
            run = await tx.runs.get(run.id)
        return acts

    async def _must_wait(self, tx: Transaction, run: Run, *, now: datetime) -> bool:
        """Park an installation that would be one too many; it is called in when there is a place."""
        if not self._max_installs or run.type is not WorkflowType.OS_PROVISION or run.status is not RunStatus.PENDING:
            return False
        if await self._places_left(tx):
            return False
        park(tx, run, limit=self._max_installs, now=now)
        return True

    async def _call_in(self, tx: Transaction, *, now: datetime) -> None:
        """Make as many of those that wait for their turn due as there are places left, the oldest first."""
        if self._max_installs and (left := await self._places_left(tx)):
            await unpark(tx, now=now, at_most=left)

    async def _places_left(self, tx: Transaction) -> int:
        return self._max_installs - await tx.runs.count(INSTALLING)

    async def _advance_apart(self, items: Sequence[Item], now: datetime) -> tuple[Act, ...]:
        acts: tuple[Act, ...] = ()
        for item in items:
            try:
                async with self._store.transaction() as tx:
                    acts += await self._advance_all(tx, [item], now)
            except Exception:
                log.exception("workflow %s cannot be taken further now", item.run_id)
                self._resting[item.run_id] = now + REST
        return acts

    def _rested(self, run_id: str, now: datetime) -> bool:
        until = self._resting.get(run_id)
        if until is not None and until <= now:
            del self._resting[run_id]
            until = None
        return until is None

    def _start(self, act: Act, place: Workplace | None) -> None:
        task = asyncio.create_task(self._act(act, place), name=f"{act.run_id} {act.step} {act.attempt}")
        self._acting[task] = act
        task.add_done_callback(lambda done: self._acting.pop(done, None))

    async def _act(self, act: Act, place: Workplace | None) -> None:
        outcome = await self._performer.perform(act, place)
        self._outcomes.append(outcome)  # looked up after the wait: a pulse may have put another list there
        self._work.ring()

    async def _wait(self, rung: asyncio.Event) -> None:
        """Wait until somebody rings, or until the next run is due."""
        if self._outcomes:
            return
        due = await self.next_due()
        waiting: list[asyncio.Task[object]] = [asyncio.create_task(rung.wait())]
        if due is not None:
            waiting.append(asyncio.create_task(self._clock.sleep_until(due)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _stop_acting(self) -> None:
        """Drop the acts in flight; the next start finds their steps begun, and begins them again."""
        acting = list(self._acting)
        for task in acting:
            task.cancel()
        await asyncio.gather(*acting, return_exceptions=True)


async def _note(tx: Transaction, run: Run, outcome: Outcome, *, now: datetime) -> None:
    """Remember what the act saw of its machine."""
    seen = outcome.sighting
    if seen is None or run.asset_id is None:
        return
    asset = (await tx.assets.get_many([run.asset_id])).get(run.asset_id)
    if asset is None or asset.held_by != run.id:
        return
    if seen.restarted or _was_switched_on(asset, seen):
        asset = replace(asset, power_cycles=(*cycles_at(asset, now), now))
    tx.assets.put(replace(asset, power=seen.power or asset.power, identity=seen.identity or asset.identity))


def _was_switched_on(asset: Asset, seen: Sighting) -> bool:
    """Tell whether the machine, last seen off, is on now: what was ordered in between may have taken many attempts."""
    before, after = asset.power, seen.power
    return before is not None and before.power is Power.OFF and after is not None and after.power is Power.ON
