"""When calls to controllers begin: so many in a second, whoever they are for, so that they never hold up all else."""

from datetime import timedelta

from colony_core.ports.clock import Clock


class Starts:
    """Calls begin one after the other, evenly; with 0 `per_second` they begin as they come."""

    def __init__(self, clock: Clock, *, per_second: float) -> None:
        self._clock = clock
        self._apart = timedelta(seconds=1 / per_second) if per_second else timedelta(0)
        self._next = clock.now()

    async def turn(self) -> None:
        """Return when the next call may begin; it is the caller's."""
        if not self._apart:
            return
        now = self._clock.now()
        mine = max(now, self._next)
        self._next = mine + self._apart
        if mine > now:
            await self._clock.sleep_until(mine)
