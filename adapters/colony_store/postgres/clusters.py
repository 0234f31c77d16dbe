"""Clusters in PostgreSQL."""

from colony_core.domain.clusters import Cluster, ClusterNameTaken, ClusterNotFound
from colony_core.ports.persistence import ClusterFilter, Page, Paging, StaleWrite
from colony_store.batches import Row
from colony_store.counters import Counters
from colony_store.postgres import listing, queries
from colony_store.postgres.link import Link
from colony_store.postgres.table import Table
from colony_store.postgres.unit import Unit
from colony_store.records import CLUSTERS
from colony_store.shelf import Shelf

_EVERYTHING = queries.CLUSTERS["everything"]


class PostgresClusters(Shelf[Unit, Cluster]):
    """See `colony_core.ports.persistence.Clusters`."""

    def __init__(self, unit: Unit, counters: Counters, table: Table[Cluster]) -> None:
        super().__init__(unit, counters, table, missing=ClusterNotFound)

    async def all(self) -> tuple[Cluster, ...]:
        """Return every living cluster, oldest first."""
        return await self.find(_EVERYTHING)

    async def page(self, paging: Paging, where: ClusterFilter) -> Page[Cluster]:
        """Return one page of the clusters that match."""
        return await self.page_of(paging, listing.clusters(where))


def table() -> Table[Cluster]:
    """Return how clusters lie in their table, with nothing remembered yet."""
    return Table("cluster", CLUSTERS, queries.CLUSTERS, columns=_columns, taken=_taken, clash=_clash, room=1024)


def _columns(cluster: Cluster) -> Row:
    return cluster.spec.name, cluster.status.value, cluster.spec.type.value


def _taken(cluster: Cluster) -> StaleWrite:
    return StaleWrite(f"Cluster '{cluster.id}' exists already: nothing was written")


async def _clash(link: Link, cluster: Cluster) -> ClusterNameTaken | None:
    name = cluster.spec.name
    rows = await link.rows(queries.CLUSTERS["holder_of_name"], name, cluster.id)
    return ClusterNameTaken(name) if rows else None
