"""The audit trail in SQLite."""

from functools import lru_cache

from msgspec.structs import replace

from colony_core.domain.audit import Deed
from colony_core.ports.persistence import AuditFilter, Page, Paging
from colony_store.records import AUDIT
from colony_store.sqlite.documents import page_of
from colony_store.sqlite.held import Held
from colony_store.sqlite.unit import Unit

_BY_SELECTIVITY = ("resource", "actor", "action")
"""The filters; the first that is given chooses the index."""


class SqliteAudit:
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
    # A plus before a column keeps SQLite, which has no statistics, from choosing by it.
    marked = [column if place == 0 else f"+{column}" for place, column in enumerate(columns)]
    conditions = " AND ".join([*(f"{column} = ?" for column in marked), "seq > ?"])
    return f"SELECT seq, version, document FROM audit WHERE {conditions} ORDER BY seq LIMIT ?"  # noqa: S608 - our names


def _read(seq: int, version: int, document: str) -> Deed:
    return replace(AUDIT.decode(document, version), seq=seq)
