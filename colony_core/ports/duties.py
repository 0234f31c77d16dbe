"""The door to whatever says which process does what only one may do at a time."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Duties(Protocol):
    """Shares the duties of one store among its processes; a duty is known by its name."""

    async def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* while the duty is ours, and wait while it is another's; return when *work* does.

        Once the duty is lost, *work* is cancelled, and begun anew when it is ours again. Others take over within ten
        seconds of the end, or the silence, of the process that has it. A process that stood still finds out late that
        it has lost its duties: what it does must bear to be done twice.
        """
