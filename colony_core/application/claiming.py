"""Claims the machines of a cluster: all of them in one transaction, or none."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from colony_core.application.advancing import put_asset
from colony_core.domain.assets import Asset, AssetStatus, Move, advance, claimed
from colony_core.domain.clusters import Cluster
from colony_core.domain.topology import World
from colony_core.ports.persistence import Transaction


async def world_of(tx: Transaction, asset_ids: Sequence[str], *, now: datetime) -> World:
    """Return what a topology is judged against: the machines it asks for, and all living clusters."""
    return World(assets=await tx.assets.get_many(asset_ids), clusters=await tx.clusters.all(), now=now)


async def claim_for_install(
    tx: Transaction, cluster: Cluster, asset_ids: Sequence[str], *, run_id: str, now: datetime
) -> frozenset[str]:
    """Let run *run_id* hold every machine; those not installed yet begin to be. Return those that are installed."""
    installed = set()
    for asset_id in asset_ids:
        asset = await tx.assets.get(asset_id)
        if _is_member(asset, cluster):
            installed.add(asset_id)
            put_asset(tx, asset, claimed(asset, by=run_id, now=now), now=now)
            continue
        moved = advance(claimed(asset, by=run_id, now=now), Move.PROVISION, now=now)
        put_asset(tx, asset, replace(moved, cluster_id=cluster.id, last_error=None), now=now)
    return frozenset(installed)


async def claim_member(tx: Transaction, cluster: Cluster, asset_id: str, *, run_id: str, now: datetime) -> None:
    """Let run *run_id* hold the machine that leaves, or has left, the cluster, if it still is what it was."""
    asset = (await tx.assets.get_many([asset_id])).get(asset_id)
    if asset is not None and asset.status is AssetStatus.PROVISIONED and asset.cluster_id in (cluster.id, None):
        put_asset(tx, asset, claimed(asset, by=run_id, now=now), now=now)


def _is_member(asset: Asset, cluster: Cluster) -> bool:
    return asset.cluster_id == cluster.id and asset.status is AssetStatus.PROVISIONED
