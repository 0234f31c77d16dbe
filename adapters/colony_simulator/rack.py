"""The simulated rack: machines that live by themselves, and the doors through which others see them."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from colony_core.domain.recordings import Recording
from colony_core.ports.clock import Clock
from colony_core.ports.netboot import Netboot
from colony_simulator import life, snapshots
from colony_simulator.clock import VirtualClock
from colony_simulator.controllers import RackHardware
from colony_simulator.faults import Chances, Fault, Scripted
from colony_simulator.machines import Machine, reference_machine
from colony_simulator.platforms import RackPlatform
from colony_simulator.rack_file import RackFile
from colony_simulator.recorded import recorded_machines
from colony_simulator.room import Happening, Room
from colony_simulator.snapshots import RackState
from colony_simulator.timings import Timings


class SimulatedRack:
    """Machines in memory that behave as real ones do, over time.

    `hardware` and `platform` implement the ports; `connect` gives the machines somebody to boot from. Nothing happens
    by itself: call `run_due` whenever the clock has reached `next_event` (a `Simulation` does), or leave it to `live`.
    The same seed, script and calls give the same `history`.
    """

    def __init__(
        self,
        machines: Iterable[Machine] = (),
        *,
        seed: int = 0,
        clock: Clock | None = None,
        timings: Timings | None = None,
        chances: Chances | None = None,
    ) -> None:
        self.clock: Clock = clock or VirtualClock()
        self._room = Room(clock=self.clock, seed=seed, timings=timings or Timings(), chances=chances or Chances())
        self.hardware = RackHardware(self._room)
        self.platform = RackPlatform(self._room)
        for machine in machines:
            self.add(machine)

    @classmethod
    def of(
        cls,
        count: int,
        *,
        disks: int = 1,
        sticks: bool = False,
        seed: int = 0,
        clock: Clock | None = None,
        timings: Timings | None = None,
        chances: Chances | None = None,
    ) -> "SimulatedRack":
        """Return a rack of *count* machines like those of the API reference, `asset-1` and on, each with *disks*.

        With *sticks* each has a removable medium plugged in as well.
        """
        machines = (reference_machine(number, disks=disks, stick=sticks) for number in range(1, count + 1))
        return cls(machines, seed=seed, clock=clock, timings=timings, chances=chances)

    @classmethod
    def of_recordings(
        cls,
        recordings: Sequence[Recording],
        *,
        count: int | None = None,
        seed: int = 0,
        clock: Clock | None = None,
        timings: Timings | None = None,
        chances: Chances | None = None,
    ) -> "SimulatedRack":
        """Return a rack of machines like those of *recordings*: one of each, or in turn until there are *count*.

        They are called, reached and entered as those of `of` are, by the protocol that was recorded. What a recording
        does not tell (over IPMI, all parts but the sensors) is as in those, too.
        """
        machines = recorded_machines(recordings, len(recordings) if count is None else count)
        return cls(machines, seed=seed, clock=clock, timings=timings, chances=chances)

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Return every machine, in the order in which they came into the rack."""
        return tuple(self._room.machines.values())

    @property
    def history(self) -> list[Happening]:
        """Return what happened, oldest first and at one moment by machine; of a very long life, the end."""
        return self._room.history()

    def machine(self, name: str) -> Machine:
        """Return the machine called *name*; raise `KeyError` if there is none."""
        return self._room.machines[name]

    def add(self, machine: Machine) -> None:
        """Put *machine* into the rack, off and as it is."""
        self._room.take_in(machine)
        self._room.changed(machine)

    def connect(self, netboot: Netboot) -> None:
        """Let *netboot* answer the machines from now on."""
        self._room.connected = netboot

    def fault(
        self,
        machine: str,
        fault: Fault,
        *,
        after: datetime | timedelta = timedelta(0),
        until: datetime | timedelta | None = None,
        times: int | None = None,
    ) -> None:
        """Let *fault* strike *machine* from *after* until *until*, at most *times*; durations count from now."""
        now = self.clock.now()
        begins = after if isinstance(after, datetime) else now + after
        ends = now + until if isinstance(until, timedelta) else until
        self.machine(machine).faults.append(Scripted(fault, begins, ends, times))

    def mend(self, machine: str) -> None:
        """Take every scripted fault off *machine*."""
        self.machine(machine).faults.clear()

    def next_event(self) -> datetime | None:
        """Return when something happens next unless somebody interferes, or None."""
        return self._room.next_due()

    async def run_due(self) -> int:
        """Let happen all that is due by now, in the order of time and of places; return how much that was."""
        happened = 0
        while (machine := self._room.pop_due()) is not None:
            await self._proceed(machine)
            happened += 1
        return happened

    async def live(self) -> None:
        """Let everything happen at its time, for ever; an error of whoever answers the network comes out.

        A machine that waits for an answer keeps no other one waiting. Calling it again goes on where it stopped.
        """
        async with asyncio.TaskGroup() as machines:
            while True:
                while (machine := self._room.pop_due()) is not None:
                    machines.create_task(self._proceed(machine))
                self._room.earlier.clear()
                await self._until(self.next_event())

    async def _proceed(self, machine: Machine) -> None:
        try:
            await life.proceed(self._room, machine)
        finally:
            self._room.changed(machine)

    async def _until(self, due: datetime | None) -> None:
        """Return at *due*, or when something is due earlier."""
        earlier = asyncio.create_task(self._room.earlier.wait())
        waits: list[asyncio.Task[object]] = [earlier]
        if due is not None:
            waits.append(asyncio.create_task(self.clock.sleep_until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*waits, return_exceptions=True)

    def keep_in(self, file: RackFile) -> None:
        """Write the state down in *file* now, and from now on whatever happens to a machine, as soon as it has."""
        file.begin(self._room)
        self._room.changed = lambda machine: file.write(self._room, machine)

    def snapshot(self) -> bytes:
        """Return the whole state: machines, disks, what is due, faults. It holds passwords and tokens: keep it safe.

        The history is not in it, nor who is connected.
        """
        return snapshots.encode(self._room)

    @classmethod
    def restore(cls, snapshot: bytes, *, clock: Clock | None = None) -> "SimulatedRack":
        """Return the rack of *snapshot*, on a virtual clock that begins where it was taken unless another is given.

        What became due in the meantime happens at once. Connect it again.
        """
        return cls.of_state(snapshots.decode(snapshot), clock=clock)

    @classmethod
    def of_state(cls, state: RackState, *, clock: Clock | None = None) -> "SimulatedRack":
        """Return the rack of *state*, as `restore` does of a snapshot."""
        rack = cls(
            state.machines,
            seed=int(state.seed),
            clock=clock or VirtualClock(state.at),
            timings=state.timings,
            chances=state.chances,
        )
        rack._room.etcds = state.etcds
        return rack
