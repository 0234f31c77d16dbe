"""The audit trail in PostgreSQL."""

from functools import lru_cache

from msgspec.structs import replace

from colony_core.domain.audit import Deed
from colony_core.ports.persistence import AuditFilter, Page, Paging
from colony_store.postgres.documents import page_of
from colony_store.postgres.held import Held
from colony_store.postgres.unit import Unit
from colony_store.records import AUDIT

_BY_SELECTIVITY = ("resource", "actor", "action")
"""The filters; the first that is given chooses the index."""


class PostgresAudit:
    """See `colony_core.ports.persistence.Audit`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._held = Held(unit)

    def write(self, deed: Deed) -> None:
        """Hold back one more deed."""
        self._held.add("deed_insert", deed.actor, deed.action, deed.resource, AUDIT.version, AUDIT.encode(deed))

    async def page(self, paging: Paging, where: AuditFilter) -> Page[Deed]:
        """Return one page of the deeds that match."""
        chosen = {name: value for name in _BY_SELECTIVITY if (value := getattr(where, name)) is not None}
        found = await page_of(self._unit, _query(tuple(chosen)), tuple(chosen.values()), paging=paging, of="audit")
        return Page(tuple(_read(*row) for row in found.items), found.next_cursor)


@lru_cache(maxsize=8)
def _query(columns: tuple[str, ...]) -> str:
    conditions = " AND ".join([*(f"{column} = ${place}" for place, column in enumerate(columns, 1))])
    number = len(columns)
    return (
        f"SELECT seq, version, document FROM audit WHERE {conditions}{' AND ' * bool(columns)}seq > ${number + 1}"  # noqa: S608 - our names
        f" ORDER BY seq LIMIT ${number + 2}"
    )


def _read(seq: int, version: int, document: str) -> Deed:
    return replace(AUDIT.decode(document, version), seq=seq)
