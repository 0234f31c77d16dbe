"""The histories of workflows in PostgreSQL."""

from collections.abc import Sequence
from functools import partial

from colony_core.domain.histories import Happening
from colony_store.postgres.link import Link
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.texts import received
from colony_store.postgres.unit import Unit, Work
from colony_store.records import STRETCHES, Stretch


class PostgresHistories:
    """See `colony_core.ports.persistence.Histories`.

    What one transaction writes of one run goes into one row: most acts end in two happenings, the outcome and the
    beginning of the next step, and a row costs more than what is in it.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._held: dict[str, list[Happening]] = {}
        unit.join(self)

    def write(self, run_id: str, happening: Happening) -> None:
        """Hold back one more happening."""
        self._unit.require_writable()
        self._held.setdefault(run_id, []).append(happening)

    async def of(self, run_ids: Sequence[str]) -> dict[str, tuple[Happening, ...]]:
        """Return the histories of those of *run_ids* that have one."""
        wanted = list(dict.fromkeys(run_ids))
        rows = await self._unit.run(lambda link: link.rows(OTHERS["histories"], wanted))
        found: dict[str, tuple[Happening, ...]] = {}
        for _, sent_id, version, document in rows:
            run_id = received(sent_id)
            found[run_id] = found.get(run_id, ()) + STRETCHES.decode(document, version).happenings
        return found

    def take(self) -> Work | None:
        """Return what writes everything that was held back."""
        if not self._held:
            return None
        held, self._held = self._held, {}
        rows = [
            (run_id, STRETCHES.version, STRETCHES.encode(Stretch(happenings=tuple(happenings))))
            for run_id, happenings in held.items()
        ]
        return partial(_insert, rows=rows)

    def committed(self) -> None:
        """Nothing is remembered beyond the transaction."""


async def _insert(link: Link, *, rows: list[tuple[str, int, str]]) -> None:
    await link.many(OTHERS["stretch_insert"], rows)
