"""A guard at the doors to hardware and platform: it sees every effect, and judges it at the moment of the effect."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.plans import plan_of
from colony_core.domain.secrets import Secret
from colony_core.domain.steps import Action, Perform
from colony_core.domain.workflows import Run, StepState, StepStatus
from colony_core.errors import Unavailable
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access, BmcUnreachable, Controller, Hardware
from colony_core.ports.persistence import Store
from colony_core.ports.platform import Milestone, Platform
from colony_testkit.pictures import Picture, all_assets

ALLOWED: Mapping[str, frozenset[Action]] = {
    "power off": frozenset({Action.POWER_OFF, Action.POWER_OFF_REMOVED}),
    "power on": frozenset({Action.POWER_ON}),
    "restart": frozenset({Action.RESTART}),
    "boot from pxe": frozenset({Action.BOOT_FROM_NETWORK, Action.SET_ASKED_BOOT_DEVICE}),
    "boot from disk": frozenset({Action.BOOT_FROM_DISK, Action.SET_ASKED_BOOT_DEVICE}),
    "new password": frozenset({Action.CHANGE_PASSWORD}),
}
"""Which actions of a plan may tell a controller what."""

CONFIRMED_BY: Mapping[Action, str] = {
    Action.POWER_OFF: "power off",
    Action.POWER_ON: "power on",
    Action.RESTART: "restart",
    Action.BOOT_FROM_NETWORK: "boot from pxe",
    Action.BOOT_FROM_DISK: "boot from disk",
}
"""What a controller must have reported, or accepted where it reports nothing, before an action has succeeded."""


class Watch:
    """What is seen at the doors: `broken` says in words what was done without a plan. `silent` ends all answers,
    `crowded` says that people ask while acts are on their way.

    Every call gives way once, so that whatever happens at the same time may come between.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self.broken: list[str] = []
        self.silent = False
        self.crowded = False
        self.store = store
        self._clock = clock
        self._confirmed: dict[tuple[tuple[str, int], str], datetime] = {}

    async def pass_by(self) -> None:
        """Let others go first."""
        await asyncio.sleep(0)

    async def tell(self, access: Access, order: str) -> None:
        """See that a controller is told *order*: by the present step of the workflow that holds the machine, or not."""
        await self.pass_by()
        if self.silent:
            return
        async with self.store.reading() as look:
            assets = await all_assets(look)
            asset = next((one for one in assets.values() if _address(one.bmc) == _address(access.bmc)), None)
            run = None if asset is None or asset.held_by is None else await look.runs.get(asset.held_by)
        if asset is not None and not _asks_for(run, order) and not self._overtaken(asset):
            step = None if run is None or run.current is None else run.current.name
            self.broken.append(f"{asset.id} was told {order} while held by {asset.held_by} at {step}")

    def confirm(self, access: Access, words: str) -> None:
        """Remember that a controller reported, or accepted, what *words* say."""
        self._confirmed[_address(access.bmc), words] = self._clock.now()

    def taken_on_trust(self, before: Picture, after: Picture) -> list[str]:
        """Return, in words, every step since *before* that is completed although no controller confirmed it."""
        return [
            f"{run.id} has completed {state.name}, and the controller of {run.asset_id} never confirmed it"
            for run in after.runs.values()
            for state in newly_completed(before.runs.get(run.id), run)
            if not self._is_confirmed(after.assets.get(run.asset_id or ""), run, state)
        ]

    def _is_confirmed(self, asset: Asset | None, run: Run, state: StepState) -> bool:
        do = plan_of(run).step(state.name).do
        words = CONFIRMED_BY.get(do.action) if isinstance(do, Perform) else None
        if words is None or asset is None or asset.created_at >= run.created_at:
            return True
        at = self._confirmed.get((_address(asset.bmc), words))
        return at is not None and state.started_at is not None and at >= state.started_at

    def _overtaken(self, asset: Asset) -> bool:
        """Tell whether the machine was registered anew while an act was on its way, which cannot be called back."""
        return self.crowded and asset.created_at == self._clock.now()


