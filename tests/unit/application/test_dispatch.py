"""Who looks after which run: the contract on dispatchers in memory, and runners that share a store through them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from colony_core.application.colony import Colony, Policy
from colony_core.application.dispatching import LoneDispatcher
from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.hardware import Power
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.workflows import RunStatus
from colony_core.ports.dispatch import Dispatcher
from colony_core.ports.hardware import Access, Controller, Hardware
from colony_simulator import Simulation, VirtualClock
from colony_testkit.cases import DispatchCase
from colony_testkit.crashes import Fuse, ProcessEnded, drop_everything, fused
from colony_testkit.dispatch_contract import DispatchContract, SharedDispatchContract
from colony_testkit.lab import Beginning, Lab, broken_laws, building, discovering, provisioning, wiping
from colony_testkit.memory_dispatch import MemoryDispatcher, Switchboard
from colony_testkit.memory_store import MemoryStore

PATIENCE = timedelta(seconds=10)


def moving(clock: VirtualClock) -> Callable[[timedelta], Awaitable[None]]:
    async def let_pass(by: timedelta) -> None:
        clock.advance(by)

    return let_pass


class TestLoneDispatcher(DispatchContract):
    @pytest.fixture
    def case(self) -> DispatchCase:
        store, clock = MemoryStore(), VirtualClock()

        async def hire() -> Dispatcher:
            return LoneDispatcher(store, clock=clock)

        async def lose(worker: Dispatcher) -> None:
            return None

        return DispatchCase(store=store, clock=clock, hire=hire, lose=lose, let_pass=moving(clock), patience=PATIENCE)


class SwitchboardCase:
    @pytest.fixture
    def case(self) -> DispatchCase:
        store, clock = MemoryStore(), VirtualClock()
        board = Switchboard(store, clock=clock, patience=PATIENCE)

        async def hire() -> Dispatcher:
            return board.worker()

        async def silence(worker: Dispatcher) -> None:
            assert isinstance(worker, MemoryDispatcher)
            board.silence(worker)

        async def thaw(worker: Dispatcher) -> None:
            assert isinstance(worker, MemoryDispatcher)
            board.wake(worker)

        async def forget() -> None:
            """There are no wake-ups: a worker looks what is due."""

        return DispatchCase(
            store=store,
            clock=clock,
            hire=hire,
            lose=silence,
            let_pass=moving(clock),
            patience=PATIENCE,
            freeze=silence,
            thaw=thaw,
            forget=forget,
        )


class TestSwitchboard(SwitchboardCase, DispatchContract):
    pass


class TestSharedSwitchboard(SwitchboardCase, SharedDispatchContract):
    pass


# Runners that share a store


class Crew:
    """A lab in which several colonies share the work, each with a dispatcher of its own."""

    def __init__(self, machines: int = 1, *, policy: Policy = Policy()) -> None:
        self.lab = Lab(machines, policy=policy)
        self.board = Switchboard(self.lab.store, clock=self.lab.clock, patience=PATIENCE)

    def join(self) -> tuple[Colony, MemoryDispatcher]:
        self.lab.dispatcher = worker = self.board.worker()
        return self.lab.open(), worker

    async def run(self, *colonies: Colony) -> None:
        simulation = Simulation(runner=Together(colonies), rack=self.lab.rack, clock=self.lab.clock)
        await simulation.run()


class Together:
    """Several runners at work at the same moments."""

    def __init__(self, colonies: tuple[Colony, ...]) -> None:
        self._runners = [colony.runner for colony in colonies]

    async def settle(self) -> None:
        await asyncio.gather(*(runner.settle() for runner in self._runners))

    async def next_due(self) -> datetime | None:
        return await self._runners[0].next_due()


class Gate:
    """Hardware where the reading of the power with this *number* waits until the gate is opened."""

    def __init__(self, inner: Hardware, *, number: int = 1) -> None:
        self._inner = inner
        self.left = number
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    def controller(self, access: Access) -> Controller:
        gate, inner = self, self._inner.controller(access)

        class Gated:
            async def power(self) -> Any:
                gate.left -= 1
                if gate.left == 0:
                    gate.reached.set()
                    await gate.opened.wait()
                return await inner.power()

            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

        return Gated()

    async def aclose(self) -> None:
        await self._inner.aclose()


async def ends(lab: Lab) -> tuple[object, ...]:
    assets, runs, clusters = await lab.assets(), await lab.workflows(), await lab.clusters()
    return (
        sorted((asset.id, asset.status, asset.held_by, asset.cluster_id) for asset in assets.values()),
        sorted((run.id, run.status, run.error) for run in runs.values()),
        sorted((cluster.id, cluster.status) for cluster in clusters.values()),
        await broken_laws(lab),
    )


@pytest.mark.parametrize("begin", [discovering, provisioning, wiping], ids=lambda begin: begin.__name__)
async def test_what_a_worker_leaves_at_any_moment_is_ended_by_another(begin: Beginning) -> None:
    moments, expected = await life_of_two(begin, at=None)

    for at in range(1, moments + 1):
        assert (await life_of_two(begin, at=at))[1] == expected, f"after moment {at} of {moments}"


async def life_of_two(begin: Beginning, *, at: int | None) -> tuple[int, tuple[object, ...]]:
    """Let one worker begin until its process ends at that moment, and another one go on."""
    crew, fuse = Crew(), Fuse(at)
    lab = crew.lab
    await begin(lab)
    lab.dispatcher = first = crew.board.worker()
    fused(lab, fuse)
    with contextlib.suppress(ProcessEnded):
        await lab.run(when=lambda: fuse.blown)
    if fuse.blown:
        await drop_everything()
        crew.board.silence(first)
        heir, _ = crew.join()
        await heir.runner.recover()
        await crew.run(heir)
    return fuse.moments, await ends(lab)


async def test_two_workers_build_a_cluster_together_and_perform_nothing_twice() -> None:
    alone, crew = Lab(3), Crew(3)
    build = building(ClusterType.K8S_STACK, Flavor.TALOS)
    await build(alone)
    await alone.run()

    colonies = [crew.join()[0] for _ in range(2)]
    await build(crew.lab)
    await crew.run(*colonies)

    assert await ends(crew.lab) == await ends(alone)
    attempts = {state.attempt for run in (await crew.lab.workflows()).values() for state in run.steps}
    assert attempts == {state.attempt for run in (await alone.workflows()).values() for state in run.steps}
    assert sorted(what.event for what in crew.lab.rack.history) == sorted(what.event for what in alone.rack.history)


async def test_what_a_living_worker_performs_is_not_begun_again_by_one_that_joins() -> None:
    crew = Crew()
    busy, _ = await at_the_gate(crew)
    other, _ = crew.join()

    await other.runner.recover()
    await other.runner.settle()

    contact = (await crew.lab.workflow()).steps[0]
    assert (contact.attempt, contact.interruptions) == (1, 0)
    busy.gate.opened.set()
    await busy.settling
    assert (await crew.lab.workflow()).steps[0].attempt == 1


async def test_a_zombie_changes_nothing_and_stops() -> None:
    crew = Crew()
    zombie, worker = await at_the_gate(crew)
    crew.board.silence(worker)
    crew.lab.clock.advance(PATIENCE)
    heir, _ = crew.join()
    await heir.runner.settle()
    taken_over = await crew.lab.workflow()
    assert (taken_over.steps[0].attempt, taken_over.steps[0].interruptions) == (2, 1)
    effects = len(crew.lab.rack.history)

    crew.board.wake(worker)
    zombie.gate.opened.set()
    await zombie.settling

    assert await crew.lab.workflow() == taken_over
    assert len(crew.lab.rack.history) == effects


async def test_a_zombie_that_has_seen_the_power_on_does_not_switch_it_off_any_more() -> None:
    crew = Crew()
    [machine] = crew.lab.rack.machines
    await crew.lab.rack.hardware.controller(Access(machine.bmc, machine.password)).set_power(Power.ON)
    await Simulation(rack=crew.lab.rack, clock=crew.lab.clock).run()
    zombie, worker = await at_the_gate(crew, number=2)
    step = (await crew.lab.workflow()).current
    assert step is not None
    assert step.name == "power-off"
    crew.board.silence(worker)
    crew.lab.clock.advance(PATIENCE)
    heir, _ = crew.join()
    await heir.runner.settle()

    crew.board.wake(worker)
    zombie.gate.opened.set()
    await zombie.settling

    assert [each.event for each in crew.lab.rack.history].count("told power off") == 1


class Stuck:
    """A colony in the middle of an act."""

    def __init__(self, colony: Colony, gate: Gate) -> None:
        self.gate = gate
        self.settling = asyncio.create_task(colony.runner.settle())


async def at_the_gate(crew: Crew, *, number: int = 1) -> tuple[Stuck, MemoryDispatcher]:
    await discovering(crew.lab)
    hardware = crew.lab.hardware
    crew.lab.hardware = gate = Gate(hardware, number=number)
    colony, worker = crew.join()
    crew.lab.hardware = hardware
    stuck = Stuck(colony, gate)
    await gate.reached.wait()
    return stuck, worker


async def test_no_more_machines_are_installed_at_once_than_allowed_however_many_workers_there_are() -> None:
    crew = Crew(6, policy=Policy(max_installs=2))
    await crew.lab.enrol()
    colonies = [crew.join()[0] for _ in range(3)]
    for number in range(1, 7):
        await crew.lab.colony.assets.provision(f"asset-{number}", ProvisionRequest())
    together, most = Together(tuple(colonies)), 0
    simulation = Simulation(runner=together, rack=crew.lab.rack, clock=crew.lab.clock)

    for _ in range(200):
        await simulation.run(crew.lab.clock.now() + timedelta(minutes=1))
        running = [run for run in (await crew.lab.workflows()).values() if run.status is RunStatus.RUNNING]
        most = max(most, len(running))

    assert most == 2
    assert {run.status for run in (await crew.lab.workflows()).values()} == {RunStatus.COMPLETED}


async def test_a_worker_takes_no_more_on_than_it_may_perform_at_once() -> None:
    crew = Crew(4, policy=Policy(acts_at_once=1))
    await crew.lab.enrol()
    for number in range(1, 5):
        await crew.lab.colony.assets.reboot(f"asset-{number}", boot_device=None)
    colony, _ = crew.join()

    await colony.runner.settle()

    assert len(crew.board.held) <= 1
    await crew.run(colony)
    assert {run.status for run in (await crew.lab.workflows()).values()} == {RunStatus.COMPLETED}
