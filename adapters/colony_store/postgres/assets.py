"""Assets in PostgreSQL."""

from datetime import datetime

from colony_core.domain.assets import Asset, AssetExists, AssetNotFound
from colony_core.ports.persistence import AssetFilter, Page, Paging
from colony_store.batches import Row, Side
from colony_store.columns import known_macs, maintained_until, micros, moment, system_uuid
from colony_store.counters import Counters
from colony_store.postgres import listing, queries
from colony_store.postgres.link import Link
from colony_store.postgres.table import Table
from colony_store.postgres.texts import received
from colony_store.postgres.unit import Unit
from colony_store.records import ASSETS
from colony_store.shelf import Shelf

_MAINTENANCE_OVER = queries.ASSETS["maintenance_over"]
_OF_CLUSTER = queries.ASSETS["of_cluster"]
_BY_MAC = queries.ASSETS["by_mac"]
_BY_UUID = queries.ASSETS["by_uuid"]


class PostgresAssets(Shelf[Unit, Asset]):
    """See `colony_core.ports.persistence.Assets`."""

    def __init__(self, unit: Unit, counters: Counters, table: Table[Asset]) -> None:
        super().__init__(unit, counters, table, missing=AssetNotFound)

    async def find_by_boot_identity(self, mac: str, uuid: str) -> Asset | None:
        """Return the one asset that boots with that *mac*, or else has that *uuid*.

        The address goes first: boards of one maker may share a UUID, and firmware disagrees about its byte order. Of
        several assets with the address (a dock, a cloned card) the UUID chooses; a doubt is nobody.
        """
        uuid = uuid.lower()
        candidates = await self.find(_BY_MAC, mac.lower()) if mac else ()
        if not candidates:
            candidates = await self.find(_BY_UUID, uuid) if uuid else ()
        elif len(candidates) > 1:
            candidates = tuple(asset for asset in candidates if uuid and asset.system_uuid == uuid)
        return candidates[0] if len(candidates) == 1 else None

    async def page(self, paging: Paging, where: AssetFilter) -> Page[Asset]:
        """Return one page of the assets that match."""
        return await self.page_of(paging, listing.assets(where))

    async def of_cluster(self, cluster_id: str) -> tuple[Asset, ...]:
        """Return every asset of the cluster, oldest first."""
        return await self.find(_OF_CLUSTER, cluster_id)

    async def maintenance_over(self, now: datetime, limit: int) -> tuple[Asset, ...]:
        """Return assets whose maintenance has come to its end."""
        return await self.find(_MAINTENANCE_OVER, micros(now), limit)

    async def next_maintenance_end(self) -> datetime | None:
        """Return when the next maintenance ends."""
        ((at,),) = await self._unit.run(lambda link: link.rows(queries.ASSETS["next_maintenance_end"]))
        return None if at is None else moment(at)

    async def count_by_status(self) -> dict[str, int]:
        """Return how many assets have each status that any has."""
        rows = await self._unit.run(lambda link: link.rows(queries.ASSETS["counts"]))
        return dict(rows)


def table() -> Table[Asset]:
    """Return how assets lie in their table, with nothing remembered yet."""
    return Table(
        "asset",
        ASSETS,
        queries.ASSETS,
        columns=_columns,
        taken=_taken,
        clash=_clash,
        sides=(Side("forget_tags", "add_tag", _tags), Side("forget_macs", "add_mac", _macs)),
    )


def _columns(asset: Asset) -> Row:
    return (
        asset.status.value,
        asset.bmc.address,
        asset.bmc.port,
        system_uuid(asset),
        asset.cluster_id,
        maintained_until(asset),
    )


def _tags(asset: Asset) -> frozenset[Row]:
    return frozenset(asset.tags.items())


def _macs(asset: Asset) -> frozenset[Row]:
    return frozenset((mac,) for mac in known_macs(asset))


def _taken(asset: Asset) -> AssetExists:
    return AssetExists(f"Asset '{asset.id}' exists already: use it, or choose another ID")


async def _clash(link: Link, asset: Asset) -> AssetExists | None:
    """Return who has the controller of *asset* already."""
    place = (asset.bmc.address, asset.bmc.port)
    rows = await link.rows(queries.ASSETS["holder_of_bmc"], *place, asset.id)
    if not rows:
        return None
    return AssetExists(
        f"Asset '{received(rows[0][0])}' has the controller at {place[0]} port {place[1]} already:"
        " use it, or delete it first"
    )
