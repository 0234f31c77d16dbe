"""The whole service as a state machine: any use case, fault or crash at any time, and the laws after each of them.

    from colony_testkit.service_machine import ServiceMachine

    class MyService(ServiceMachine):
        def make_colony(self, ports: Ports) -> Colony:
            return Colony(ports, policy=...)  # your own embedding

    TestMyService = MyService.TestCase
    TestMyService.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)

Each example begins with a rack of `machines` machines and an empty store. Its rules are what people ask, what breaks,
and time; after each of them time passes, and everything is judged (`colony_testkit.service_laws`). At its end all
hardware falls silent for ever: everything must come to rest by itself, and must then be deletable by force.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from colony_core import Asset, AssetStatus, Colony, Ports, WipeMethod
from colony_core.ports.persistence import Store
from colony_simulator import Fault, KeepsData, SimulatedRack, VirtualClock
from colony_testkit import service_asks as asks
from colony_testkit.crashes import ProcessEnded
from colony_testkit.faults import LYING, FaultScript, fault_scripts, faults
from colony_testkit.memory_store import MemoryStore
from colony_testkit.service_strategies import (
    MACHINES,
    anything,
    cancels,
    cluster_deletions,
    creations,
    deletions,
    discoveries,
    growths,
    installations,
    kubeconfigs,
    maintenances,
    numbers,
    places,
    provisions,
    reboots,
    registrations,
    removals,
    retries,
    spans,
    wipes,
)
from colony_testkit.service_world import ServiceWorld

T = TypeVar("T")


def _clusters_exist(machine: "ServiceMachine") -> bool:
    return bool(machine.world.picture.clusters)


def _workflows_exist(machine: "ServiceMachine") -> bool:
    return bool(machine.world.picture.runs)


def _wipeable(machine: "ServiceMachine") -> list[Asset]:
    assets = machine.world.picture.assets.values()
    loose = [one for one in assets if one.held_by is None and one.cluster_id is None and one.maintenance is None]
    return [one for one in loose if one.status is AssetStatus.PROVISIONED]


def _wipes_are_possible(machine: "ServiceMachine") -> bool:
    return bool(_wipeable(machine))


class ServiceMachine(RuleBasedStateMachine):
    """Subclass it, override `make_colony` or `make_store`, and your embedding is held to the laws.

    Everything asynchronous runs on a loop of the machine's own; do not call it from inside another one.
    """

    machines = MACHINES

    def __init__(self) -> None:
        super().__init__()
        self._sound = False
        self._loop = asyncio.Runner()
        self._loop.get_loop().set_exception_handler(_without_ended_processes)
        self.world = self._do(self._begun())
        self.rack = self.world.rack

    async def make_store(self) -> Store:
        """Return the empty store of one example; a `MemoryStore` unless it is overridden."""
        return MemoryStore()

    async def reopen_store(self, store: Store) -> Store:
        """Return the store as the next process finds it after a crash: the same one, unless it is overridden."""
        return store

    def make_colony(self, ports: Ports) -> Colony:
        """Return a colony over *ports*; called again after every crash, with the same store behind them."""
        return Colony(ports)

    @initialize(known=st.sampled_from((MACHINES, MACHINES, MACHINES, 2, 0)))
    def enrol(self, known: int) -> None:
        """Begin with some machines that are available already."""
        self._happens(self.world.enrol(range(1, known + 1)), then=timedelta(seconds=1))

    @rule(ask=registrations, then=spans)
    def register(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=discoveries, then=spans)
    def discover(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=provisions, then=spans)
    def provision(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=wipes, then=spans)
    def wipe(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=reboots, then=spans)
    def reboot(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=maintenances, then=spans)
    def maintain(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @rule(ask=deletions, then=spans)
    def forget(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_workflows_exist)
    @rule(place=places, after=st.sampled_from((1, 3)), then=spans)
    def register_anew(self, place: int, after: int, then: timedelta) -> None:
        """Forget an asset that is worked on by force, and register the same machine again very soon."""
        worked_on = [asset for asset in self.world.picture.assets.values() if asset.held_by is not None]
        if not worked_on:
            return
        asset = worked_on[place % len(worked_on)]
        machine = next(n for n, one in enumerate(self.rack.machines, 1) if one.bmc.address == asset.bmc.address)
        name = int(asset.id.removeprefix("asset-"))
        self._happens(self.world.ask(asks.Forget(name, force=True)), then=timedelta(seconds=after))
        self._happens(self.world.ask(asks.Register(machine, name)), then=then)

    @rule(machine=numbers, name=numbers, after=st.sampled_from((0, 1, 3)), then=spans)
    def replace_machine(self, machine: int, name: int, after: int, then: timedelta) -> None:
        """Forget an asset by force, and register a machine under its id at once, or very soon."""
        self._happens(self.world.ask(asks.Forget(name, force=True)), then=timedelta(seconds=after))
        self._happens(self.world.ask(asks.Register(machine, name)), then=then)

    @rule(ask=creations, then=spans)
    def create_cluster(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_clusters_exist)
    @rule(ask=growths, then=spans)
    def grow_cluster(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_clusters_exist)
    @rule(ask=removals, then=spans)
    def shrink_cluster(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_clusters_exist)
    @rule(ask=cluster_deletions, then=spans)
    def delete_cluster(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_clusters_exist)
    @rule(ask=kubeconfigs, then=spans)
    def fetch_kubeconfig(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_workflows_exist)
    @rule(ask=cancels, then=spans)
    def cancel(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_workflows_exist)
    @rule(ask=retries, then=spans)
    def retry(self, ask: asks.Ask, then: timedelta) -> None:
        self._happens(self.world.ask(ask), then=then)

    @precondition(_workflows_exist)
    @rule(workflow=places, step=st.sampled_from((0, 0, 0, 1, 2)), good=st.booleans(), then=spans)
    def tell_late(self, workflow: int, step: int, then: timedelta, *, good: bool) -> None:
        """Let somebody say how an attempt ended that was given up long ago."""
        self._happens(self.world.tell_late(workflow, step=step, good=good), then=then)

    @rule(several=st.lists(anything, min_size=2, max_size=4), then=spans)
    def ask_at_once(self, several: list[asks.Ask], then: timedelta) -> None:
        """Ask several things at the same moment."""
        self._happens(self.world.ask_at_once(several), then=then)

    @rule(script=fault_scripts([f"asset-{number}" for number in range(1, MACHINES + 1)]), then=spans)
    def break_hardware(self, script: FaultScript, then: timedelta) -> None:
        """Let hardware fail as *script* says."""
        script.play(self.rack)
        self._happens(_nothing(), then=then)

    @rule(fault=faults(*LYING), ask=st.one_of(installations, installations, discoveries), then=spans)
    def work_on_broken_hardware(self, fault: Fault, ask: asks.OfMachine, then: timedelta) -> None:
        """Ask for work on an idle machine, if there is any, whose hardware is about to lie."""
        idle = [id for id, asset in self.world.picture.assets.items() if asset.held_by is None]
        machine = int(idle[ask.machine % len(idle)].removeprefix("asset-")) if idle else ask.machine
        self.rack.fault(f"asset-{machine}", fault, times=1)
        self._happens(self.world.ask(replace(ask, machine=machine)), then=then)

    @precondition(_wipes_are_possible)
    @rule(place=places, method=st.sampled_from(WipeMethod), kept=st.booleans())
    def wipe_what_is_installed(self, place: int, method: WipeMethod, *, kept: bool) -> None:
        """Erase an installed machine, whose disks keep their data or do not, and wait for the end of it."""
        asset = _wipeable(self)[place % len(_wipeable(self))]
        if kept:
            self.rack.fault(asset.id, KeepsData())
        number = int(asset.id.removeprefix("asset-"))
        self._happens(self.world.ask(asks.WipeDisks(number, method=method)), then=timedelta(hours=14))

    @rule(machine=numbers, then=spans)
    def mend(self, machine: int, then: timedelta) -> None:
        """Take every fault off a machine."""
        self.rack.mend(f"asset-{machine}")
        self._happens(_nothing(), then=then)

    @rule(then=spans)
    def time_passes(self, then: timedelta) -> None:
        """Do nothing."""
        self._happens(_nothing(), then=then)

    @rule(down=spans, then=spans)
    def crash(self, down: timedelta, then: timedelta) -> None:
        """Drop the service without warning, and start another one some time later."""
        self._happens(self.world.crash(down), then=then)

    @rule(moments=st.integers(1, 12))
    def crash_in_the_middle(self, moments: int) -> None:
        """Let the service end after so many writes and effects, in the middle of whatever happens next."""
        self.world.end_process_soon(moments)

    @invariant()
    def the_laws_hold(self) -> None:
        broken = self._do(self.world.look())
        assert not broken, "\n".join(broken)
        self._sound = True

    def teardown(self) -> None:
        """Let all hardware fall silent for ever, and see everything come to rest."""
        try:
            if self._sound:
                broken = self._do(self._ended())
                assert not broken, "\n".join(broken)
        finally:
            self._do(self.world.store.aclose())
            self._loop.close()

    async def _ended(self) -> list[str]:
        return await self.world.come_to_rest() or await self.world.leave()

    async def _begun(self) -> ServiceWorld:
        clock = VirtualClock()
        return ServiceWorld(
            SimulatedRack.of(self.machines, disks=2, sticks=True, seed=1, clock=clock),
            clock=clock,
            store=await self.make_store(),
            make_colony=self.make_colony,
            reopen=self.reopen_store,
        )

    def _happens(self, what: Awaitable[None], *, then: timedelta) -> None:
        self._sound = False
        self._do(self._followed(what, then))

    async def _followed(self, what: Awaitable[None], then: timedelta) -> None:
        await what
        await self.world.wait(then)

    def _do(self, what: Awaitable[T]) -> T:
        async def done() -> T:
            return await what

        return self._loop.run(done())


async def _nothing() -> None:
    """Let nothing happen."""


def _without_ended_processes(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Pass over acts that nobody asks any more how they went, because their process has ended."""
    if not isinstance(context.get("exception"), ProcessEnded):
        loop.default_exception_handler(context)
