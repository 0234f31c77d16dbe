"""Tells somebody, in the transaction itself, when the runs that it changed are due."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from colony_core.domain.workflows import Run, StepStatus
from colony_store.postgres.link import Link
from colony_store.units import Unit, Work

Tell = Callable[[Any, Sequence[tuple[str, datetime]]], Awaitable[None]]
"""Takes the connection of a transaction that is about to commit, and the moments that runs are due, by id."""


async def to_nobody(_connection: Any, _dues: Sequence[tuple[str, datetime]]) -> None:
    """Do nothing."""


class Wakes:
    """The runs that one transaction wrote; those whose act is in flight are left out: whoever performs it is awake."""

    def __init__(self, unit: Unit, tell: Tell) -> None:
        self._tell = tell
        self._dues: dict[str, datetime] = {}
        unit.join(self)

    def note(self, run: Run) -> None:
        """Remember when *run* is due, if it is ever."""
        state = run.current
        performed = state is not None and state.status is StepStatus.RUNNING and state.performer is not None
        if run.due is None or performed:
            self._dues.pop(run.id, None)
        else:
            self._dues[run.id] = run.due

    def take(self) -> Work | None:
        """Return what tells of everything that was noted."""
        if not self._dues:
            return None
        dues, self._dues = tuple(self._dues.items()), {}

        async def tell(link: Link) -> None:
            with link.speaking():
                await self._tell(link.connection, dues)

        return tell

    def committed(self) -> None:
        """Do nothing: it was told along with the rest."""
