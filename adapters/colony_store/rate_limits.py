"""A rate limiter that remembers in memory: exact for one server process, and forgotten when it ends."""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

from colony_core.domain.rate_limits import NANOSECONDS, Verdict, Window, judge


class MemoryRateLimiter:
    """Exact sliding windows for the callers of one process.

    *monotonic_ns* is a clock in nanoseconds that never goes back. A subject is forgotten once its longest window
    has passed since its last admitted request, so that memory is bounded by what was admitted in that time.
    """

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._now = monotonic_ns
        self._logs: dict[str, deque[int]] = {}
        self._longest: dict[str, int] = {}
        # One entry for each subject: the earliest moment at which it may be forgotten.
        self._expiries: list[tuple[int, str]] = []

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        """Admit and count one request of *subject*, or refuse it and count nothing."""
        now = self._now()
        self._forget_idle(now)
        log = self._logs.get(subject)
        fresh = log is None
        log = deque() if log is None else log
        verdict = judge(log, windows, now)
        if verdict.admitted:
            self._longest[subject] = max((window.seconds for window in windows), default=0) * NANOSECONDS
            if fresh:
                self._logs[subject] = log
                heappush(self._expiries, (now + self._longest[subject], subject))
        return verdict

    def __len__(self) -> int:
        """Return how many subjects are remembered."""
        return len(self._logs)

    def _forget_idle(self, now: int) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, subject = heappop(self._expiries)
            log = self._logs[subject]
            expiry = (log[-1] if log else 0) + self._longest[subject]
            if expiry <= now:
                del self._logs[subject], self._longest[subject]
            else:
                heappush(self._expiries, (expiry, subject))
