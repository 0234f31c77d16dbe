"""Performs acts: gathers what an action needs, does it through the ports, and makes an outcome of whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from colony_core.application import cluster_actions, machine_actions, rotation
from colony_core.application.fences import Mine, always, check
from colony_core.application.safekeeping import AUTHORITY, BMC_PASSWORD, CREDENTIALS, unpacked
from colony_core.application.workplace import Sighting, Tools, Workplace
from colony_core.domain.assets import AssetNotFound
from colony_core.domain.decisions import Act, Failed, Succeeded
from colony_core.domain.orders import Shrink
from colony_core.domain.secrets import Secret
from colony_core.domain.steps import Action
from colony_core.domain.workflows import Fault
from colony_core.errors import ColonyError, Refused

log = logging.getLogger("colony.performer")

DOING: Mapping[Action, Callable[[Tools, Workplace], Awaitable[Sighting | None]]] = MappingProxyType(
    {
        Action.CONTACT: machine_actions.contact,
        Action.INSPECT: machine_actions.inspect,
        Action.POWER_OFF: machine_actions.power_off,
        Action.POWER_ON: machine_actions.power_on,
        Action.RESTART: machine_actions.restart,
        Action.BOOT_FROM_NETWORK: machine_actions.boot_from_network,
        Action.BOOT_FROM_DISK: machine_actions.boot_from_disk,
        Action.SET_ASKED_BOOT_DEVICE: machine_actions.set_asked_boot_device,
        Action.POWER_OFF_REMOVED: machine_actions.power_off_removed,
        Action.CREATE_AUTHORITY: cluster_actions.create_authority,
        Action.BOOTSTRAP: cluster_actions.bootstrap,
        Action.CHECK_API: cluster_actions.check_api,
        Action.CHECK_NODES: cluster_actions.check_nodes,
        Action.INSTALL_STACK: cluster_actions.install_stack,
        Action.CHECK_STACK: cluster_actions.check_stack,
        Action.REMOVE_NODE: cluster_actions.remove_node,
        Action.CHANGE_PASSWORD: rotation.change_password,
        Action.SETTLE_PASSWORD: rotation.settle_password,
    }
)
"""What each action does. Every one is safe to repeat."""


class Outcome(Struct, frozen=True):
    """How an act went, and what was seen of its machine on the way."""

    act: Act
    event: Succeeded | Failed
    sighting: Sighting | None = None


class Performer:
    """Performs one act at a time, any number of them at once."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def survey(self, acts: Sequence[Act]) -> dict[str, Workplace]:
        """Return, by run, where those *acts* work that are done to one machine; one look at the store finds them all.

        What it does not find, `perform` looks for itself, and makes an outcome of whatever is wrong with it.
        """
        with suppress(ColonyError):
            async with self._tools.store.reading() as look:
                found = await look.runs.get_many([act.run_id for act in acts])
                runs = {run.asset_id: run for run in found.values() if run.asset_id is not None}
                assets = await look.assets.get_many(tuple(runs))
                passwords = await look.vault.get_many(tuple(assets), BMC_PASSWORD)
            return {
                runs[id].id: Workplace(run=runs[id], asset=asset, password=passwords.get(id, Secret("")))
                for id, asset in assets.items()
                if asset.held_by == runs[id].id
            }
        return {}

    async def perform(self, act: Act, place: Workplace | None = None, *, mine: Mine = always) -> Outcome:
        """Do what *act* asks for within its deadline, as long as it is *mine*; every error becomes an outcome."""
        try:
            place = replace(place or await self._workplace(act.run_id), mine=mine)
            check(mine)
            left = (act.deadline - self._tools.clock.now()).total_seconds()
            async with asyncio.timeout(max(left, 0.0)):
                seen = await DOING[act.action](self._tools, place)
        except TimeoutError:
            return _lost(act, Fault("STEP_OVERRAN", f"The action {act.action} did not end in time"))
        except ColonyError as error:
            return _lost(act, Fault(error.code, error.details), final=isinstance(error, Refused))
        except Exception as error:
            log.exception("the action %s of workflow %s broke", act.action, act.run_id)
            return _lost(act, Fault("INTERNAL_ERROR", f"The action {act.action} broke ({type(error).__name__})"))
        return Outcome(act, Succeeded(act.step, act.attempt, enough=seen is not None and seen.enough), seen)

    async def got_on(self, acting: Collection[asyncio.Task[None]]) -> bool:
        """Wait until one of the tasks that are *acting* has ended; answer False when all of them wait for time."""
        hardware = self._tools.hardware
        while True:
            paused = hardware.paused.next()
            if hardware.pausing().issuperset(acting):
                return False
            more = asyncio.create_task(paused.wait())
            try:
                done, _ = await asyncio.wait([*acting, more], return_when=asyncio.FIRST_COMPLETED)
            finally:
                more.cancel()
                await asyncio.gather(more, return_exceptions=True)
            if done - {more}:
                return True

    async def _workplace(self, run_id: str) -> Workplace:
        async with self._tools.store.reading() as look:
            run = await look.runs.get(run_id)
            place = Workplace(run=run)
            asset_id = run.order.asset_id if isinstance(run.order, Shrink) else run.asset_id
            if asset_id is not None:
                asset = (await look.assets.get_many([asset_id])).get(asset_id)
                if asset is not None and asset.held_by != run.id:
                    asset = None  # The machine was forgotten by force; what has its id now is none of this run's.
                if run.asset_id is not None and asset is None:
                    raise AssetNotFound(asset_id)
                password = await look.vault.get(asset_id, BMC_PASSWORD)
                place = replace(place, asset=asset, password=password or Secret(""))
            if run.asset_id is None and run.cluster_id is not None:
                place = replace(
                    place,
                    cluster=await look.clusters.get(run.cluster_id),
                    authority=await look.vault.get(run.cluster_id, AUTHORITY),
                    credentials=unpacked(await look.vault.get(run.cluster_id, CREDENTIALS)),
                )
        return place


def _lost(act: Act, fault: Fault, *, final: bool = False) -> Outcome:
    return Outcome(act, Failed(act.step, act.attempt, fault, final))
