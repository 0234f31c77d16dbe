"""What the machines of a rack share: time, dice, what is due, who answers the network, and what has happened."""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from msgspec import Struct

from colony_core.domain.hardware import Protocol
from colony_core.errors import Unavailable
from colony_core.ports.clock import Clock
from colony_core.ports.netboot import Netboot
from colony_simulator.activities import Activity
from colony_simulator.dice import Dice
from colony_simulator.faults import AnyFault, Chances, tag
from colony_simulator.machines import Machine
from colony_simulator.timings import Span, Timings

T = TypeVar("T")

REMEMBERED = 100_000
"""How many happenings a rack keeps; a server may simulate for weeks."""


class Happening(NamedTuple):
    """Something that happened to a machine; never holds a secret."""

    at: datetime
    machine: str
    event: str


class Etcd(Struct, kw_only=True):
    """What is replicated on the control planes of one cluster, named `id` and founded on machine `founder`.

    `authority` is the SHA-256 (hex) of the authority it trusts, `stack_due` when the stack's installer is through.
    """

    id: str
    founder: str
    since: datetime
    authority: str
    stack_due: datetime | None = None


class NobodyListens(Unavailable):
    """The rack is not connected to anything that answers its network."""


class Overtaken(Exception):
    """The machine lost its power while it waited for an answer."""


class Room:
    """The one place where a machine's activity begins, so that each has one at a time and what is due has an order."""

    def __init__(self, *, clock: Clock, seed: int, timings: Timings, chances: Chances) -> None:
        self.clock = clock
        self.dice = Dice(seed)
        self.timings = timings
        self.chances = chances
        self.connected: Netboot | None = None
        self.machines: dict[str, Machine] = {}
        self.etcds: dict[str, Etcd] = {}
        self._history: deque[Happening] = deque(maxlen=REMEMBERED)
        self.earlier = asyncio.Event()
        self.changed: Callable[[Machine], object] = lambda _: None
        self._due: list[tuple[datetime, int, int, Machine]] = []
        self._places: dict[str, int] = {}
        self._controllers: dict[tuple[str, str, int], Machine] = {}
        self._addresses: dict[str, dict[str, Machine]] = {}

    def take_in(self, machine: Machine) -> None:
        """Put *machine* into the rack as it is, with whatever it is busy with."""
        self._places.setdefault(machine.name, len(self._places))
        self.machines[machine.name] = machine
        for protocol in (Protocol.IPMI, Protocol.REDFISH):  # it speaks both, the other at its usual port
            port = machine.bmc.port if protocol is machine.bmc.protocol else protocol.default_port
            self._controllers[(protocol, machine.bmc.address, port)] = machine
        for disk in machine.disks:
            if disk.installation is not None:
                self.addressed(machine, disk.installation.address)
        if machine.due is not None:
            self._expect(machine, machine.due)

    def place_of(self, machine: Machine) -> int:
        """Return where in the rack *machine* stands."""
        return self._places[machine.name]

    def behind(self, protocol: str, address: str, port: int) -> Machine | None:
        """Return the machine whose controller listens there."""
        return self._controllers.get((protocol, address, port))

    def addressed(self, machine: Machine, address: str) -> None:
        """Remember that *machine* was given *address*; whether it still has it, its disk knows."""
        self._addresses.setdefault(address, {})[machine.name] = machine

    def at_address(self, address: str) -> list[Machine]:
        """Return the machines whose installed system has *address*, the latest installed first."""
        found = [
            (machine.installation.at, machine)
            for machine in self._addresses.get(address, {}).values()
            if machine.installation is not None and machine.installation.address == address
        ]
        return [machine for _, machine in sorted(found, key=lambda each: each[0], reverse=True)]

    @property
    def netboot(self) -> Netboot:
        """Return who answers the network; raise `NobodyListens` before the rack is connected."""
        if self.connected is None:
            raise NobodyListens("Nothing answers the rack's network")
        return self.connected

    def note(self, machine: Machine, event: str) -> None:
        """Remember *event*."""
        self._history.append(Happening(self.clock.now(), machine.name, event))

    def history(self) -> list[Happening]:
        """Return what happened by time; at one moment by machine, so that it does not show who was called first."""
        return sorted(self._history, key=lambda each: (each.at, self._places[each.machine]))

    def begin(self, machine: Machine, activity: Activity, *, after: float) -> None:
        """Make *machine* busy with *activity*, which ends after so many seconds; what it did before is dropped."""
        self.rest(machine, activity)
        machine.due = self.clock.now() + timedelta(seconds=after)
        self._expect(machine, machine.due)

    def rest(self, machine: Machine, activity: Activity) -> None:
        """Put *machine* into an *activity* that lasts until its power changes; what it did before is dropped."""
        machine.activity, machine.due = activity, None
        machine.order += 1

    async def tell(self, machine: Machine, words: Awaitable[T]) -> T:
        """Return the answer to the *words* of *machine*; raise `Overtaken` if it does something else by then."""
        order = machine.order
        answer = await words
        if machine.order != order:
            raise Overtaken
        return answer

    def next_due(self) -> datetime | None:
        """Return when the next activity ends, or None."""
        while self._due and self._due[0][3].order != self._due[0][2]:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def pop_due(self) -> Machine | None:
        """Return the machine whose activity ended first, if one has ended by now; at one moment, by their places."""
        due = self.next_due()
        if due is None or due > self.clock.now():
            return None
        return heapq.heappop(self._due)[3]

    def lasts(self, machine: Machine, span: Span, *, what: str) -> float:
        """Return the seconds that *what* takes in the machine's present boot."""
        return span.at(self.dice.roll(machine.name, machine.boots, what))

    def struck(self, machine: Machine, kind: type[AnyFault]) -> AnyFault | None:
        """Return the fault of this *kind* that strikes *machine* on this occasion, and note it; or None."""
        fault = self._scripted(machine, kind) or self._drawn(machine, kind)
        if fault is not None:
            self.note(machine, f"fault {tag(kind)}")
        return fault

    def _scripted(self, machine: Machine, kind: type[AnyFault]) -> AnyFault | None:
        for scripted in machine.faults:
            if isinstance(scripted.fault, kind) and scripted.strikes(self.clock.now()):
                return scripted.fault
        return None

    def _drawn(self, machine: Machine, kind: type[AnyFault]) -> AnyFault | None:
        chance = self.chances.of(kind)
        if not chance:
            return None
        machine.draws += 1
        return kind() if self.dice.roll(machine.name, machine.draws, tag(kind)) < chance else None

    def _expect(self, machine: Machine, due: datetime) -> None:
        heapq.heappush(self._due, (due, self._places[machine.name], machine.order, machine))
        if self._due[0][3] is machine:
            self.earlier.set()
