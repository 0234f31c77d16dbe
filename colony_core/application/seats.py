"""Who may have a session with a controller now: a limited number, of which silent controllers never take all."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colony_core.domain.breakers import Standing, may_be_seated


class Seats:
    """At most *sessions* at once; whoever waits is seated in the order of asking among those who may be."""

    def __init__(self, sessions: int) -> None:
        self._sessions = sessions
        self._taken = dict.fromkeys(Standing, 0)
        self._waiting: dict[Standing, deque[tuple[int, asyncio.Future[None]]]] = {who: deque() for who in Standing}
        self._asked = 0

    @property
    def taken(self) -> int:
        """Return how many sessions there are now."""
        return sum(self._taken.values())

    @asynccontextmanager
    async def one(self, who: Standing) -> AsyncIterator[None]:
        """Wait for a seat, and keep it while inside."""
        if self._waiting[who] or not self._free(who):
            await self._wait(who)
        else:
            self._taken[who] += 1
        try:
            yield
        finally:
            self._leave(who)

    async def _wait(self, who: Standing) -> None:
        self._asked += 1
        seated = asyncio.get_running_loop().create_future()
        self._waiting[who].append((self._asked, seated))
        try:
            await seated
        except asyncio.CancelledError:
            if seated.done() and not seated.cancelled():
                self._leave(who)
            raise

    def _free(self, who: Standing) -> bool:
        return may_be_seated(who, self._taken, sessions=self._sessions)

    def _leave(self, who: Standing) -> None:
        self._taken[who] -= 1
        while (line := self._next()) is not None:
            _, seated = self._waiting[line].popleft()
            if not seated.done():
                self._taken[line] += 1
                seated.set_result(None)

    def _next(self) -> Standing | None:
        """Return whose turn it is, if anybody who waits may be seated."""
        fronts = [(line[0][0], who) for who, line in self._waiting.items() if line and self._free(who)]
        return min(fronts)[1] if fronts else None
