"""Time as it passes, and time made to pass faster."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

# Long waits look at the clock now and then, as it may be set forward while they sleep.
_NAP = 30.0


class SystemClock:
    """The machine's clock in UTC. When it is set back, time here goes on from where it was.

    A clock that is set forward is followed at once; a later correction back is then ignored until the next start.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._wall = wall
        self._ticks = ticks
        self._pause = pause
        self._ahead = wall() - ticks()

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ticks = self._ticks()
        self._ahead = max(self._ahead, self._wall() - ticks)
        return datetime.fromtimestamp(ticks + self._ahead, UTC)

    async def sleep_until(self, when: datetime) -> None:
        """Return once `now()` is *when* or later."""
        while (left := (when - self.now()).total_seconds()) > 0:
            await self._pause(min(left, _NAP))


class ScaledClock:
    """A clock for watching simulated machines: *factor* simulated seconds pass in each real second, from *start* on."""

    def __init__(
        self,
        factor: float,
        start: datetime,
        *,
        ticks: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not 0 < factor < float("inf"):
            raise ValueError(f"factor must be above 0 and finite, not {factor}")
        self._factor = factor
        self._start = start.astimezone(UTC)
        self._ticks = ticks
        self._pause = pause
        self._began = ticks()

    def now(self) -> datetime:
        """Return the simulated moment in UTC."""
        return self._start + timedelta(seconds=(self._ticks() - self._began) * self._factor)

    async def sleep_until(self, when: datetime) -> None:
        """Return once `now()` is *when* or later."""
        while (left := (when - self.now()).total_seconds()) > 0:
            await self._pause(left / self._factor)
