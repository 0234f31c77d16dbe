"""What exists beside the request: every rule that needs more than the request itself asks here."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster


class World(Struct, frozen=True, kw_only=True):
    """The requested assets that are known, by id; the living clusters; the controller's own address."""

    assets: Mapping[str, Asset]
    clusters: tuple[Cluster, ...]
    now: datetime
    controller: str | None = None
