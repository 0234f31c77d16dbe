"""Looks over all work for machines that do not get on."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, as_of
from colony_core.domain.healths import Health
from colony_core.domain.hindrances import Hindrance, hindrance
from colony_core.domain.orders import Shrink
from colony_core.domain.steps import WorkflowType
from colony_core.domain.tasks import Task, task_of
from colony_core.domain.workflows import Run, RunStatus
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import (
    AssetFilter,
    CursorInvalid,
    Page,
    Paging,
    RunFilter,
    Store,
    Transaction,
)

LIVING = (RunStatus.PENDING, RunStatus.RUNNING)

WORK: Mapping[AssetStatus, WorkflowType] = MappingProxyType(
    {
        AssetStatus.DISCOVERING: WorkflowType.ASSET_DISCOVERY,
        AssetStatus.PROVISIONING: WorkflowType.OS_PROVISION,
        AssetStatus.DEPROVISIONING: WorkflowType.DISK_WIPE,
    }
)
"""Which work holds machines in the statuses that they pass through."""

_GULP = 1000


class HeldUp(Struct, frozen=True):
    """A machine, what holds it up (None if nothing does), how its controller is, and what a person shall do to it."""

    asset: Asset
    hindrance: Hindrance | None
    health: Health | None = None
    task: Task | None = None


class Watch:
    """Finds what holds machines up. It costs a look at all living work, not at all machines."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def one(self, asset_id: str) -> HeldUp:
        """Return a machine with what holds it up, or raise `AssetNotFound`."""
        async with self._store.reading() as look:
            asset = await look.assets.get(asset_id)
            run = await look.runs.get(asset.held_by) if asset.held_by else None
            health = (await look.healths.get_many([asset_id])).get(asset_id)
        now = self._clock.now()
        return HeldUp(as_of(asset, now), hindrance(asset, run, now=now), health, task_of(asset, run))

    async def stuck(self, paging: Paging, where: AssetFilter) -> Page[HeldUp]:
        """Return some of the machines that are held up and match *where*, oldest first."""
        after = _place(paging.cursor)
        async with self._store.reading() as look:
            found = await _all_held_up(look, now=self._clock.now())
            matching = [held for held in found if _matches(held.asset, where) and _order(held.asset) > after]
            healths = await look.healths.get_many([held.asset.id for held in matching[: paging.limit]])
        items = tuple(replace(held, health=healths.get(held.asset.id)) for held in matching[: paging.limit])
        more = len(matching) > len(items)
        return Page(items, _cursor(items[-1].asset) if more else None)

    async def longest_in_between(self) -> dict[str, float]:
        """Return for each status that machines pass through the seconds that the slowest has been in it.

        It costs the same however much waits: the oldest work of each kind tells. Of machines that failed to be
        discovered, the `_GULP` that were registered first are looked at.
        """
        now = self._clock.now()
        async with self._store.reading() as look:
            counts = await look.assets.count_by_status()
            return {
                status.value: (now - since).total_seconds()
                for status, kind in WORK.items()
                if counts.get(status) and (since := await _longest(look, status, kind)) is not None
            }


async def _longest(look: Transaction, status: AssetStatus, kind: WorkflowType) -> datetime | None:
    """Return since when a machine has been in *status*: since its work began, or failed to discover it."""
    pages = [await look.runs.page(Paging(limit=1), RunFilter(status=living, type=kind)) for living in LIVING]
    begins = [run.created_at for page in pages for run in page.items]
    if status is AssetStatus.DISCOVERING:
        unknown = await look.assets.page(Paging(limit=_GULP), AssetFilter(status=status))
        begins += [asset.updated_at for asset in unknown.items if asset.held_by is None]
    if status is AssetStatus.PROVISIONING:
        begins += [run.created_at for run in await _not_spread_yet(look)]
    return min(begins, default=None)


async def _not_spread_yet(look: Transaction) -> list[Run]:
    """Return the work on clusters that holds their machines itself, as no workflow was begun for each of them yet."""
    kinds = (WorkflowType.CLUSTER_PROVISION, WorkflowType.CLUSTER_SCALE)
    pages = [
        await look.runs.page(Paging(limit=_GULP), RunFilter(status=living, type=kind))
        for kind in kinds
        for living in LIVING
    ]
    return [run for page in pages for run in page.items if not run.children and not isinstance(run.order, Shrink)]


async def _all_held_up(look: Transaction, *, now: datetime) -> list[HeldUp]:
    runs = await _living(look)
    assets = await _unsettled(look)
    assets |= await look.assets.get_many([run.asset_id for run in runs.values() if run.asset_id is not None])
    found = (
        HeldUp(as_of(asset, now), hindrance(asset, runs.get(asset.held_by or ""), now=now)) for asset in assets.values()
    )
    return sorted((held for held in found if held.hindrance is not None), key=lambda held: _order(held.asset))


async def _living(look: Transaction) -> Mapping[str, Run]:
    runs: dict[str, Run] = {}
    for status in LIVING:
        paging: Paging | None = Paging(limit=_GULP)
        while paging is not None:
            page = await look.runs.page(paging, RunFilter(status=status))
            runs |= {run.id: run for run in page.items}
            paging = Paging(limit=_GULP, cursor=page.next_cursor) if page.next_cursor else None
    return runs


async def _unsettled(look: Transaction) -> dict[str, Asset]:
    assets: dict[str, Asset] = {}
    for status in (AssetStatus.DISCOVERING, AssetStatus.PROVISIONING, AssetStatus.DEPROVISIONING):
        paging: Paging | None = Paging(limit=_GULP)
        while paging is not None:
            page = await look.assets.page(paging, AssetFilter(status=status))
            assets |= {asset.id: asset for asset in page.items}
            paging = Paging(limit=_GULP, cursor=page.next_cursor) if page.next_cursor else None
    return assets


def _matches(asset: Asset, where: AssetFilter) -> bool:
    """Tell whether *asset*, as it is now, matches; a maintenance that is over is there no more."""
    if where.maintenance is not None and (asset.maintenance is not None) != where.maintenance.yes:
        return False
    return where.status in (None, asset.status) and all(asset.tags.get(key) == value for key, value in where.tags)


def _order(asset: Asset) -> tuple[str, str]:
    return asset.created_at.isoformat(), asset.id


def _cursor(asset: Asset) -> str:
    return urlsafe_b64encode("\n".join(_order(asset)).encode()).decode()


def _place(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    try:
        created_at, asset_id = urlsafe_b64decode(cursor.encode()).decode().split("\n")
    except ValueError:
        raise CursorInvalid("The cursor was not made by this list: use nextCursor of the page before") from None
    return created_at, asset_id
