"""What every store promises about assets, lists and cursors."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetExists, AssetNotFound, AssetStatus, Maintenance, claimed
from colony_core.domain.hardware import System
from colony_core.errors import Conflict
from colony_core.ports.persistence import (
    AssetFilter,
    ClusterFilter,
    CursorInvalid,
    InMaintenance,
    Paging,
    StaleWrite,
    Store,
    Transaction,
)
from colony_testkit.builders import NOON, an_inventory
from colony_testkit.store_given import ids, keep, mac_of, machine, stored
from colony_testkit.values import texts

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

OpenStore = Callable[[], Awaitable[Store]]


def in_maintenance(number: int, *, hours: int | None = None) -> Asset:
    """Return the machine of that *number*, in maintenance for so many hours after noon, or until it is lifted."""
    until = None if hours is None else NOON + hours * HOUR
    return replace(machine(number), maintenance=Maintenance(reason="a fan", by="ann", until=until))


async def maintained(
    look: Transaction,
    now: datetime,
    *,
    status: str | None = None,
    tags: tuple[tuple[str, str], ...] = (),
    yes: bool = True,
) -> list[str]:
    """Return the ids of those that are (or are not) in maintenance at *now*."""
    where = AssetFilter(status=status, tags=tags, maintenance=InMaintenance(now, yes))
    return ids((await look.assets.page(Paging(), where)).items)


class AssetsContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    @pytest.fixture
    async def store(self, open_store: OpenStore) -> AsyncIterator[Store]:
        store = await open_store()
        yield store
        await store.aclose()

    async def test_what_was_added_is_there_and_has_been_stored_once(self, store: Store) -> None:
        await keep(store, machine(1))

        async with store.reading() as look:
            assert await look.assets.get("asset-1") == replace(machine(1), revision=1)

    async def test_an_unknown_asset_is_said_to_be_missing(self, store: Store) -> None:
        async with store.reading() as look:
            with pytest.raises(AssetNotFound, match="asset-9"):
                await look.assets.get("asset-9")

    async def test_of_many_those_come_that_exist(self, store: Store) -> None:
        await keep(store, machine(1), machine(2), machine(3))

        async with store.reading() as look:
            found = await look.assets.get_many(["asset-3", "asset-9", "asset-1", "asset-3"])
        assert found == {"asset-3": stored(machine(3)), "asset-1": stored(machine(1))}

    async def test_no_asset_is_asked_for_and_none_comes(self, store: Store) -> None:
        async with store.reading() as look:
            assert await look.assets.get_many([]) == {}

    async def test_an_id_is_taken_once(self, store: Store) -> None:
        await keep(store, machine(1))
        other = replace(machine(2), id="asset-1")

        with pytest.raises(AssetExists, match="asset-1"):
            await keep(store, other)

    async def test_a_controller_is_taken_once_and_the_refusal_names_who_has_it(self, store: Store) -> None:
        await keep(store, machine(1))
        other = replace(machine(2), bmc=machine(1).bmc)

        with pytest.raises(AssetExists, match="asset-1"):
            await keep(store, other)

    async def test_two_machines_of_one_transaction_cannot_share_a_controller(self, store: Store) -> None:
        with pytest.raises(AssetExists):
            await keep(store, machine(1), replace(machine(2), bmc=machine(1).bmc))

        async with store.reading() as look:
            assert (await look.assets.page(Paging(), AssetFilter())).items == ()

    async def test_a_machine_cannot_move_to_another_ones_controller(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))

        with pytest.raises(AssetExists, match="asset-1"):
            async with store.transaction() as tx:
                tx.assets.put(replace(await tx.assets.get("asset-2"), bmc=machine(1).bmc))

    async def test_another_port_is_another_controller(self, store: Store) -> None:
        other = replace(machine(2), bmc=replace(machine(1).bmc, port=6230))

        await keep(store, machine(1), other)

    async def test_a_put_counts_the_revision_up_by_one_however_often_it_is_done(self, store: Store) -> None:
        await keep(store, machine(1))

        async with store.transaction() as tx:
            asset = await tx.assets.get("asset-1")
            tx.assets.put(replace(asset, hostname="once"))
            tx.assets.put(replace(asset, hostname="twice"))
            tx.assets.put(replace(await tx.assets.get("asset-1"), hostname="thrice"))

        async with store.reading() as look:
            assert await look.assets.get("asset-1") == replace(machine(1), hostname="thrice", revision=2)

    async def test_a_put_of_what_was_changed_meanwhile_is_refused(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))
        async with store.transaction() as tx:
            old = await tx.assets.get("asset-1")
            tx.assets.put(replace(old, hostname="new"))

        async def overwrite() -> None:
            async with store.transaction() as tx:
                tx.assets.put(replace(await tx.assets.get("asset-2"), hostname="lost"))
                tx.assets.put(replace(old, hostname="stale"))

        with pytest.raises(StaleWrite, match="asset-1"):
            await overwrite()

        async with store.reading() as look:
            assert [(await look.assets.get(id)).hostname for id in ("asset-1", "asset-2")] == ["new", "server01"]

    async def test_a_put_of_what_is_gone_is_refused(self, store: Store) -> None:
        with pytest.raises(StaleWrite, match="asset-1"):
            async with store.transaction() as tx:
                tx.assets.put(machine(1))

    async def test_a_stale_removal_is_refused(self, store: Store) -> None:
        await keep(store, machine(1))

        with pytest.raises(StaleWrite, match="asset-1"):
            async with store.transaction() as tx:
                tx.assets.remove(machine(1))

    async def test_a_removed_asset_gives_everything_back(self, store: Store) -> None:
        await keep(store, machine(1, tags={"rack": "r1"}))
        async with store.transaction() as tx:
            tx.assets.remove(await tx.assets.get("asset-1"))
            with pytest.raises(AssetNotFound):
                await tx.assets.get("asset-1")

        await keep(store, replace(machine(1), hostname="again"))
        async with store.reading() as look:
            assert await look.assets.get("asset-1") == replace(machine(1), hostname="again", revision=1)
            assert (await look.assets.page(Paging(), AssetFilter(tags=(("rack", "r1"),)))).items == ()

    async def test_a_transaction_sees_what_it_wrote_in_every_way(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))

        async with store.transaction() as tx:
            changed = replace(await tx.assets.get("asset-1"), cluster_id="cluster-1", tags={"rack": "r1"})
            tx.assets.put(changed)
            tx.assets.add(machine(3, AssetStatus.DISCOVERING))
            tx.assets.remove(await tx.assets.get("asset-2"))

            assert await tx.assets.get("asset-1") == changed
            assert ids((await tx.assets.page(Paging(), AssetFilter())).items) == ["asset-1", "asset-3"]
            assert await tx.assets.of_cluster("cluster-1") == (changed,)
            assert (await tx.assets.page(Paging(), AssetFilter(tags=(("rack", "r1"),)))).items == (changed,)
            assert await tx.assets.get_many(["asset-1", "asset-2"]) == {"asset-1": changed}
            assert await tx.assets.count_by_status() == {"available": 1, "discovering": 1}
            tx.assets.put(replace(changed, hostname="last"))

        async with store.reading() as look:
            assert await look.assets.get("asset-1") == replace(changed, hostname="last", revision=2)

    async def test_statuses_are_counted(self, store: Store) -> None:
        await keep(store, machine(1), machine(2), machine(3, AssetStatus.PROVISIONED), machine(4))
        async with store.transaction() as tx:
            tx.assets.put(replace(await tx.assets.get("asset-1"), status=AssetStatus.PROVISIONED))
            tx.assets.remove(await tx.assets.get("asset-4"))

        async with store.reading() as look:
            assert await look.assets.count_by_status() == {"available": 1, "provisioned": 2}

    async def test_a_machine_is_known_by_the_address_it_boots_with(self, store: Store) -> None:
        named = replace(machine(2), inventory=None, macs=("52:54:00:aa:aa:aa",))
        await keep(store, machine(1), named)

        async with store.reading() as look:
            assert await look.assets.find_by_boot_identity("52:54:00:aa:aa:aa", "") == stored(named)
            assert await look.assets.find_by_boot_identity("52:54:00:bb:bb:bb", "") is None
            assert await look.assets.find_by_boot_identity("", "") is None

    async def test_a_machine_is_known_by_its_uuid_in_either_case(self, store: Store) -> None:
        inventory = replace(an_inventory(mac=mac_of(1)), system=System(uuid="4C4C4544-0001"))
        await keep(store, replace(machine(1), inventory=inventory), machine(2))

        async with store.reading() as look:
            found = await look.assets.find_by_boot_identity("52:54:00:bb:bb:bb", "4c4c4544-0001")
        assert found is not None
        assert found.id == "asset-1"

    async def test_of_two_machines_with_one_address_the_uuid_tells(self, store: Store) -> None:
        first, second = (
            replace(machine(number), macs=("52:54:00:aa:aa:aa",), identity=System(uuid=f"uuid-{number}"))
            for number in (1, 2)
        )
        await keep(store, first, second)

        async with store.reading() as look:
            assert await look.assets.find_by_boot_identity("52:54:00:aa:aa:aa", "uuid-2") == stored(second)
            assert await look.assets.find_by_boot_identity("52:54:00:aa:aa:aa", "") is None

    async def test_pages_together_are_the_list_oldest_first(self, store: Store) -> None:
        await keep(store, *(machine(number) for number in range(1, 26)))

        seen, cursor = [], None
        async with store.reading() as look:
            while True:
                page = await look.assets.page(Paging(limit=10, cursor=cursor), AssetFilter())
                seen.append(len(page.items))
                cursor = page.next_cursor
                if cursor is None:
                    break
        assert seen == [10, 10, 5]

    async def test_the_last_page_knows_that_it_is_the_last(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))

        async with store.reading() as look:
            page = await look.assets.page(Paging(limit=2), AssetFilter())
        assert (ids(page.items), page.next_cursor) == (["asset-1", "asset-2"], None)

    async def test_what_is_removed_and_added_between_pages_is_neither_skipped_nor_repeated(self, store: Store) -> None:
        await keep(store, machine(1), machine(2), machine(3))
        async with store.reading() as look:
            first = await look.assets.page(Paging(limit=2), AssetFilter())
        async with store.transaction() as tx:
            for id in ("asset-2", "asset-3"):
                tx.assets.remove(await tx.assets.get(id))
        await keep(store, machine(4), machine(5))

        async with store.reading() as look:
            second = await look.assets.page(Paging(limit=2, cursor=first.next_cursor), AssetFilter())
        assert ids(second.items) == ["asset-4", "asset-5"]

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (AssetFilter(status="available"), ["asset-1", "asset-3"]),
            (AssetFilter(status="nonsense"), []),
            (AssetFilter(tags=(("rack", "r1"),)), ["asset-1", "asset-2"]),
            (AssetFilter(tags=(("rack", "r1"), ("row", "a"))), ["asset-1"]),
            (AssetFilter(tags=(("row", "a"), ("rack", "r2"), ("row", "b"))), []),
            (AssetFilter(status="provisioned", tags=(("rack", "r1"),)), ["asset-2"]),
        ],
    )
    async def test_filters_must_all_match(self, store: Store, where: AssetFilter, expected: list[str]) -> None:
        await keep(
            store,
            machine(1, tags={"rack": "r1", "row": "a"}),
            machine(2, AssetStatus.PROVISIONED, tags={"rack": "r1"}),
            machine(3, tags={"rack": "r2", "row": "a"}),
        )

        async with store.reading() as look:
            page = await look.assets.page(Paging(), where)
        assert ids(page.items) == expected

    async def test_machines_in_maintenance_are_those_whose_time_is_not_over(self, store: Store) -> None:
        await keep(store, machine(1), in_maintenance(2, hours=1), in_maintenance(3, hours=2), in_maintenance(4))
        await keep(store, replace(in_maintenance(5, hours=3), status=AssetStatus.PROVISIONED, tags={"rack": "r1"}))

        async with store.reading() as look:
            assert await maintained(look, NOON) == ["asset-2", "asset-3", "asset-4", "asset-5"]
            assert await maintained(look, NOON + HOUR) == ["asset-3", "asset-4", "asset-5"]
            assert await maintained(look, NOON + HOUR, yes=False) == ["asset-1", "asset-2"]
            assert await maintained(look, NOON, status="provisioned") == ["asset-5"]
            assert await maintained(look, NOON, tags=(("rack", "r1"),)) == ["asset-5"]
            assert await maintained(look, NOON + 3 * HOUR, tags=(("rack", "r1"),), yes=False) == ["asset-5"]
            assert await maintained(look, NOON, status="provisioned", yes=False) == []

    async def test_a_maintenance_that_ends_is_found_from_its_end_on_and_one_without_an_end_never(
        self, store: Store
    ) -> None:
        async with store.reading() as look:
            assert await look.assets.next_maintenance_end() is None
        await keep(store, machine(1), in_maintenance(2, hours=2), in_maintenance(3, hours=1), in_maintenance(4))

        async with store.reading() as look:
            assert await look.assets.next_maintenance_end() == NOON + HOUR
            assert await look.assets.maintenance_over(NOON + HOUR - MICROSECOND, 10) == ()
            assert ids(await look.assets.maintenance_over(NOON + HOUR, 10)) == ["asset-3"]
            assert sorted(ids(await look.assets.maintenance_over(NOON + 1000 * HOUR, 10))) == ["asset-2", "asset-3"]
            assert len(await look.assets.maintenance_over(NOON + 1000 * HOUR, 1)) == 1

    async def test_a_maintenance_that_was_lifted_ends_no_more(self, store: Store) -> None:
        await keep(store, in_maintenance(1, hours=1))
        async with store.transaction() as tx:
            tx.assets.put(replace(await tx.assets.get("asset-1"), maintenance=None))

        async with store.reading() as look:
            assert await look.assets.next_maintenance_end() is None
            assert await maintained(look, NOON) == []

    @settings(
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(cursor=texts)
    async def test_a_cursor_of_somebody_else_is_refused(self, store: Store, cursor: str) -> None:
        async with store.reading() as look:
            with pytest.raises(CursorInvalid):
                await look.assets.page(Paging(cursor=cursor), AssetFilter())

    async def test_a_cursor_of_another_list_is_refused(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))

        async with store.reading() as look:
            page = await look.assets.page(Paging(limit=1), AssetFilter())
            with pytest.raises(CursorInvalid):
                await look.clusters.page(Paging(cursor=page.next_cursor), ClusterFilter())

    async def test_of_a_hundred_that_claim_the_same_machines_each_gets_all_or_none(self, store: Store) -> None:
        await keep(store, *(machine(number) for number in range(1, 21)))
        dice = random.Random(4)  # noqa: S311 - the same wishes each time
        wishes = [dice.sample(range(1, 21), 3) for _ in range(100)]

        async def claim(by: str, numbers: list[int]) -> bool:
            try:
                async with store.transaction() as tx:
                    for number in numbers:
                        asset = await tx.assets.get(f"asset-{number}")
                        tx.assets.put(claimed(asset, by=by, now=NOON))
            except Conflict:
                return False
            return True

        got = await asyncio.gather(*(claim(f"workflow-{place}", wish) for place, wish in enumerate(wishes)))

        async with store.reading() as look:
            held = {asset.id: asset.held_by for asset in (await look.assets.page(Paging(), AssetFilter())).items}
        won = {
            f"asset-{number}": f"workflow-{place}" for place, wish in enumerate(wishes) if got[place] for number in wish
        }
        assert {id: by for id, by in held.items() if by is not None} == won
        assert sum(got) * 3 == len(won)
