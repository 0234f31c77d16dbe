"""Polls every management controller in its turn, and stores how they are.

It walks over all assets in rounds, page by page, and begins no more polls than its budget allows. Controllers that
failed are tried again apart from the round, when their gate opens, and only a few of them at once. Where a workflow is
at work nothing is asked: what its own calls showed is taken over.
"""

import asyncio
import heapq
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from colony_core.application.bmc_queues import BmcQueues
from colony_core.application.safekeeping import BMC_PASSWORD
from colony_core.domain.assets import Asset
from colony_core.domain.breakers import Gate, Shut
from colony_core.domain.hardware import PowerReading, Protocol
from colony_core.domain.healths import BmcState, Health, news, same_but_for_time
from colony_core.domain.rounds import Budget, Polling, Round
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access
from colony_core.ports.persistence import AssetFilter, Paging, Store, Transaction

log = logging.getLogger("colony.polling")

TICK = timedelta(seconds=1)
WRITE = timedelta(seconds=5)
"""How often what was seen is stored, all of it in one transaction."""

PAGE = 1000


class Seen(Struct, frozen=True):
    """How a controller is after it was asked, by whomever."""

    gate: Gate
    asked_at: datetime
    power: PowerReading | None


class Poller:
    """Polls for one store, beside its runner; exactly one may be at work. *clock* is the machines', *wall* the real."""

    def __init__(self, store: Store, hardware: BmcQueues, *, clock: Clock, wall: Clock, polling: Polling) -> None:
        self._store = store
        self._hardware = hardware
        self._clock = clock
        self._wall = wall
        self._polling = polling
        self._budget = Budget(per_second=polling.per_second, at=wall.now())
        self._round: Round | None = None
        self._written_at = wall.now()
        self._polls: dict[asyncio.Task[None], bool] = {}
        self._seen: dict[str, Seen] = {}
        self._failing: dict[str, None] = {}
        self._trials: list[tuple[datetime, str]] = []
        self._slow: set[str] = set()

    async def run(self) -> None:
        """Poll until cancelled; what is not stored by then is seen again after the next start."""
        if not self._polling.interval:
            return
        try:
            while True:
                began = self._wall.now()
                try:
                    await self.tick()
                except ColonyError as error:
                    log.warning("polling rests, as the store is out of reach: %s", error.details)
                await self._wall.sleep_until(began + TICK)
        finally:
            for task in self._polls:
                task.cancel()
            await asyncio.gather(*self._polls, return_exceptions=True)

    async def tick(self) -> None:
        """Begin what is due and affordable now, and store what was seen, if it is time."""
        now = self._wall.now()
        self._budget = self._budget.at_moment(now)
        await self._try_failing()
        await self._go_on(now)
        if self._seen and now >= self._written_at + WRITE:
            await self.write()

    async def write(self) -> None:
        """Store what was seen, and tell what is news, in one transaction."""
        seen, self._seen, self._written_at = self._seen, {}, self._wall.now()
        try:
            async with self._store.transaction() as tx:
                await _write(tx, seen)
        except ColonyError:
            self._seen = seen | self._seen
            raise

    async def _go_on(self, now: datetime) -> None:
        """Give their turn to as many of the round as it is time for, and as the budget allows."""
        interval, place = self._polling.interval, self._round
        if place is None or (place.over and now >= place.began + interval):
            place = Round(began=now, assets=await self._count())
        elif place.over:
            return
        limit = min(place.wanted(now + TICK, interval), self._affordable(trials=False), PAGE)
        if limit <= 0:
            self._round = place
            return
        async with self._store.reading() as look:
            page = await look.assets.page(Paging(limit=limit, cursor=place.cursor), AssetFilter())
            accesses = await self._met(look, page.items)
        # Spread over the tick: begun at once they would hold the event loop, and every request with it, for a while.
        for number, asset in enumerate(page.items):
            self._visit(asset, accesses[asset.id], at=now + TICK * number / len(page.items))
        self._round = place.after(len(page.items), page.next_cursor)

    async def _try_failing(self) -> None:
        """Ask those again that failed, where their gate opens now."""
        due: list[str] = []
        at_most, now = self._affordable(trials=True), self._clock.now()
        while self._trials and self._trials[0][0] <= now and len(due) < at_most:
            due.append(heapq.heappop(self._trials)[1])
        if not due:
            return
        async with self._store.reading() as look:
            assets = await look.assets.get_many(due)
            accesses = await self._met(look, assets.values())
        for asset_id in due:
            self._failing.pop(asset_id, None)
            if asset_id in assets:
                self._visit(assets[asset_id], accesses[asset_id], at=self._wall.now(), trial=True)

    async def _met(self, look: Transaction, assets: Iterable[Asset]) -> dict[str, Access]:
        """Return how *assets* are spoken to; what an earlier process knew of new ones is taken over."""
        known = {asset.id: asset for asset in assets}
        passwords = await look.vault.get_many(tuple(known), BMC_PASSWORD)
        accesses = {id: Access(asset.bmc, passwords.get(id, Secret(""))) for id, asset in known.items()}
        new = [id for id, asset in known.items() if self._hardware.gate(asset.bmc) == Gate()]
        healths = await look.healths.get_many(new) if new else {}
        for id, health in healths.items():
            self._hardware.recall(accesses[id], health)
        return accesses

    def _visit(self, asset: Asset, access: Access, *, at: datetime, trial: bool = False) -> None:
        """Poll one asset *at* that moment, or see what is known of it where asking is no use, or in somebody's way."""
        nobody = asset.bmc.protocol is Protocol.MANUAL or not asset.bmc.protocol_known
        if nobody or asset.id in self._failing:
            return
        verdict = self._hardware.admission(access)
        if asset.held_by is not None or isinstance(verdict, Shut) or self._read_lately(access):
            self._take_over(asset)
            if isinstance(verdict, Shut) and verdict.until is not None:
                self._try_later(asset.id, verdict.until)
            return
        self._budget = self._budget.spent(1)
        task = asyncio.create_task(self._poll(asset, access, at=at), name=f"poll {asset.id}")
        self._polls[task] = trial
        task.add_done_callback(lambda done: self._polls.pop(done, None))

    async def _poll(self, asset: Asset, access: Access, *, at: datetime) -> None:
        await self._wall.sleep_until(at)
        before = self._hardware.gate(asset.bmc)
        patient = before.state is BmcState.DEGRADED or asset.id in self._slow
        deadline, began = None if patient else self._polling.quick, self._clock.now()
        try:
            await self._hardware.controller(access, deadline=deadline).power()
            if patient and self._clock.now() - began >= self._polling.quick:
                self._slow.add(asset.id)
        except ColonyError as error:
            log.debug("poll of %s: %s", asset.id, error.details)
        except Exception:
            log.exception("the poll of asset %s broke", asset.id)
        gate = self._hardware.gate(asset.bmc)
        if gate.failures and gate.ready_at is not None:
            self._try_later(asset.id, gate.ready_at)
        self._take_over(asset)

    def _take_over(self, asset: Asset) -> None:
        """See what the last call to the controller of *asset* showed."""
        asked_at = self._hardware.asked_at(asset.bmc)
        if asked_at is not None:
            self._seen[asset.id] = Seen(self._hardware.gate(asset.bmc), asked_at, self._hardware.power_of(asset.bmc))

    def _try_later(self, asset_id: str, at: datetime) -> None:
        if asset_id not in self._failing:
            self._failing[asset_id] = None
            heapq.heappush(self._trials, (at, asset_id))

    def _read_lately(self, access: Access) -> bool:
        reading = self._hardware.power_of(access.bmc)
        lately = self._clock.now() - self._polling.interval / 2
        return reading is not None and reading.at > lately and self._hardware.gate(access.bmc).failures == 0

    def _affordable(self, *, trials: bool) -> int:
        """Return how many polls may begin now; trials are few, and never use up the budget of the living."""
        saved = int(self._budget.saved)
        tried = sum(self._polls.values())
        if trials:
            return min(max(1, saved // 4) if saved else 0, self._hardware.sessions // 8 - tried)
        return min(saved, self._hardware.sessions // 2 - (len(self._polls) - tried))

    async def _count(self) -> int:
        async with self._store.reading() as look:
            return sum((await look.assets.count_by_status()).values())


async def _write(tx: Transaction, seen: dict[str, Seen]) -> None:
    known = await tx.healths.get_many(tuple(seen))
    healths = {id: _health(id, one, known.get(id)) for id, one in seen.items()}
    changed = [id for id, health in healths.items() if id not in known or not same_but_for_time(known[id], health)]
    assets = await tx.assets.get_many(changed)
    for id, health in healths.items():
        if id in changed and id in assets:
            tx.healths.put(health)
            for entry in news(assets[id], known.get(id), health):
                tx.journal.write(entry)
        elif id in known and health.checked_at > known[id].checked_at:
            tx.healths.touch(id, health.checked_at, read_at=health.power.at if health.power else None)


def _health(asset_id: str, seen: Seen, before: Health | None) -> Health:
    power = seen.power or (before.power if before else None)
    return Health(
        asset_id=asset_id,
        state=seen.gate.state,
        since=seen.gate.since,
        why=seen.gate.why,
        checked_at=seen.asked_at,
        power=power,
    )
