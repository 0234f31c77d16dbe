"""What every store promises about API keys, the journal, secrets and answers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec.structs import replace

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import Answer, EntryFilter, Paging, Store
from colony_testkit.builders import NOON
from colony_testkit.store_given import entry, ids, keep, key

ANSWER = Answer(digest="d", status=201, headers=(("Location", "/x"),), body=b'{"id":"\xc3\xa9"}', at=NOON)
EVERYTHING = EntryFilter()


class JournalContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_there_is_no_key_until_there_is_one(self, store: Store) -> None:
        async with store.reading() as look:
            assert not await look.api_keys.any()
            assert await look.api_keys.find(key(1).id) is None

        await keep(store, key(1))
        async with store.reading() as look:
            assert await look.api_keys.any()
            assert await look.api_keys.find(key(1).id) == key(1)

    async def test_keys_come_in_pages_oldest_first(self, store: Store) -> None:
        await keep(store, key(3), key(1), key(2))

        async with store.reading() as look:
            first = await look.api_keys.page(Paging(limit=2))
            second = await look.api_keys.page(Paging(limit=2, cursor=first.next_cursor))
        assert (ids(first.items), ids(second.items)) == ([key(3).id, key(1).id], [key(2).id])
        assert second.next_cursor is None

    async def test_a_key_can_be_revoked(self, store: Store) -> None:
        await keep(store, key(1))
        revoked = replace(key(1), revoked_at=NOON)

        async with store.transaction() as tx:
            tx.api_keys.put(revoked)
            assert await tx.api_keys.find(key(1).id) == revoked
        async with store.reading() as look:
            assert await look.api_keys.find(key(1).id) == revoked

    async def test_the_last_use_shows_at_once_and_outlives_the_store(
        self, store: Store, open_store: Callable[[], Awaitable[Store]]
    ) -> None:
        await keep(store, key(1), key(2))

        async with store.reading() as look:
            look.api_keys.touch(key(1).id, NOON)
            look.api_keys.touch(key(1).id, NOON + timedelta(seconds=1))
            used = await look.api_keys.find(key(1).id)
        await store.aclose()

        assert used == replace(key(1), last_used_at=NOON + timedelta(seconds=1))
        again = await open_store()
        async with again.reading() as look:
            assert (await look.api_keys.page(Paging())).items == (used, key(2))
        await again.aclose()

    async def test_a_revocation_forgets_no_use_and_a_use_no_revocation(self, store: Store) -> None:
        await keep(store, key(1))
        async with store.transaction() as tx:
            tx.api_keys.touch(key(1).id, NOON)
            found = await tx.api_keys.find(key(1).id)
            assert found is not None
            tx.api_keys.put(replace(found, revoked_at=NOON))
            tx.api_keys.touch(key(1).id, NOON + timedelta(seconds=9))

        async with store.reading() as look:
            expected = replace(key(1), revoked_at=NOON, last_used_at=NOON + timedelta(seconds=9))
            assert await look.api_keys.find(key(1).id) == expected

    async def test_the_journal_counts_its_entries_in_the_order_of_commits(self, store: Store) -> None:
        await keep(store, entry("one"), entry("two"))
        await keep(store, entry("three"))

        async with store.reading() as look:
            entries = await look.journal.after(0, 10, EVERYTHING)
            assert [each.message for each in entries] == ["one", "two", "three"]
            assert [each.seq for each in entries] == sorted({each.seq for each in entries})
            assert await look.journal.last() == entries[-1].seq
            assert await look.journal.after(entries[0].seq, 1, EVERYTHING) == entries[1:2]
            assert await look.journal.after(entries[-1].seq, 1, EVERYTHING) == ()

    async def test_an_empty_journal_ends_at_nothing(self, store: Store) -> None:
        async with store.reading() as look:
            assert await look.journal.last() == 0
            assert (await look.journal.page(Paging(), EVERYTHING)).items == ()

    async def test_the_journal_of_one_workflow_comes_in_pages(self, store: Store) -> None:
        lines = [entry(str(number), run_id=f"workflow-{number % 2}") for number in range(10)]
        await keep(store, *lines)
        where = EntryFilter(run_id="workflow-1")

        async with store.reading() as look:
            first = await look.journal.page(Paging(limit=3), where)
            second = await look.journal.page(Paging(limit=3, cursor=first.next_cursor), where)
            after = await look.journal.after(first.items[-1].seq, 10, where)
        assert [each.message for each in first.items] == ["1", "3", "5"]
        assert [each.message for each in second.items] == ["7", "9"]
        assert (second.next_cursor, after) == (None, second.items)

    async def test_a_transaction_reads_the_entries_that_it_wrote(self, store: Store) -> None:
        await keep(store, entry("before"))

        async with store.transaction() as tx:
            tx.journal.write(entry("within"))
            assert [each.message for each in await tx.journal.after(0, 10, EVERYTHING)] == ["before", "within"]
            tx.journal.write(entry("more"))
        async with store.reading() as look:
            messages = [each.message for each in await look.journal.after(0, 10, EVERYTHING)]
        assert messages == ["before", "within", "more"]

    async def test_a_secret_is_found_under_its_owner_and_name_alone(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.vault.put("asset-1", "bmc-password", Secret("hunter2 é"))
            tx.vault.put("asset-2", "bmc-password", Secret("other"))
            assert await tx.vault.get("asset-1", "bmc-password") == Secret("hunter2 é")

        async with store.reading() as look:
            assert await look.vault.get("asset-1", "bmc-password") == Secret("hunter2 é")
            assert await look.vault.get("asset-1", "other") is None
            found = await look.vault.get_many(["asset-1", "asset-2", "asset-3"], "bmc-password")
            assert found == {"asset-1": Secret("hunter2 é"), "asset-2": Secret("other")}

    async def test_a_secret_can_be_replaced_and_its_owner_forgotten(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.vault.put("asset-1", "a", Secret("old"))
            tx.vault.put("asset-1", "b", Secret("b"))
            tx.vault.put("asset-2", "a", Secret("kept"))
        async with store.transaction() as tx:
            tx.vault.put("asset-1", "a", Secret("new"))
            assert await tx.vault.get("asset-1", "a") == Secret("new")
            tx.vault.remove("asset-1")
            assert await tx.vault.get("asset-1", "a") is None
            tx.vault.put("asset-1", "c", Secret("c"))

        async with store.reading() as look:
            assert [await look.vault.get("asset-1", name) for name in "abc"] == [None, None, Secret("c")]
            assert await look.vault.get("asset-2", "a") == Secret("kept")

    async def test_an_answer_is_kept_word_for_word_for_a_day(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.answers.put("cd-1", "key", ANSWER)

        async with store.reading() as look:
            last = NOON + timedelta(hours=24) - timedelta(microseconds=1)
            assert await look.answers.get("cd-1", "key", now=last) == ANSWER
            assert await look.answers.get("cd-1", "key", now=NOON + timedelta(hours=24)) is None
            assert await look.answers.get("cd-2", "key", now=NOON) is None
            assert await look.answers.get("cd-1", "other", now=NOON) is None

    async def test_an_expired_answer_gives_way_to_a_new_one(self, store: Store) -> None:
        tomorrow = NOON + timedelta(hours=25)
        new = replace(ANSWER, digest="new", at=tomorrow)
        async with store.transaction() as tx:
            tx.answers.put("cd-1", "key", ANSWER)
        async with store.transaction() as tx:
            tx.answers.put("cd-1", "key", new)

        async with store.reading() as look:
            assert await look.answers.get("cd-1", "key", now=tomorrow) == new
