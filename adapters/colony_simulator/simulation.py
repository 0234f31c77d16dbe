"""Hours in milliseconds: a runner and a rack take turns, and the clock jumps to whatever is next."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from colony_simulator.clock import VirtualClock
from colony_simulator.rack import SimulatedRack

PATIENCE = 1000
"""How often in a row something may be due that is not done, before a simulation gives up."""


class Runner(Protocol):
    """Who does the work of the core."""

    async def settle(self) -> None:
        """Do all that can be done now."""

    async def next_due(self) -> datetime | None:
        """Return when there is something to do again without being told, or None."""


class Idle:
    """A runner with nothing to do: machines alone pass the time."""

    async def settle(self) -> None:
        """Return at once."""

    async def next_due(self) -> datetime | None:
        """Return None: nothing is ever due."""


class Stalled(RuntimeError):
    """Something is always due and never done, so that time cannot go on."""


class Simulation:
    """Drives one runner, if there is one, and one rack on one virtual clock; the same beginning has the same end.

    Time moves by at least *grain*: what falls due within it happens together, as on a server that looks at its clock
    no more often. It makes runs of many machines cheaper; with none, everything happens at its exact moment.
    """

    def __init__(
        self,
        *,
        rack: SimulatedRack,
        clock: VirtualClock,
        runner: Runner | None = None,
        grain: timedelta = timedelta(0),
    ) -> None:
        self._runner = runner or Idle()
        self._grain = grain
        self._rack = rack
        self._clock = clock

    async def run(self, until: datetime | None = None, *, when: Callable[[], bool] = lambda: False) -> None:
        """Go on until nothing is left to happen, the clock has reached *until*, or *when* answers True.

        With *until* the clock stands there at the end, unless *when* ended the run before.
        """
        stalled = 0
        while stalled < PATIENCE:
            await self._runner.settle()
            if when():
                return
            if await self._rack.run_due():
                stalled = 0
                continue
            earliest = await self._earliest()
            if earliest is None or (until is not None and earliest > until):
                self._clock.advance_to(until or self._clock.now())
                return
            stalled = 0 if earliest > self._clock.now() else stalled + 1
            self._clock.advance_to(self._next_stop(earliest, until))
            await asyncio.sleep(0)  # Whoever slept on the clock goes first.
        raise Stalled(f"Something has been due since {await self._earliest()} and is never done")

    def _next_stop(self, earliest: datetime, until: datetime | None) -> datetime:
        stop = max(earliest, self._clock.now() + self._grain)
        return stop if until is None else min(stop, until)

    async def _earliest(self) -> datetime | None:
        moments = (self._rack.next_event(), await self._runner.next_due(), self._clock.next_call())
        return min((moment for moment in moments if moment is not None), default=None)
