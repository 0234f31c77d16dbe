"""The healths of controllers in memory."""

from collections.abc import Container, Sequence
from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.healths import Health, HealthCount


class MemoryHealths:
    """See `colony_core.ports.persistence.Healths`."""

    def __init__(self, healths: dict[str, Health], assets: Container[str]) -> None:
        self._healths = healths
        self._assets = assets

    async def get_many(self, asset_ids: Sequence[str]) -> dict[str, Health]:
        """Return the healths of those of *asset_ids* that have one."""
        return {id: self._healths[id] for id in asset_ids if id in self._healths}

    async def count_by_state(self) -> dict[str, HealthCount]:
        """Return how many controllers are in each state that any is in."""
        counts: dict[str, HealthCount] = {}
        for health in self._healths.values():
            known = counts.get(health.state.value, HealthCount(0, health.checked_at))
            counts[health.state.value] = HealthCount(known.number + 1, min(known.oldest, health.checked_at))
        return counts

    def put(self, health: Health) -> None:
        """Add or replace a health."""
        if health.asset_id in self._assets:
            self._healths[health.asset_id] = health

    def touch(self, asset_id: str, checked_at: datetime, *, read_at: datetime | None) -> None:
        """Move the times of a health."""
        health = self._healths.get(asset_id)
        if health is None:
            return
        power = replace(health.power, at=read_at) if health.power and read_at else health.power
        self._healths[asset_id] = replace(health, checked_at=checked_at, power=power)

    def remove(self, asset_id: str) -> None:
        """Forget a health."""
        self._healths.pop(asset_id, None)
