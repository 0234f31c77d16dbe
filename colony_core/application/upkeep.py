"""What comes to its end by itself, although no workflow is at work on it: maintenance."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from colony_core.domain.assets import Asset
from colony_core.domain.events import Entry, EventType
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Store, Transaction

BEGUN, ENDED = "begun", "ended"
"""What an entry of the journal about a maintenance has for a status."""

_ROUND = timedelta(minutes=1)
"""How long a busy service goes on without looking whether something has come to its end."""

_BATCH = 200


def told(asset: Asset, *, now: datetime, lifted: bool = False) -> Entry:
    """Return the journal's entry that the maintenance of *asset* has begun, was changed, or is over."""
    maintenance = asset.maintenance
    if maintenance is None:
        message = f"Maintenance of asset {asset.id} {'was lifted' if lifted else 'is over'}"
    else:
        until = f" until {maintenance.until:%Y-%m-%dT%H:%M:%SZ}" if maintenance.until else ""
        message = f"Asset {asset.id} is in maintenance{until} by {maintenance.by}: {maintenance.reason}"
    return Entry(
        at=now,
        type=EventType.MAINTENANCE,
        message=message,
        asset_id=asset.id,
        cluster_id=asset.cluster_id,
        status=ENDED if maintenance is None else BEGUN,
    )


class Upkeep:
    """Ends every maintenance when its time is over, and tells of it."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._look_at: datetime | None = None

    async def next_end(self, look: Transaction) -> datetime | None:
        """Return when the next maintenance ends, and be ready then."""
        end = await look.assets.next_maintenance_end()
        latest = self._clock.now() + _ROUND
        self._look_at = latest if end is None else min(end, latest)
        return end

    async def done(self) -> bool:
        """End what is over, and tell whether anything was; it costs nothing until it is time to look again."""
        now = self._clock.now()
        if self._look_at is not None and now < self._look_at:
            return False
        async with self._store.transaction() as tx:
            over = await tx.assets.maintenance_over(now, _BATCH)
            for asset in over:
                ended = replace(asset, maintenance=None, updated_at=now)
                tx.assets.put(ended)
                tx.journal.write(told(ended, now=now))
        self._look_at = now if len(over) == _BATCH else now + _ROUND
        return bool(over)
