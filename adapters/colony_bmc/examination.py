"""What an examination by either protocol has in common: a part that is refused is noted, and the rest goes on."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from colony_bmc.quirks import quirks_of
from colony_core.domain.findings import QuirkNote, Refusal
from colony_core.domain.hardware import Protocol
from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcUnreachable

T = TypeVar("T")


class Parts:
    """Reads parts one after the other; `refused` is what was not told. A controller that falls silent ends it all."""

    def __init__(self) -> None:
        self.refused: list[Refusal] = []

    async def read(self, what: str, part: Coroutine[Any, Any, T]) -> T | None:
        """Return *part*, or None and a note of why it cannot be had."""
        try:
            return await part
        except BmcUnreachable:
            raise
        except ColonyError as error:
            self.refused.append(Refusal(what=what, why=error.details))
            return None


def notes_on(protocol: Protocol, vendor: str, model: str, firmware: str) -> tuple[QuirkNote, ...]:
    """Return the rows of the table of quirks that are about such a controller."""
    rows = quirks_of(protocol, vendor, model, firmware)
    return tuple(QuirkNote(behaviour=row.behaviour, why=row.why) for row in rows)
