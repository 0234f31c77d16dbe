"""What every store promises about transactions, looks, ids and news."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetNotFound
from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import AssetFilter, EntryFilter, Paging, Store, StoreUnavailable
from colony_testkit.store_given import cluster, entry, ids, keep, key, machine, workflow


class Mishap(Exception):
    """Something that goes wrong in the middle of a transaction."""


async def asset_ids(store: Store) -> list[str]:
    """Return the ids of all assets."""
    async with store.reading() as look:
        return ids((await look.assets.page(Paging(), AssetFilter())).items)


class TransactionsContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_a_failure_drops_everything(self, store: Store) -> None:
        called: list[str] = []

        async def fail() -> None:
            async with store.transaction() as tx:
                tx.after_commit(lambda: called.append("commit"))
                tx.assets.add(machine(1))
                tx.clusters.add(cluster(1))
                tx.runs.add(workflow(1))
                tx.api_keys.add(key(1))
                tx.journal.write(entry("lost"))
                tx.vault.put("asset-1", "a", Secret("lost"))
                assert await tx.journal.last() > 0
                raise Mishap

        with pytest.raises(Mishap):
            await fail()

        async with store.reading() as look:
            assert (await look.assets.page(Paging(), AssetFilter())).items == ()
            assert await look.clusters.all() == ()
            assert await look.runs.get_many(["workflow-1"]) == {}
            assert not await look.api_keys.any()
            assert await look.journal.after(0, 10, EntryFilter()) == ()
            assert await look.vault.get("asset-1", "a") is None
        assert called == []

    async def test_a_cancelled_transaction_drops_everything_and_holds_nobody_up(self, store: Store) -> None:
        inside = asyncio.Event()

        async def dawdle() -> None:
            async with store.transaction() as tx:
                tx.assets.add(machine(1))
                await tx.journal.last()
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(dawdle())
        await inside.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await keep(store, machine(2))
        assert await asset_ids(store) == ["asset-2"]

    async def test_calls_come_once_everything_is_stored(self, store: Store) -> None:
        called: list[str] = []
        async with store.transaction() as tx:
            tx.after_commit(lambda: called.append("first"))
            tx.assets.add(machine(1))
            async with store.transaction() as inner:
                inner.after_commit(lambda: called.append("second"))
            assert called == []

        assert called == ["first", "second"]

    async def test_a_transaction_inside_another_joins_it(self, store: Store) -> None:
        async with store.transaction() as outer:
            outer.assets.add(machine(1))
            async with store.transaction() as inner:
                assert (await inner.assets.get("asset-1")) == machine(1)
                inner.assets.add(machine(2))
            assert (await outer.assets.get("asset-2")) == machine(2)

        assert await asset_ids(store) == ["asset-1", "asset-2"]

    async def test_a_look_inside_a_transaction_sees_what_it_wrote(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.assets.add(machine(1))
            async with store.reading() as look:
                assert await look.assets.get("asset-1") == machine(1)

    async def test_a_failure_of_an_inner_transaction_dooms_the_outer_one(self, store: Store) -> None:
        called: list[str] = []

        async def look_away() -> None:
            async with store.transaction() as outer:
                outer.assets.add(machine(1))
                outer.after_commit(lambda: called.append("commit"))
                with contextlib.suppress(Mishap):
                    async with store.transaction():
                        raise Mishap

        with pytest.raises((Mishap, StoreUnavailable)):
            await look_away()

        assert (await asset_ids(store), called) == ([], [])

    async def test_a_failure_of_the_outer_transaction_drops_the_inner_one(self, store: Store) -> None:
        async def fail() -> None:
            async with store.transaction():
                await keep(store, machine(1))
                raise Mishap

        with pytest.raises(Mishap):
            await fail()

        assert await asset_ids(store) == []

    async def test_other_tasks_do_not_join(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.assets.add(machine(1))
            seen_by_another = await asyncio.create_task(asset_ids(store))
            writing = asyncio.create_task(keep(store, machine(2)))
            tx.assets.add(machine(3))
        await writing

        assert seen_by_another == []
        assert await asset_ids(store) == ["asset-1", "asset-3", "asset-2"]

    async def test_a_look_stays_at_its_moment(self, store: Store) -> None:
        await keep(store, machine(1))
        async with store.reading() as look:
            before = await look.assets.get("asset-1")

            async def change() -> None:
                async with store.transaction() as tx:
                    tx.assets.put(replace(await tx.assets.get("asset-1"), hostname="new"))
                    tx.assets.add(machine(2))

            await asyncio.create_task(change())
            assert await look.assets.get("asset-1") == before
            assert (await look.assets.page(Paging(), AssetFilter())).items == (before,)
        async with store.reading() as look:
            assert (await look.assets.get("asset-1")).hostname == "new"

    async def test_a_look_cannot_write(self, store: Store) -> None:
        async with store.reading() as look:
            with pytest.raises(Exception, match="look"):
                look.assets.add(machine(1))
            with pytest.raises(Exception, match="look"):
                look.runs.add(workflow(1))

        assert await asset_ids(store) == []

    async def test_a_loss_of_ones_own_making_leaves_the_store_whole(self, store: Store) -> None:
        with pytest.raises(AssetNotFound):
            async with store.transaction() as tx:
                await tx.assets.get("asset-1")

        await keep(store, machine(1))

    async def test_ids_are_never_given_twice(self, store: Store, open_store: Callable[[], Awaitable[Store]]) -> None:
        async def one() -> str:
            async with store.transaction() as tx:
                id = await tx.next_id("cluster")
                tx.clusters.add(replace(cluster(int(id.removeprefix("cluster-"))), id=id))
            async with store.transaction() as tx:
                tx.clusters.remove(await tx.clusters.get(id))
            return id

        given = await asyncio.gather(*(one() for _ in range(20)))
        await store.aclose()
        again = await open_store()
        async with again.transaction() as tx:
            more = [await tx.next_id("cluster"), await tx.next_id("cluster"), await tx.next_id("asset")]
        await again.aclose()

        assert sorted(given) == sorted(f"cluster-{number}" for number in range(1, 21))
        assert more == ["cluster-21", "cluster-22", "asset-1"]

    async def test_an_id_that_somebody_chose_is_not_given_again(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.assets.add(machine(3))
            tx.assets.add(replace(machine(4), id="asset-99999999999999999999"))
            tx.assets.add(replace(machine(5), id="workflow-7"))
            assert await tx.next_id("asset") == "asset-4"
            assert await tx.next_id("workflow") == "workflow-1"
        async with store.transaction() as tx:
            tx.assets.remove(await tx.assets.get("asset-3"))

        async with store.transaction() as tx:
            assert await tx.next_id("asset") == "asset-5"

    async def test_whoever_waits_for_news_hears_of_every_commit_that_wrote_to_the_journal(self, store: Store) -> None:
        heard: list[str] = []
        store.on_news(lambda: heard.append("news"))

        async def fail() -> None:
            async with store.transaction() as tx:
                tx.journal.write(entry("lost"))
                raise Mishap

        await keep(store, entry("one"), entry("two"))
        await keep(store, machine(1))
        with pytest.raises(Mishap):
            await fail()
        await keep(store, entry("three"))

        assert heard == ["news", "news"]

    async def test_everything_outlives_the_store(
        self, store: Store, open_store: Callable[[], Awaitable[Store]]
    ) -> None:
        await keep(store, machine(1), cluster(1), workflow(1), key(1), entry("kept"))
        async with store.transaction() as tx:
            tx.vault.put("asset-1", "bmc-password", Secret("kept"))
        await store.aclose()

        again = await open_store()
        async with again.reading() as look:
            assert await look.assets.get("asset-1") == replace(machine(1), revision=1)
            assert await look.clusters.get("cluster-1") == replace(cluster(1), revision=1)
            assert await look.runs.get("workflow-1") == replace(workflow(1), revision=1)
            assert await look.api_keys.find(key(1).id) == key(1)
            assert [each.message for each in await look.journal.after(0, 10, EntryFilter())] == ["kept"]
            assert await look.vault.get("asset-1", "bmc-password") == Secret("kept")
        await again.aclose()

    async def test_a_store_in_order_says_so_and_a_closed_one_answers_nobody(self, store: Store) -> None:
        await store.check()
        await store.aclose()
        await store.aclose()

        with pytest.raises(StoreUnavailable):
            await store.check()
        with pytest.raises(StoreUnavailable):
            await keep(store, machine(1))
