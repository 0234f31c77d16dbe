"""Time that passes only when it is told to."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a virtual clock begins unless it is told otherwise."""


class VirtualClock:
    """A `Clock` that stands still until `advance_to` moves it.

    Whoever sleeps on it is woken, and whatever was asked for with `call_at` is called, in the order of time and,
    at one moment, in the order of asking. A callback sees `now()` at the moment that it asked for.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._calls: list[tuple[datetime, int, Callable[[], None]]] = []
        self._asked = 0
        self._given_up: set[int] = set()

    def now(self) -> datetime:
        """Return the present moment; it changes in `advance_to` alone."""
        return self._now

    def call_at(self, when: datetime, callback: Callable[[], None]) -> None:
        """Call *callback* once the clock reaches *when*; a moment that has passed is reached by the next advance."""
        heapq.heappush(self._calls, (when, self._asked, callback))
        self._asked += 1

    async def sleep_until(self, when: datetime) -> None:
        """Return once `now()` is *when* or later."""
        if when <= self._now:
            return
        number, woken = self._asked, asyncio.get_running_loop().create_future()
        self.call_at(when, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        except asyncio.CancelledError:
            if not woken.done() or woken.cancelled():
                self._given_up.add(number)
            raise

    def next_call(self) -> datetime | None:
        """Return the moment of the earliest call or sleeper, or None; who gave up waiting does not count."""
        while self._calls and self._calls[0][1] in self._given_up:
            self._given_up.discard(heapq.heappop(self._calls)[1])
        return self._calls[0][0] if self._calls else None

    def advance_to(self, when: datetime) -> None:
        """Move to *when*, calling on the way what is due; a moment that has passed changes nothing."""
        while self._calls and self._calls[0][0] <= when:
            due, number, callback = heapq.heappop(self._calls)
            if number in self._given_up:
                self._given_up.discard(number)
                continue
            self._now = max(self._now, due)
            callback()
        self._now = max(self._now, when)

    def advance(self, by: timedelta) -> None:
        """Move on by *by*."""
        self.advance_to(self._now + by)
