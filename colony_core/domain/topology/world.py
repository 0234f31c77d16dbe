"""What exists beside the request: every rule that needs more than the request itself asks here."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.topology.draft import DraftNode


class World(Struct, frozen=True, kw_only=True):
    """The requested assets that are known, by id; the living clusters; the controller's own address."""

    assets: Mapping[str, Asset]
    clusters: tuple[Cluster, ...]
    now: datetime
    controller: str | None = None

    def clusters_besides(self, cluster_id: str | None) -> tuple[Cluster, ...]:
        """Return the living clusters other than the one that is changed."""
        return tuple(cluster for cluster in self.clusters if cluster.id != cluster_id)

    def assets_of(self, nodes: Iterable[DraftNode]) -> Iterator[tuple[DraftNode, Asset]]:
        """Yield every node whose asset is known, with that asset."""
        for node in nodes:
            asset = self.assets.get(node.asset_id or "")
            if asset is not None:
                yield node, asset

    def owners_of_addresses(self, *, besides: str | None) -> dict[str, str]:
        """Return every address that is in use, with its owner in words."""
        owners = {asset.bmc.address: f"the controller of '{asset.id}'" for asset in self.assets.values()}
        for cluster in self.clusters_besides(besides):
            name = f"cluster '{cluster.spec.name}'"
            owners[cluster.spec.gateway] = f"the gateway of {name}"
            if cluster.spec.vip is not None:
                owners[cluster.spec.vip] = f"the VIP of {name}"
            owners |= {node.ip: f"'{node.hostname}' of {name}" for node in cluster.nodes}
        if self.controller is not None:
            owners[self.controller] = "Colony itself"
        return owners
