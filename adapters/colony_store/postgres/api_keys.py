"""API keys in PostgreSQL, and the note of when each was last used."""

from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey
from colony_core.ports.persistence import Page, Paging
from colony_store.columns import micros, moment
from colony_store.cursors import cursor_after, seq_of
from colony_store.postgres.held import Held
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.unit import Unit
from colony_store.records import API_KEYS
from colony_store.touches import Touches


class PostgresApiKeys:
    """See `colony_core.ports.persistence.ApiKeys`. `touch` needs no transaction of its own, and no success of one."""

    def __init__(self, unit: Unit, touches: Touches) -> None:
        self._unit = unit
        self._touches = touches
        self._held = Held(unit)

    async def find(self, key_id: str) -> ApiKey | None:
        """Return the key of that id, always as the table has it: a key that was revoked anywhere opens nothing."""
        rows = await self._unit.run(lambda link: link.rows(OTHERS["key_by_id"], key_id))
        return self._read(*rows[0]) if rows else None

    async def page(self, paging: Paging) -> Page[ApiKey]:
        """Return one page of all keys."""
        query, arguments = OTHERS["key_page"], (seq_of(paging.cursor, "api-keys"), paging.limit + 1)
        rows = await self._unit.run(lambda link: link.rows(query, *arguments))
        items = tuple(self._read(*rest) for _, *rest in rows[: paging.limit])
        more = len(rows) > paging.limit
        return Page(items, cursor_after(rows[paging.limit - 1][0], "api-keys") if more else None)

    async def any(self) -> bool:
        """Tell whether there is a key at all."""
        return bool(await self._unit.run(lambda link: link.rows(OTHERS["key_any"])))

    def add(self, key: ApiKey) -> None:
        """Hold back a new key."""
        used = None if key.last_used_at is None else micros(key.last_used_at)
        self._held.add("key_insert", key.id, API_KEYS.version, API_KEYS.encode(key), used)

    def put(self, key: ApiKey) -> None:
        """Hold back what has become of a key."""
        self._held.add("key_update", API_KEYS.version, API_KEYS.encode(key), key.id)

    def touch(self, key_id: str, at: datetime) -> None:
        """Note the last use; the table learns of it within seconds, and when the store closes."""
        self._touches.note(key_id, at)

    def write_down(self, noted: dict[str, datetime]) -> None:
        """Hold back the last uses that were *noted*."""
        for key_id, at in noted.items():
            self._held.add("key_touch", micros(at), key_id)

    def _read(self, version: int, last_used_at: int | None, document: str) -> ApiKey:
        key = API_KEYS.decode(document, version)
        if last_used_at is not None:
            key = replace(key, last_used_at=moment(last_used_at))
        return self._touches.seen_on(key)
