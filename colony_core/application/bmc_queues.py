"""One queue for each management controller, in front of whatever adapter speaks to it (`bmc_lines`)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from colony_core.application.bell import Bell
from colony_core.application.bmc_lines import Line, QueuedController, Surroundings, credentials
from colony_core.application.fences import Mine, always
from colony_core.application.seats import Seats
from colony_core.application.starts import Starts
from colony_core.domain.breakers import Gate, Pace, Shut, admission, recalled
from colony_core.domain.hardware import Bmc, PowerReading
from colony_core.domain.healths import Health
from colony_core.domain.probing import Knock
from colony_core.ports.bmc_locks import BmcLocks
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access, Hardware, Prober

USUAL = Pace()

SESSIONS = 256
"""How many controllers are spoken to at once, unless it is said otherwise."""


class BmcQueues:
    """A `Hardware` whose controllers may be called by anybody at any time: no controller is ever asked twice at once.

    Controllers are told apart by address and port. What is known of them is lost with the process, unless `recall`
    is told what is left of it. Where other processes speak to the same controllers, *locks* keep them apart.
    """

    def __init__(
        self,
        hardware: Hardware,
        *,
        clock: Clock,
        chance: Chance,
        pace: Pace = USUAL,
        sessions: int = SESSIONS,
        locks: BmcLocks | None = None,
    ) -> None:
        self.sessions = sessions
        self.paused = Bell()
        self._around = Surroundings(
            hardware=hardware,
            clock=clock,
            chance=chance,
            pace=pace,
            seats=Seats(sessions),
            starts=Starts(clock, per_second=pace.per_second),
            paused=self.paused,
            locks=locks,
        )
        self._lines: dict[str, Line] = {}

    def controller(
        self, access: Access, *, asker: str | None = None, deadline: timedelta | None = None, mine: Mine = always
    ) -> QueuedController:
        """Return the controller; nothing is sent yet.

        *asker* names the wish of a person that the calls are for: `domain.breakers` says which doors that opens. The
        *deadline* of each call is the usual one unless it is given. What is no longer *mine* is not called.
        """
        line = self._line(access.bmc)
        return QueuedController(line, access, asker=asker, deadline=deadline or self._around.pace.deadline, mine=mine)

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Return which protocols the controller answers; nothing if the hardware cannot ask."""
        hardware = self._around.hardware
        return await hardware.probe(bmc) if isinstance(hardware, Prober) else ()

    def gate(self, bmc: Bmc) -> Gate:
        """Return what is known of a controller now."""
        line = self._lines.get(_place(bmc))
        return line.gate if line else Gate()

    def power_of(self, bmc: Bmc) -> PowerReading | None:
        """Return the last power reading of this process."""
        line = self._lines.get(_place(bmc))
        return line.power if line else None

    def asked_at(self, bmc: Bmc) -> datetime | None:
        """Return when this process's last call to a controller ended, whatever came of it."""
        line = self._lines.get(_place(bmc))
        return line.asked_at if line else None

    def admission(self, access: Access) -> datetime | Shut:
        """Return when a call that nobody wished for may begin, or why it must not."""
        return admission(self.gate(access.bmc), credentials(access), asker=None, now=self._around.clock.now())

    def recall(self, access: Access, health: Health) -> None:
        """Take over what an earlier process knew of a controller, unless more is known by now."""
        line = self._line(access.bmc)
        if line.gate == Gate():
            around = self._around
            line.gate = recalled(
                health, credentials(access), now=around.clock.now(), share=around.share(), pace=around.pace
            )

    @contextmanager
    def kept_for(self, bmc: Bmc, asker: str) -> Iterator[None]:
        """Let nobody but *asker* speak to the controller while inside; the others wait for their deadline at most."""
        hold = self._line(bmc).hold
        hold.take(asker)
        try:
            yield
        finally:
            hold.release()

    def renewed(self, old: Access, new: Access) -> None:
        """Know that the credentials *new* hold where *old* did, for those who wait with the old ones."""
        self._line(old.bmc).hold.renew(old, new)

    def forget(self, bmc: Bmc) -> None:
        """Know nothing of a controller any more, as when its credentials are others now, or its asset is gone."""
        line = self._lines.get(_place(bmc))
        if line is not None:
            line.gate, line.power, line.asked_at = Gate(), None, None
            line.hold.forget()
            if not line.callers:
                del self._lines[_place(bmc)]

    def pausing(self) -> set[asyncio.Task[object] | None]:
        """Return the tasks whose calls wait for nothing but time; `paused` rings when there are more."""
        return {caller for line in self._lines.values() if line.pausing for caller in line.callers}

    async def aclose(self) -> None:
        """Let the adapter go."""
        await self._around.hardware.aclose()

    def _line(self, bmc: Bmc) -> Line:
        place = _place(bmc)
        if place not in self._lines:
            self._lines[place] = Line(self._around, place)
        return self._lines[place]


def _place(bmc: Bmc) -> str:
    return f"{bmc.address}:{bmc.port}"
