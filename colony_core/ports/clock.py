"""The door to time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how to wait. Real, virtual or hastened: the core cannot tell."""

    def now(self) -> datetime:
        """Return the present moment in UTC; it never goes backwards."""

    async def sleep_until(self, when: datetime) -> None:
        """Return once `now()` is *when* or later."""
