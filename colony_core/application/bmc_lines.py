"""The line in front of one management controller, whatever adapter speaks to it.

One call at a time, a gap between calls, a deadline for each, pauses after failures, a breaker (`domain.breakers`), and
one exchange for all who want to read the power at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from colony_core.application.alarms import within
from colony_core.application.bell import Bell
from colony_core.application.bmc_holds import Hold
from colony_core.application.fences import Mine, always, check
from colony_core.application.seats import Seats
from colony_core.application.starts import Starts
from colony_core.domain.breakers import (
    Credentials,
    Gate,
    Pace,
    Shut,
    Trouble,
    admission,
    answered,
    begun,
    dropped,
    failed,
    standing,
)
from colony_core.domain.hardware import BootDevice, BootMode, Inventory, Power, PowerReading, SensorReading, System
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_core.ports.bmc_locks import BmcLockLost, BmcLocks
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
    Controller,
    Hardware,
)

T = TypeVar("T")

INVENTORY_DEADLINE = timedelta(seconds=80)
"""How long an inventory may take at least: a controller tells it in dozens of exchanges."""
Work = Callable[[Controller], Awaitable[T]]

ERRORS: dict[Trouble, type[ColonyError]] = {
    Trouble.UNREACHABLE: BmcUnreachable,
    Trouble.BUSY: BmcBusy,
    Trouble.PROTOCOL: BmcProtocolError,
    Trouble.REFUSED: BmcRefused,
}


class Surroundings(Struct, frozen=True, kw_only=True):
    """What all lines have in common; `paused` rings when a call begins to wait for nothing but time.

    Without `locks` no other process speaks to these controllers.
    """

    hardware: Hardware
    clock: Clock
    chance: Chance
    pace: Pace
    seats: Seats
    starts: Starts
    paused: Bell
    locks: BmcLocks | None = None

    def share(self) -> float:
        """Return a number from 0 to 1 that nobody can guess."""
        return int(self.chance.token(4), 16) / 0xFFFF


class Reading:
    """A power read that is under way, for everybody who wants to know."""

    def __init__(self, task: asyncio.Task[Power], *, asker: str | None) -> None:
        self.task = task
        self.asker = asker
        self.readers = 0


class Line:
    """Everybody who wants something of one controller, and what is known of it: its gate, and its last power.

    `asked_at` is when the last call ended, whatever came of it.
    """

    def __init__(self, around: Surroundings, place: str) -> None:
        self.place = place
        self.gate = Gate()
        self.hold = Hold()
        self.power: PowerReading | None = None
        self.asked_at: datetime | None = None
        self.callers: set[asyncio.Task[object] | None] = set()
        self.pausing = False
        self._around = around
        self._turn = asyncio.Lock()
        self._readings: dict[Access, Reading] = {}

    async def ask(
        self, access: Access, work: Work[T], *, asker: str | None, deadline: timedelta, mine: Mine = always
    ) -> T:
        """Do *work* with the controller when it is our turn; raise what it raises, or why it must not be asked.

        *mine* is asked last, after every wait: what others have begun anew meanwhile is not done here.
        """
        while True:
            await self.hold.wait(access, asker, clock=self._around.clock, deadline=deadline)
            async with self._turn:
                if self.hold.bars(asker):
                    continue
                access = self.hold.present(access)
                await self._until_open(access, asker=asker)
                async with self._around.seats.one(standing(self.gate)):
                    await self._around.starts.turn()
                    with suppress(BmcLockLost):  # then it is said again: every call is safe to repeat
                        return await self._alone(access, work, asker=asker, deadline=deadline, mine=mine)

    async def read_power(self, access: Access, *, asker: str | None, deadline: timedelta) -> Power:
        """Return the power: that of an exchange which is under way, if there is one, or of one of our own.

        One that was under way began after everything that its readers had ordered before, as calls take turns.
        """
        known = self._readings.get(access)
        if known is not None:
            try:
                return await _joined(known)
            except ColonyError:
                if asker is None or known.asker is not None:
                    raise  # but what a poll is denied, or has less time for, a person's wish may get
        task = asyncio.create_task(self.ask(access, _power, asker=asker, deadline=deadline))
        reading = self._readings[access] = Reading(task, asker=asker)
        task.add_done_callback(lambda _: self._finished(access, reading))
        return await _joined(reading)

    def _finished(self, access: Access, reading: Reading) -> None:
        if self._readings.get(access) is reading:
            del self._readings[access]

    async def _until_open(self, access: Access, *, asker: str | None) -> None:
        clock = self._around.clock
        while True:
            verdict = admission(self.gate, credentials(access), asker=asker, now=clock.now())
            if isinstance(verdict, Shut):
                raise _turned_away(verdict)
            if verdict <= clock.now():
                return
            self.pausing = True
            self._around.paused.ring()
            try:
                await clock.sleep_until(verdict)
            finally:
                self.pausing = False

    async def _alone(self, access: Access, work: Work[T], *, asker: str | None, deadline: timedelta, mine: Mine) -> T:
        """Speak to the controller while no other process does, and let none in before its gap is over."""
        locks, clock = self._around.locks, self._around.clock
        if locks is None:
            check(mine)
            self.gate = begun(self.gate, asker=asker)
            return await self._exchange(access, work, deadline=deadline)
        lock = await locks.take(self.place)
        try:
            check(mine)
            self.gate = begun(self.gate, asker=asker)
            return await lock.while_held(self._exchange(access, work, deadline=deadline))
        finally:
            rested = clock.now() + self._around.pace.gap
            lock.release(lambda: clock.sleep_until(rested))

    async def _exchange(self, access: Access, work: Work[T], *, deadline: timedelta) -> T:
        clock, pace = self._around.clock, self._around.pace
        try:
            answer = await within(clock, deadline, self._spoken(access, work), silent=_silent(access, deadline))
        except (BmcUnreachable, BmcBusy, BmcProtocolError, BmcRefused) as error:
            self._note(access, error)
            raise
        except ColonyError:
            raise  # nothing was asked: no adapter speaks to this controller
        except Exception as error:
            self._note(access, BmcProtocolError(f"The controller's adapter broke ({type(error).__name__})"))
            raise
        except BaseException:
            self.gate = dropped(self.gate, now=clock.now(), pace=pace)
            raise
        self.gate, self.asked_at = answered(self.gate, now=clock.now(), pace=pace), clock.now()
        if isinstance(answer, Power):
            self.power = PowerReading(answer, clock.now())
        return answer

    async def _spoken(self, access: Access, work: Work[T]) -> T:
        return await work(self._around.hardware.controller(access))

    def _note(self, access: Access, error: ColonyError) -> None:
        now, pace = self._around.clock.now(), self._around.pace
        self.asked_at = now
        if isinstance(error, BmcCommandRefused):
            self.gate = answered(self.gate, now=now, pace=pace)
            return
        trouble = next(trouble for trouble, kind in ERRORS.items() if isinstance(error, kind))
        known, share = credentials(access), self._around.share()
        self.gate = failed(self.gate, trouble, error.details, credentials=known, now=now, share=share, pace=pace)


class QueuedController:
    """See `colony_core.ports.hardware.Controller`; every call waits for its turn."""

    def __init__(
        self, line: Line, access: Access, *, asker: str | None, deadline: timedelta, mine: Mine = always
    ) -> None:
        self._mine = mine
        self._line = line
        self._access = access
        self._asker = asker
        self._deadline = deadline

    async def power(self) -> Power:
        """Return the power state, perhaps that which somebody else asks for at the moment."""
        with self._calling():
            return await self._line.read_power(self._access, asker=self._asker, deadline=self._deadline)

    async def set_power(self, power: Power) -> None:
        """Ask for *power*."""
        await self._ask(lambda controller: controller.set_power(power))

    async def restart(self) -> None:
        """Take the power away and give it back."""
        await self._ask(lambda controller: controller.restart())

    async def boot_device(self) -> BootDevice | None:
        """Return where the next start boots from."""
        return await self._ask(lambda controller: controller.boot_device())

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Make the next start boot from *device*."""
        await self._ask(lambda controller: controller.set_boot_device(device, mode=mode))

    async def identity(self) -> System:
        """Return what the maker wrote into the machine."""
        return await self._ask(lambda controller: controller.identity())

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the machine measures."""
        return await self._ask(lambda controller: controller.sensors())

    async def inventory(self) -> Inventory | None:
        """Return what the controller knows its machine to be made of."""
        deadline = max(INVENTORY_DEADLINE, self._deadline)
        return await self._ask(lambda controller: controller.inventory(), deadline=deadline)

    async def change_password(self, new: Secret) -> None:
        """Let the user that we log in as have another password."""
        await self._ask(lambda controller: controller.change_password(new))

    async def _ask(self, work: Work[T], *, deadline: timedelta | None = None) -> T:
        with self._calling():
            return await self._line.ask(
                self._access, work, asker=self._asker, deadline=deadline or self._deadline, mine=self._mine
            )

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Be known to wait in this line while inside."""
        caller = asyncio.current_task()
        self._line.callers.add(caller)
        try:
            yield
        finally:
            self._line.callers.discard(caller)


def credentials(access: Access) -> Credentials:
    """Return what a gate remembers of an access."""
    return access.bmc, access.password


async def _power(controller: Controller) -> Power:
    return await controller.power()


async def _joined(reading: Reading) -> Power:
    """Wait for a reading; the last one who gives up waiting ends it."""
    reading.readers += 1
    try:
        return await asyncio.shield(reading.task)
    finally:
        reading.readers -= 1
        if not reading.readers and not reading.task.done():
            reading.task.cancel()
            await asyncio.gather(reading.task, return_exceptions=True)


def _silent(access: Access, deadline: timedelta) -> BmcUnreachable:
    where = f"{access.bmc.address}:{access.bmc.port}"
    return BmcUnreachable(f"The controller at {where} did not answer within {deadline.total_seconds():g} s")


def _turned_away(shut: Shut) -> ColonyError:
    if shut.until is None:
        hint = "these credentials are not tried again by themselves: change them, or start the work anew"
    else:
        hint = f"it is not asked before {shut.until:%Y-%m-%dT%H:%M:%SZ}"
    return ERRORS[shut.trouble](f"{shut.why} (so since {shut.since:%Y-%m-%dT%H:%M:%SZ}): {hint}")