def _address(bmc: Bmc) -> tuple[str, int]:
    return bmc.address, bmc.port


def newly_completed(before: Run | None, after: Run) -> list[StepState]:
    """Return the steps that *after* has completed by itself, and *before* had not."""
    known = {state.name for state in before.steps if state.status is StepStatus.COMPLETED} if before else set()
    done = [state for state in after.steps if state.status is StepStatus.COMPLETED and not state.kept]
    return [state for state in done if state.name not in known]


def _asks_for(run: Run | None, order: str) -> bool:
    state = None if run is None else run.current
    if run is None or state is None or state.status is not StepStatus.RUNNING:
        return False
    do = plan_of(run).step(state.name).do
    return isinstance(do, Perform) and do.action in ALLOWED[order]


class WatchedHardware:
    """Hardware whose every order is seen."""

    def __init__(self, inner: Hardware, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def controller(self, access: Access) -> Controller:
        """Return the watched controller."""
        return WatchedController(self._inner.controller(access), access, self._watch)

    async def aclose(self) -> None:
        """Let go of everything."""
        await self._inner.aclose()


class WatchedController:
    """A controller whose every order is seen."""

    def __init__(self, inner: Controller, access: Access, watch: Watch) -> None:
        self._inner = inner
        self._access = access
        self._watch = watch

    async def power(self) -> Power:
        """Return what the controller reports."""
        power = await (await self._reached()).power()
        self._watch.confirm(self._access, f"power {power}")
        return power

    async def set_power(self, power: Power) -> None:
        """Tell the controller."""
        await self._watch.tell(self._access, f"power {power}")
        await (await self._reached()).set_power(power)

    async def restart(self) -> None:
        """Tell the controller."""
        await self._watch.tell(self._access, "restart")
        await (await self._reached()).restart()
        self._watch.confirm(self._access, "restart")

    async def boot_device(self) -> BootDevice | None:
        """Return what the controller reports."""
        device = await (await self._reached()).boot_device()
        self._watch.confirm(self._access, f"boot from {device}")
        return device

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Tell the controller."""
        await self._watch.tell(self._access, f"boot from {device}")
        await (await self._reached()).set_boot_device(device, mode=mode)

    async def identity(self) -> System:
        """Return what the controller reports."""
        return await (await self._reached()).identity()

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the controller reports."""
        return await (await self._reached()).sensors()

    async def inventory(self) -> Inventory | None:
        """Return what the controller reports."""
        return await (await self._reached()).inventory()

    async def change_password(self, new: Secret) -> None:
        """Tell the controller."""
        await self._watch.tell(self._access, "new password")
        await (await self._reached()).change_password(new)

    async def _reached(self) -> Controller:
        await self._watch.pass_by()
        if self._watch.silent:
            raise BmcUnreachable("Every controller is silent")
        return self._inner


class WatchedPlatform:
    """A platform that can fall silent with the hardware that it runs on."""

    def __init__(self, inner: Platform, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    async def bootstrap(self, cluster: Cluster, authority: Secret) -> None:
        """Pass it on."""
        await (await self._reached()).bootstrap(cluster, authority)

    async def check(self, cluster: Cluster, authority: Secret, milestone: Milestone) -> None:
        """Pass it on."""
        await (await self._reached()).check(cluster, authority, milestone)

    async def install_stack(self, cluster: Cluster, authority: Secret, credentials: ClusterCredentials) -> None:
        """Pass it on."""
        await (await self._reached()).install_stack(cluster, authority, credentials)

    async def remove_node(self, cluster: Cluster, authority: Secret, asset_id: str) -> None:
        """Pass it on."""
        await (await self._reached()).remove_node(cluster, authority, asset_id)

    async def _reached(self) -> Platform:
        await self._watch.pass_by()
        if self._watch.silent:
            raise Unavailable("Every machine is silent")
        return self._inner
