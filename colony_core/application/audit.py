"""The audit trail: a deed and the note of it are on disk together, or neither is."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from colony_core.application.repeats import Undo
from colony_core.domain.audit import CONSOLE, AuditOutcome, Deed
from colony_core.errors import ColonyError
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import AuditFilter, Page, Paging, Store

Note = Callable[[Deed], None]
"""Writes a deed down as a part of the transaction that does it."""


class AuditDesk:
    """Shows the trail, and lets entry points write it; *clock* is the real one."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def page(self, paging: Paging, where: AuditFilter = AuditFilter()) -> Page[Deed]:
        """Return some of the trail, oldest first."""
        async with self._store.reading() as look:
            return await look.audit.page(paging, where)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Note]:
        """Do something and note it in one transaction: use cases called inside join it.

        An exception drops both; `Undo` does so silently.
        """
        try:
            async with self._store.transaction() as tx:
                yield tx.audit.write
        except Undo:
            return

    async def write(self, deed: Deed) -> None:
        """Note a deed that changed nothing: a refusal, or a download."""
        async with self._store.transaction() as tx:
            tx.audit.write(deed)

    @asynccontextmanager
    async def at_the_console(self, action: str, resource: str) -> AsyncIterator[Callable[[str], None]]:
        """Note what is done inside as an act on the store itself, or as refused if it raises a `ColonyError`.

        What is given is told the resource, where it is known only after the act.
        """
        deed = Deed(at=self._clock.now(), actor=CONSOLE, action=action, resource=resource)
        known = [resource]
        try:
            async with self.together() as note:
                yield known.append
                note(_of(deed, known[-1]))
        except ColonyError as error:
            await self.write(_of(deed, known[-1], refused_with=error.code))
            raise


def _of(deed: Deed, resource: str, *, refused_with: str | None = None) -> Deed:
    outcome = AuditOutcome.REFUSED if refused_with else AuditOutcome.DONE
    return Deed(at=deed.at, actor=deed.actor, action=deed.action, resource=resource, outcome=outcome, code=refused_with)
