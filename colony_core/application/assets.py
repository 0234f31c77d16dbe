"""What people do with machines."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import UNSET, Struct
from msgspec.structs import replace

from colony_core.application.advancing import advance as advance_run
from colony_core.application.advancing import put_asset, start
from colony_core.application.bell import Bell
from colony_core.application.bmc_queues import BmcQueues
from colony_core.application.rotation import told_by_a_person, want
from colony_core.application.safekeeping import BMC_PASSWORD
from colony_core.application.upkeep import told
from colony_core.domain.assets import (
    Asset,
    AssetBusy,
    AssetExists,
    AssetInCluster,
    Move,
    advance,
    as_of,
    claimed,
)
from colony_core.domain.building import new_run
from colony_core.domain.clusters import NodeStatus, with_statuses
from colony_core.domain.decisions import CancelAsked
from colony_core.domain.hardware import BootDevice, Inventory
from colony_core.domain.healths import Health
from colony_core.domain.machine_plans import ASSET_DISCOVERY, ASSET_REBOOT, BMC_ROTATION, DISK_WIPE, OS_PROVISION
from colony_core.domain.orders import Discovery, Order, Reboot, Rotation, WipeMethod
from colony_core.domain.passwords import CHANCE_DIGITS, check_password, check_rotatable, made_password
from colony_core.domain.plans import suited
from colony_core.domain.provisioning import ProvisionRequest, install_order, wipe_order
from colony_core.domain.registration import AssetChanges, Registration, changed, differing, registered
from colony_core.domain.secrets import Secret
from colony_core.domain.steps import Plan
from colony_core.domain.workflows import Run
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import AssetFilter, Page, Paging, Store, Transaction


class Forgotten(Struct, frozen=True, kw_only=True):
    """An asset that is gone, as it was, and what was left undone when it went."""

    asset: Asset
    not_done: tuple[str, ...] = ()
    health: Health | None = None


class Amended(Struct, frozen=True, kw_only=True):
    """An asset after a change, and the fields that the change made different, as clients call them."""

    asset: Asset
    changed: tuple[str, ...] = ()
    health: Health | None = None


class AssetDesk:
    """Registers, changes and forgets machines, and starts the work on one of them."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        chance: Chance,
        work: Bell,
        hardware: BmcQueues,
        patience: timedelta | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._work = work
        self._hardware = hardware
        self._patience = patience

    async def get(self, asset_id: str) -> Asset:
        """Return one asset, or raise `AssetNotFound`."""
        async with self._store.reading() as look:
            return as_of(await look.assets.get(asset_id), self._clock.now())

    async def page(self, paging: Paging, where: AssetFilter = AssetFilter()) -> Page[Asset]:
        """Return some of the assets, oldest first."""
        async with self._store.reading() as look:
            page = await look.assets.page(paging, where)
        now = self._clock.now()
        return Page(tuple(as_of(asset, now) for asset in page.items), page.next_cursor)

    async def page_with_health(
        self, paging: Paging, where: AssetFilter = AssetFilter()
    ) -> tuple[Page[Asset], dict[str, Health]]:
        """Return some of the assets, oldest first, and how the controllers are of those that were ever asked."""
        async with self._store.reading() as look:
            page = await self.page(paging, where)
            return page, await look.healths.get_many([asset.id for asset in page.items])

    async def register(self, registration: Registration) -> Asset:
        """Take a machine on, and start to discover it."""
        async with self._store.transaction() as tx:
            asset = await self._add(tx, registration)
            run = await self._start(tx, asset, ASSET_DISCOVERY, Discovery())
            return replace(asset, held_by=run.id)

    async def enrol(self, registrations: Sequence[tuple[Registration, Inventory]]) -> tuple[Asset, ...]:
        """Take machines on whose inventory is known already: they are available at once."""
        async with self._store.transaction() as tx:
            return tuple([await self._enrol(tx, *known) for known in registrations])

    async def page_with_passwords(self, paging: Paging) -> tuple[Page[Asset], dict[str, Secret]]:
        """Return some of the assets, and their controllers' passwords by id: for the console, never over HTTP."""
        async with self._store.reading() as look:
            page = await look.assets.page(paging, AssetFilter())
            return page, await look.vault.get_many([asset.id for asset in page.items], BMC_PASSWORD)

    async def change(self, asset_id: str, changes: AssetChanges) -> Asset:
        """Do what `amend` does, and return the asset after it."""
        return (await self.amend(asset_id, changes)).asset

    async def amend(self, asset_id: str, changes: AssetChanges) -> Amended:
        """Change what is told about a machine; its credentials only while nobody works on it.

        What is so already is no change: nothing is written for it, and nobody who works on the machine is in its way.
        """
        async with self._store.transaction() as tx:
            before = await tx.assets.get(asset_id)
            asset = changed(before, changes, now=self._clock.now())
            fields = differing(before, asset)
            password = UNSET if changes.bmc is UNSET else changes.bmc.password
            if password is not UNSET and password != await tx.vault.get(asset_id, BMC_PASSWORD):
                fields += ("bmc.password",)
            if before.held_by is not None and any(field.startswith("bmc.") for field in fields):
                raise AssetBusy(before)
            if asset is not before or "bmc.password" in fields:
                asset = replace(asset, updated_at=self._clock.now())
                tx.assets.put(asset)
            if asset.maintenance != before.maintenance:
                tx.journal.write(told(asset, lifted=True, now=self._clock.now()))
                tx.after_commit(self._work.ring)
            if any(field.startswith("bmc.") for field in fields):
                tx.healths.remove(asset.id)
                tx.after_commit(lambda: self._forget_controllers(before, asset))
            if password is not UNSET and "bmc.password" in fields:
                tx.vault.put(asset.id, BMC_PASSWORD, password)
                await told_by_a_person(tx, asset.id)
            health = (await tx.healths.get_many([asset_id])).get(asset_id)
        return Amended(asset=as_of(asset, self._clock.now()), changed=fields, health=health)

    async def discover(self, asset_id: str) -> Run:
        """Start to find out again what the machine is made of."""
        async with self._store.transaction() as tx:
            asset = advance(await self._idle(tx, asset_id), Move.DISCOVER, now=self._clock.now())
            return await self._start(tx, asset, ASSET_DISCOVERY, Discovery())

    async def provision(self, asset_id: str, request: ProvisionRequest) -> Run:
        """Start to install an operating system on an available machine."""
        async with self._store.transaction() as tx:
            asset = advance(await self._idle(tx, asset_id), Move.PROVISION, now=self._clock.now())
            return await self._start(tx, asset, OS_PROVISION, install_order(asset, request))

    async def wipe(self, asset_id: str, *, method: WipeMethod) -> Run:
        """Start to erase every fixed disk of a provisioned machine that is in no cluster."""
        async with self._store.transaction() as tx:
            return await self.start_wipe(tx, asset_id, method=method)

    async def start_wipe(self, tx: Transaction, asset_id: str, *, method: WipeMethod) -> Run:
        """Do what `wipe` does, as a part of *tx*."""
        asset = await self._idle(tx, asset_id)
        if asset.cluster_id is not None:
            raise AssetInCluster(asset)
        moved = advance(asset, Move.WIPE, now=self._clock.now())
        return await self._start(tx, moved, DISK_WIPE, wipe_order(moved, method))

    async def reboot(self, asset_id: str, *, boot_device: BootDevice | None) -> Run:
        """Start to restart the machine, whatever its status; nobody may be working on it."""
        async with self._store.transaction() as tx:
            asset = await self._idle(tx, asset_id)
            return await self._start(tx, asset, ASSET_REBOOT, Reboot(boot_device=boot_device))

    async def rotate(self, asset_id: str, *, password: Secret | None = None) -> Run:
        """Start to change the password on the machine's controller to *password*, or to one that nobody knows."""
        async with self._store.transaction() as tx:
            asset = await self._idle(tx, asset_id)
            check_rotatable(asset.bmc.protocol)
            if password is not None:
                check_password(password, asset.bmc.protocol)
            want(tx, asset_id, password or made_password(self._chance.token(CHANCE_DIGITS)))
            return await self._start(tx, asset, BMC_ROTATION, Rotation())

    async def forget(self, asset_id: str, *, force: bool = False) -> Forgotten:
        """Forget an idle machine that is in no cluster; by force any machine, and say what was not done for it."""
        async with self._store.transaction() as tx:
            asset = await tx.assets.get(asset_id)
            if not force and asset.held_by is not None:
                raise AssetBusy(asset)
            if not force and asset.cluster_id is not None:
                raise AssetInCluster(asset)
            not_done = await self._abandon(tx, asset) if force else ()
            health = (await tx.healths.get_many([asset_id])).get(asset_id)
            tx.assets.remove(asset)
            tx.vault.remove(asset.id)
            tx.after_commit(lambda: self._forget_controllers(asset))
        return Forgotten(asset=asset, not_done=not_done, health=health)

    def _forget_controllers(self, *assets: Asset) -> None:
        for asset in assets:
            self._hardware.forget(asset.bmc)

    async def _abandon(self, tx: Transaction, asset: Asset) -> tuple[str, ...]:
        not_done: list[str] = []
        if asset.held_by is not None:
            run = await tx.runs.get(asset.held_by)
            await advance_run(tx, run, CancelAsked(), now=self._clock.now())
            tx.after_commit(self._work.ring)
            not_done.append(f"workflow {run.id} ({run.type}) was told to stop and did not finish")
        if asset.cluster_id is not None:
            await self._lose_node(tx, asset)
            not_done.append(f"the node was not taken out of cluster {asset.cluster_id}")
        if asset.status.value in ("provisioning", "provisioned", "deprovisioning"):
            not_done.append("the disks were not wiped and may hold data")
        not_done.append("the machine was not powered off")
        return tuple(not_done)

    async def _lose_node(self, tx: Transaction, asset: Asset) -> None:
        """Let the cluster of *asset* know that this node has failed, so that it may be taken out and replaced."""
        cluster = await tx.clusters.get(str(asset.cluster_id))
        nodes = with_statuses(cluster.nodes, {asset.id: NodeStatus.FAILED})
        tx.clusters.put(replace(cluster, nodes=nodes, updated_at=self._clock.now()))

    async def _idle(self, tx: Transaction, asset_id: str) -> Asset:
        """Return the asset if it could be claimed now; the claim itself comes with the run."""
        asset = await tx.assets.get(asset_id)
        claimed(asset, by="", now=self._clock.now())
        return asset

    async def _start(self, tx: Transaction, asset: Asset, plan: Plan, order: Order) -> Run:
        """Start *plan* on *asset*, which has made its move already, and let the run hold it."""
        now = self._clock.now()
        run = new_run(
            suited(plan, asset.bmc.protocol),
            order,
            run_id=await tx.next_id("workflow"),
            asset_id=asset.id,
            now=now,
            patience=self._patience,
        )
        start(tx, run, now=now)
        before = (await tx.assets.get_many([asset.id])).get(asset.id, asset)
        put_asset(tx, before, claimed(asset, by=run.id, now=now), now=now)
        tx.after_commit(self._work.ring)
        return run

    async def _add(self, tx: Transaction, registration: Registration) -> Asset:
        asset_id = registration.id or await self._free_id(tx)
        if registration.id is not None and await tx.assets.get_many([registration.id]):
            raise AssetExists(f"An asset with ID '{registration.id}' exists already: choose another id")
        asset = registered(registration, asset_id=asset_id, now=self._clock.now())
        tx.assets.add(asset)
        tx.vault.put(asset.id, BMC_PASSWORD, registration.password)
        return asset

    async def _enrol(self, tx: Transaction, registration: Registration, inventory: Inventory) -> Asset:
        asset = await self._add(tx, registration)
        known = replace(asset, inventory=inventory, macs=tuple(nic.mac for nic in inventory.nics))
        available = advance(known, Move.INSPECTED, now=self._clock.now())
        put_asset(tx, asset, available, now=self._clock.now())
        return available

    async def _free_id(self, tx: Transaction) -> str:
        while True:
            asset_id = await tx.next_id("asset")
            if not await tx.assets.get_many([asset_id]):
                return asset_id
