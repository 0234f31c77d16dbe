"""The time of a rack that another process holds."""

import asyncio
import time
from datetime import datetime, timedelta

from colony_simulator.wire import Hello

_NAP = 1.0
"""Real seconds between two looks, as the rack may have begun anew meanwhile."""


class RackClock:
    """Implements `Clock`: as late as it is in the rack, by the monotonic clock of the machine that both run on.

    It follows a rack that was started anew. Where that is behind, it stands still until the rack has caught up.
    """

    def __init__(self, hello: Hello) -> None:
        self._hello = hello
        self._latest = hello.at

    def follow(self, hello: Hello) -> None:
        """Go by what the rack has said last."""
        self._hello = hello

    def now(self) -> datetime:
        """Return the present moment of the rack; it never goes backwards."""
        passed = (time.monotonic() - self._hello.ticks) * self._hello.speed
        self._latest = max(self._latest, self._hello.at + timedelta(seconds=passed))
        return self._latest

    async def sleep_until(self, when: datetime) -> None:
        """Return once `now()` is *when* or later."""
        while (left := (when - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - only time itself can tell
            await asyncio.sleep(min(left / self._hello.speed, _NAP))
