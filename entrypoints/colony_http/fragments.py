"""Assets as they were last encoded: a list of 100 costs one comparison each, as machines seldom change."""

from collections.abc import Mapping

import msgspec

from colony_core import Asset
from colony_core.domain.healths import Health
from colony_http.replies import raw
from colony_http.shapes_assets import AssetView

CAPACITY = 2000
"""How many assets are remembered; at about 5 KB each."""


class AssetFragments:
    """Encoded assets by id, used only while asset and health equal those that were encoded, in every field."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._known: dict[str, tuple[Asset, Health | None, msgspec.Raw]] = {}

    def of(self, assets: tuple[Asset, ...], healths: Mapping[str, Health]) -> list[msgspec.Raw]:
        """Return *assets* with their *healths* as clients see them, encoded."""
        return [self._one(asset, healths.get(asset.id)) for asset in assets]

    def _one(self, asset: Asset, health: Health | None) -> msgspec.Raw:
        known = self._known.get(asset.id)
        if known is not None and known[0] == asset and known[1] == health:
            return known[2]
        fragment = raw(AssetView.of(asset, health))
        self._known.pop(asset.id, None)
        if len(self._known) >= self._capacity:
            del self._known[next(iter(self._known))]
        self._known[asset.id] = asset, health, fragment
        return fragment
