import asyncio
from datetime import datetime, timedelta

import pytest

from colony_core.domain.hardware import BootDevice, Power
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access
from colony_core.ports.netboot import BootAnswer, TurnOff
from colony_simulator import SimulatedRack, Simulation, SnapshotInvalid, Stalled, VirtualClock, reference_machine
from colony_simulator.activities import AwaitingPowerOff, Hung, NetworkBoot
from colony_testkit.rack_operator import RackOperator
from colony_testkit.scripted_netboot import ScriptedNetboot


class PunctualRunner:
    """Wants to be woken at given moments, and notes when it was."""

    def __init__(self, clock: Clock, *, due: list[datetime]) -> None:
        self._clock = clock
        self.due = due
        self.woken: list[datetime] = []

    async def settle(self) -> None:
        while self.due and self.due[0] <= self._clock.now():
            self.due.pop(0)
            self.woken.append(self._clock.now())

    async def next_due(self) -> datetime | None:
        return self.due[0] if self.due else None


class LazyRunner:
    """Has something to do, and never does it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def settle(self) -> None:
        return

    async def next_due(self) -> datetime | None:
        return self._clock.now()


async def test_a_runner_is_woken_at_the_very_moment_that_it_named() -> None:
    clock = VirtualClock()
    moments = [clock.now() + timedelta(seconds=each) for each in (0, 1, 1, 3600)]
    runner = PunctualRunner(clock, due=list(moments))
    await Simulation(rack=SimulatedRack(clock=clock), clock=clock, runner=runner).run()

    assert runner.woken == moments
    assert clock.now() == moments[-1]


async def test_a_simulation_stops_where_it_was_told_to() -> None:
    clock = VirtualClock()
    until = clock.now() + timedelta(minutes=1)
    runner = PunctualRunner(clock, due=[clock.now() + timedelta(hours=1)])
    await Simulation(rack=SimulatedRack(clock=clock), clock=clock, runner=runner).run(until)

    assert clock.now() == until
    assert not runner.woken


async def test_with_a_grain_time_moves_no_finer_and_never_past_its_end() -> None:
    clock = VirtualClock()
    start = clock.now()
    runner = PunctualRunner(clock, due=[start + timedelta(seconds=each) for each in (1, 2, 7, 30, 36)])
    simulation = Simulation(rack=SimulatedRack(clock=clock), clock=clock, runner=runner, grain=timedelta(seconds=5))
    await simulation.run(start + timedelta(seconds=37))

    assert [(woken - start).seconds for woken in runner.woken] == [5, 5, 10, 30, 36]


async def test_a_simulation_stops_when_what_was_hoped_for_is_true(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.controller(machine).set_power(Power.ON)
    await operator.simulation.run(when=lambda: machine.power is Power.ON)

    assert operator.rack.next_event() is not None, "the machine goes on to its self-test"


async def test_whoever_sleeps_on_the_clock_is_woken_too() -> None:
    clock = VirtualClock()
    woken = []

    async def sleeper() -> None:
        for _ in range(3):
            await clock.sleep_until(clock.now() + timedelta(minutes=5))
            woken.append(clock.now())

    async with asyncio.TaskGroup() as tasks:
        start = clock.now()
        tasks.create_task(sleeper())
        await asyncio.sleep(0)
        await Simulation(rack=SimulatedRack(clock=clock), clock=clock).run()

    assert woken == [start + timedelta(minutes=minutes) for minutes in (5, 10, 15)]


async def test_work_that_is_due_and_never_done_stops_the_simulation() -> None:
    clock = VirtualClock()

    with pytest.raises(Stalled):
        await Simulation(rack=SimulatedRack(clock=clock), clock=clock, runner=LazyRunner(clock)).run()


async def test_a_living_rack_wakes_for_what_comes_earlier() -> None:
    clock = VirtualClock()
    rack, netboot = SimulatedRack.of(2, clock=clock), ScriptedNetboot()
    rack.connect(netboot)
    late, early = rack.machines
    netboot.jobs = {late.mac: TurnOff(), early.mac: TurnOff()}
    living = asyncio.create_task(rack.live())
    for machine in (late, early):
        controller = rack.hardware.controller(Access(machine.bmc, machine.password))
        await controller.set_boot_device(BootDevice.PXE)
        await controller.set_power(Power.ON)
        await breathe()
        if machine is late:
            clock.advance(timedelta(seconds=10))
            await breathe()
    for _ in range(60):
        clock.advance(timedelta(seconds=10))
        await breathe()
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)

    assert [machine.activity for machine in rack.machines] == [AwaitingPowerOff(), AwaitingPowerOff()]
    assert len(netboot.said("inventory")) == 2


async def test_a_living_rack_that_is_stopped_leaves_nobody_behind() -> None:
    rack = SimulatedRack.of(1)
    living = asyncio.create_task(rack.live())
    await breathe()
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def breathe() -> None:
    """Let every other task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    for rubbish in (b"", b"rubbish", SimulatedRack.of(1).snapshot()[:-1]):
        with pytest.raises(SnapshotInvalid):
            SimulatedRack.restore(rubbish)


def test_a_snapshot_of_another_version_is_refused() -> None:
    snapshot = SimulatedRack.of(1).snapshot()

    with pytest.raises(SnapshotInvalid, match="version 2"):
        SimulatedRack.restore(snapshot.replace(b"\xa7version\x01", b"\xa7version\x02"))


async def test_what_fell_due_while_a_rack_was_away_happens_at_once(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    await operator.controller(machine).set_power(Power.ON)
    later = VirtualClock(operator.clock.now() + timedelta(hours=1))
    rack = SimulatedRack.restore(operator.rack.snapshot(), clock=later)
    await rack.run_due()

    assert rack.machine(machine.name).power is Power.ON


def test_reference_machines_can_be_told_apart() -> None:
    machines = [reference_machine(number, disks=2) for number in range(1, 400)]

    for what in (
        [machine.bmc.address for machine in machines],
        [machine.hostname for machine in machines],
        [nic.mac for machine in machines for nic in machine.inventory.nics],
        [machine.inventory.system.uuid for machine in machines],
        [disk.serial for machine in machines for disk in machine.inventory.disks],
        [disk.wwn for machine in machines for disk in machine.inventory.disks],
    ):
        assert len(set(what)) == len(what)
    assert machines[206].bmc.address == "192.168.3.0"


async def test_in_a_living_rack_a_machine_that_waits_for_an_answer_keeps_no_other_one_waiting() -> None:
    class Deaf(ScriptedNetboot):
        """Never answers the first machine's firmware."""

        async def boot(self, mac: str, *, uuid: str = "") -> BootAnswer:
            if mac == unheard.mac:
                await asyncio.Event().wait()
            return await super().boot(mac, uuid=uuid)

    clock = VirtualClock()
    rack = SimulatedRack.of(2, clock=clock)
    unheard, heard = rack.machines
    rack.connect(Deaf())
    living = asyncio.create_task(rack.live())
    for machine in rack.machines:
        controller = rack.hardware.controller(Access(machine.bmc, machine.password))
        await controller.set_boot_device(BootDevice.PXE)
        await controller.set_power(Power.ON)
    for _ in range(30):
        await breathe()
        clock.advance(timedelta(seconds=10))
    await breathe()
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)

    assert isinstance(unheard.activity, NetworkBoot)
    assert heard.activity == Hung("no bootable device")
