"""Finds out how a machine's controller is spoken to, where nobody said when the machine was registered."""

from msgspec.structs import replace

from colony_core.application.workplace import Tools, Workplace
from colony_core.domain.assets import Asset, AssetExists
from colony_core.domain.events import Entry, EventType
from colony_core.domain.hardware import Bmc
from colony_core.domain.probing import chosen, settled, verdict
from colony_core.errors import Refused
from colony_core.ports.hardware import BmcUnreachable


class ControllerTaken(Refused):
    """Another asset has the controller that this one's address leads to."""

    code = "BMC_TAKEN"
    summary = "Management controller belongs to another asset"
    advice = "Use the asset that the details name, and forget this one; or correct this one's address."


async def with_protocol(tools: Tools, place: Workplace) -> Workplace:
    """Return *place* with a controller whose protocol is known; what is found out is stored at once.

    So a login that fails afterwards, or the end of the process, costs no second round of questions.
    """
    assert place.asset is not None, "only machines have controllers"
    if place.asset.bmc.protocol_known:
        return place
    bmc, said = await _found(tools, place.asset.bmc)
    return replace(place, asset=await _kept(tools, place, bmc, said))


async def _found(tools: Tools, bmc: Bmc) -> tuple[Bmc, str]:
    knocks = await tools.hardware.probe(bmc)
    choice = chosen(knocks, bmc)
    said = verdict(knocks, choice)
    if choice is None and knocks:
        raise BmcUnreachable(f"{bmc.address} was asked without credentials how it is spoken to. {said}")
    return (replace(bmc, protocol_known=True), "") if choice is None else (settled(bmc, choice), said)


async def _kept(tools: Tools, place: Workplace, bmc: Bmc, said: str) -> Asset:
    run, now = place.run, tools.clock.now()
    assert run.asset_id is not None, "only machines have controllers"
    try:
        async with tools.store.transaction() as tx:
            asset = await tx.assets.get(run.asset_id)
            if asset.held_by == run.id and not asset.bmc.protocol_known:
                asset = replace(asset, bmc=bmc)
                tx.assets.put(asset)
                if said:
                    step = run.current.name if run.current else None
                    told = Entry(at=now, type=EventType.LOG, message=said, run_id=run.id, asset_id=asset.id, step=step)
                    tx.journal.write(told)
    except AssetExists as error:
        raise ControllerTaken(f"{said}. {error.details}") from None
    return asset
