"""Remembers what acts saw of their machines."""

from datetime import datetime

from msgspec.structs import replace

from colony_core.application.performing import Outcome
from colony_core.application.workplace import Sighting
from colony_core.domain.assets import Asset, cycles_at, told_of
from colony_core.domain.hardware import Power
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import Transaction


async def note(tx: Transaction, run: Run, outcome: Outcome, *, now: datetime) -> None:
    """Remember what the act saw of its machine, if *run* still holds it."""
    seen = outcome.sighting
    if seen is None or run.asset_id is None:
        return
    asset = (await tx.assets.get_many([run.asset_id])).get(run.asset_id)
    if asset is None or asset.held_by != run.id:
        return
    if seen.restarted or _was_switched_on(asset, seen):
        asset = replace(asset, power_cycles=(*cycles_at(asset, now), now))
    if seen.inventory is not None:
        asset = told_of(asset, seen.inventory, now=now)
    tx.assets.put(replace(asset, power=seen.power or asset.power, identity=seen.identity or asset.identity))


def _was_switched_on(asset: Asset, seen: Sighting) -> bool:
    """Tell whether the machine, last seen off, is on now: what was ordered in between may have taken many attempts."""
    before, after = asset.power, seen.power
    return before is not None and before.power is Power.OFF and after is not None and after.power is Power.ON
