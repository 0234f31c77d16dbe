"""A service, the rack that it cares for, and everything that happens to both, on one virtual clock."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from colony_core import Colony, ColonyError, Ports
from colony_core.application.advancing import advance
from colony_core.domain.clusters import ClusterStatus
from colony_core.domain.decisions import Failed, Succeeded
from colony_core.domain.workflows import Fault, StepStatus
from colony_core.errors import Unavailable
from colony_core.ports.persistence import Store
from colony_simulator import SimulatedRack, Simulation, VirtualClock
from colony_testkit.crashes import Fuse, ProcessEnded, drop_everything, fused_ports, listening, nobody
from colony_testkit.lab import CountedChance, NoLimits, OpaqueAuthorities
from colony_testkit.pictures import Picture, taken
from colony_testkit.service_asks import Answer, Ask, Kubeconfig, Scene, enrolled
from colony_testkit.service_laws import at_rest, broken_at, broken_between, gone_astray, newly_ended, told_secrets
from colony_testkit.service_ledger import Ledger
from colony_testkit.service_watch import Watch, WatchedHardware, WatchedPlatform

PATIENCE = timedelta(days=30)
"""How long a service may take to come to rest when all hardware is silent."""

TOO_LATE = Fault("TOO_LATE", "Said by a process that was given up")


async def left_open(store: Store) -> Store:
    """Return *store* as it is: one that needs no process of its own."""
    return store


class ServiceWorld:
    """Holds the only references to a colony, so that it can be dropped without warning and built anew.

    `broken` collects, in words, every law that was found not to hold; `look` judges everything that happened since
    the last look.
    """

    def __init__(
        self,
        rack: SimulatedRack,
        *,
        clock: VirtualClock,
        store: Store,
        make_colony: Callable[[Ports], Colony] = Colony,
        reopen: Callable[[Store], Awaitable[Store]] = left_open,
    ) -> None:
        self.rack = rack
        self.clock = clock
        self.store = store
        self.ledger = Ledger()
        self.broken: list[str] = []
        self.picture = Picture(at=clock.now())
        self._make_colony = make_colony
        self._reopen = reopen
        self._looks = 0
        self._chance = CountedChance()
        self._watch = Watch(store, clock)
        self._fuse = Fuse()
        self.colony = self._built()

    def _built(self) -> Colony:
        """Return a new colony over everything that is there; its process ends with a new fuse."""
        ports = Ports(
            store=self.store,
            hardware=WatchedHardware(self.rack.hardware, self._watch),
            platform=WatchedPlatform(self.rack.platform, self._watch),
            authorities=OpaqueAuthorities(),
            rate_limiter=NoLimits(),
            clock=self.clock,
            wall=self.clock,
            chance=self._chance,
        )
        self._fuse = Fuse()
        colony = self._make_colony(fused_ports(ports, self._fuse))
        self.rack.connect(listening(colony.netboot))
        return colony

    async def enrol(self, machines: Sequence[int]) -> None:
        """Take these machines on, available at once."""
        self.ledger.took_on(*await enrolled(self._scene(), machines))

    async def ask(self, ask: Ask) -> None:
        """Ask one thing, and hold the service to its answer; what is refused must change nothing."""
        before = await taken(self.store, self.rack)
        refusal = await self._asked(ask)
        if refusal is None:
            return
        after = await taken(self.store, self.rack)
        if (before.revisions, before.seq) != (after.revisions, after.seq):
            self.broken.append(f"{ask} was refused ({refusal.code}: {refusal.details}), and changed something")

    async def tell_late(self, workflow: int, *, step: int, good: bool) -> None:
        """Tell a workflow how an attempt ended that is over, as a slow process would: nothing may change.

        *step* counts back from the present one.
        """
        waiting = [run for run in self.picture.living if run.current and run.current.status is StepStatus.RUNNING]
        if not waiting:
            return
        async with self.store.transaction() as tx:
            run = await tx.runs.get(waiting[workflow % len(waiting)].id)
            place = max(0, run.position - step)
            state = run.steps[place]
            attempt = state.attempt - (place == run.position)
            event = Succeeded(state.name, attempt) if good else Failed(state.name, attempt, TOO_LATE)
            await advance(tx, run, event, now=self.clock.now())
            if await tx.runs.get(run.id) != run:
                self.broken.append(f"{run.id} took the outcome of {state.name}, attempt {attempt}, which was over")

    async def ask_at_once(self, asks: Sequence[Ask]) -> None:
        """Ask several things at the same time, while the service is at work."""
        self._watch.crowded = True
        await asyncio.gather(*[self._asked(ask) for ask in asks], self._worked())
        self._watch.crowded = False
        if self._fuse.blown:
            await self.crash()

    async def _worked(self) -> None:
        with suppress(ProcessEnded):
            await self.colony.runner.settle()

    async def _asked(self, ask: Ask) -> ColonyError | None:
        picture = self.picture
        try:
            answer: Answer = await ask.of(self._scene())
        except ProcessEnded:
            self.ledger.in_doubt(ask.about(picture))
        except ColonyError as refusal:
            self._judge(ask, refusal)
            return refusal
        else:
            self.broken += ask.misread(self._scene(), answer)
            self.ledger.answered(ask, answer)
        return None

    def _judge(self, ask: Ask, refusal: ColonyError) -> None:
        if refusal.code == "INTERNAL_ERROR" or not refusal.details:
            self.broken.append(f"{ask} was refused without a reason: {refusal!r}")
        cluster = self.picture.clusters.get(ask.about(self.picture) or "") if isinstance(ask, Kubeconfig) else None
        if cluster is not None and cluster.status is ClusterStatus.READY and not isinstance(refusal, Unavailable):
            self.broken.append(f"{cluster.id} is ready, and does not give its kubeconfig: {refusal.details}")

    async def wait(self, span: timedelta) -> None:
        """Let *span* pass; a process that ends on the way is started again at once."""
        await self._run(self.rack, until=self.clock.now() + span)

    async def _run(
        self, rack: SimulatedRack, *, until: datetime | None = None, when: Callable[[], bool] = lambda: False
    ) -> None:
        while True:
            try:
                await Simulation(rack=rack, clock=self.clock, runner=self.colony.runner).run(until, when=when)
            except ProcessEnded:
                await self.crash()
            else:
                return

    def end_process_soon(self, moments: int) -> None:
        """Let the process end in so many moments: writes to the store, or effects on the world."""
        self._fuse.shorten(moments)

    async def crash(self, down: timedelta = timedelta(0)) -> None:
        """Drop the colony without warning; after so long, build another one on the same store."""
        self._fuse.blow()
        await drop_everything()
        self.rack.connect(nobody())
        if down:
            await Simulation(rack=self.rack, clock=self.clock).run(self.clock.now() + down)
        self.store = self._watch.store = await self._reopen(self.store)
        self.colony = self._built()
        await self.colony.runner.recover()

    async def look(self) -> list[str]:
        """Return every law that does not hold, judged by all that happened since the last look.

        Each look tells another of the workflows that wait how the attempt before the present one ended, as nothing
        else says so late in nearly every life that a fence is missing.
        """
        before, self.picture = self.picture, await taken(self.store, self.rack, seq=self.picture.seq)
        after = self.picture
        self._looks += 1
        await self.tell_late(self._looks, step=0, good=self._looks % 2 == 0)
        self.broken += self._watch.broken
        self.broken += broken_at(after.assets, after.runs, after.clusters)
        self.broken += broken_between(before, after, self.rack)
        self.broken += self._watch.taken_on_trust(before, after)
        self.broken += told_secrets(after, self.rack)
        self.broken += self.ledger.broken(after)
        for run in newly_ended(before, after):
            if run.parent_id is None:
                self.broken += gone_astray(await self.colony.workflows.journal(run.id))
        self._watch.broken = []
        return self.broken

    async def come_to_rest(self) -> list[str]:
        """Silence all hardware for ever, let time pass until nothing happens, and return what is not at rest then.

        The machines stand still: nothing but the service itself lets time pass.
        """
        self._watch.silent = True
        began, stillness = self.clock.now(), SimulatedRack(clock=self.clock)
        self.rack.connect(nobody())
        await self._run(stillness, when=lambda: self.clock.now() - began > PATIENCE)
        if self.clock.now() - began > PATIENCE:
            self.broken.append(f"The service is not at rest {PATIENCE} after all hardware fell silent")
        broken = await self.look()
        return broken + at_rest(self.picture)

    async def leave(self) -> list[str]:
        """Delete everything by force, and return what is still there."""
        self._fuse.shorten(None)
        for cluster_id in self.picture.clusters:
            await self.colony.clusters.delete(cluster_id, force=True)
        for asset_id in self.picture.assets:
            await self.colony.assets.forget(asset_id, force=True)
        left = await taken(self.store, self.rack, seq=self.picture.seq)
        return [f"{id} cannot be deleted" for id in (*left.clusters, *left.assets)]

    def _scene(self) -> Scene:
        return Scene(self.colony, self.rack, self.picture)
