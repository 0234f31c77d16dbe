"""Sliding-window rate limits, exact: at no moment were more requests admitted in the window before it than allowed.

A limiter keeps the times of the requests that it admitted (a *log*, oldest first). A refused request leaves no trace.
Times are whole nanoseconds of any clock, so that no rounding can make a promised wait too short.
"""

from collections import deque

from msgspec import Struct

NANOSECONDS = 1_000_000_000
"""Nanoseconds in a second."""


class Window(Struct, frozen=True):
    """At most `limit` requests in any `seconds`."""

    limit: int
    seconds: int


class Limits(Struct, frozen=True, kw_only=True):
    """How often a key may call."""

    per_minute: int = 100
    per_hour: int = 1000

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return the limits as windows, the shortest first."""
        return Window(self.per_minute, 60), Window(self.per_hour, 3600)


UNAUTHENTICATED = (Window(60, 60),)
"""How often one client address may call without a valid key."""


class Verdict(Struct, frozen=True):
    """Whether a request may pass; if not, waiting `retry_after` whole seconds is enough, and is at most a window."""

    admitted: bool
    retry_after: int = 0


ADMITTED = Verdict(admitted=True)


def judge(log: deque[int], windows: tuple[Window, ...], now: int) -> Verdict:
    """Admit a request at *now* (nanoseconds) and write it into *log*, or say how long to wait.

    The log holds the admitted times, oldest first, and is trimmed to what the windows can still see. When the clock
    went backwards the whole log moves back with it, as if no time had passed since the last admission: no window is
    left early, and a promised wait is still enough. So a log is to be kept after a refusal, too.
    """
    if log and now < log[-1]:
        _move_back(log, log[-1] - now)
    wait = max((_wait(log, window, now) for window in windows), default=0)
    if wait > 0:
        return Verdict(admitted=False, retry_after=-(-wait // NANOSECONDS))
    log.append(now)
    _trim(log, windows, now)
    return ADMITTED


def _wait(log: deque[int], window: Window, now: int) -> int:
    """Return how long until *window* has room: until the `limit`-th newest request has left it."""
    if window.limit <= 0:
        return window.seconds * NANOSECONDS
    if len(log) < window.limit:
        return 0
    return max(0, log[-window.limit] + window.seconds * NANOSECONDS - now)


def _move_back(log: deque[int], by: int) -> None:
    for place, admitted in enumerate(log):
        log[place] = admitted - by


def _trim(log: deque[int], windows: tuple[Window, ...], now: int) -> None:
    longest = max((window.seconds for window in windows), default=0) * NANOSECONDS
    while log and log[0] + longest <= now:
        log.popleft()
