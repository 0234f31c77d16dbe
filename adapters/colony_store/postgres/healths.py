"""The healths of controllers in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.healths import Health, HealthCount
from colony_store.columns import micros, moment
from colony_store.postgres.held import Held
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.unit import Unit
from colony_store.records import HEALTHS


class PostgresHealths:
    """See `colony_core.ports.persistence.Healths`. The times beside a document are newer than those in it."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._held = Held(unit)

    async def get_many(self, asset_ids: Sequence[str]) -> dict[str, Health]:
        """Return the healths of those of *asset_ids* that have one."""
        wanted = list(dict.fromkeys(asset_ids))
        rows = await self._unit.run(lambda link: link.rows(OTHERS["healths"], wanted))
        found = (_health(*row) for row in rows)
        return {health.asset_id: health for health in found}

    async def count_by_state(self) -> dict[str, HealthCount]:
        """Return how many controllers are in each state that any is in."""
        rows = await self._unit.run(lambda link: link.rows(OTHERS["health_counts"]))
        return {state: HealthCount(number, moment(oldest)) for state, number, oldest in rows}

    def put(self, health: Health) -> None:
        """Hold back a health, new or changed."""
        read_at = micros(health.power.at) if health.power else None
        times = (micros(health.checked_at), read_at)
        document = HEALTHS.encode(health)
        self._held.add("health_put", health.asset_id, health.state.value, *times, HEALTHS.version, document)

    def touch(self, asset_id: str, checked_at: datetime, *, read_at: datetime | None) -> None:
        """Hold back newer times."""
        self._held.add("health_touch", asset_id, micros(checked_at), micros(read_at) if read_at else None)

    def remove(self, asset_id: str) -> None:
        """Hold back the end of a health."""
        self._held.add("health_remove", asset_id)


def _health(checked_at: int, read_at: int | None, version: int, document: str) -> Health:
    health = HEALTHS.decode(document, version)
    power = health.power
    if power is not None and read_at is not None:
        power = replace(power, at=moment(read_at))
    return replace(health, checked_at=moment(checked_at), power=power)
