"""The door to the memory of who called how often."""

from typing import Protocol

from colony_core.domain.rate_limits import Verdict, Window


class RateLimiter(Protocol):
    """Exact sliding windows: whoever shares the limiter's memory shares the limit."""

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        """Admit and count one request of *subject*, or refuse it and count nothing.

        May raise `Unavailable` when the memory is out of reach.
        """
