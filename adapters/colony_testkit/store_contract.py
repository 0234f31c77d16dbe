"""The contract of stores, as tests: whatever passes it, Colony can run on."""

import itertools
from collections.abc import Iterator
from typing import ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey
from colony_core.domain.assets import Asset
from colony_core.domain.audit import Deed
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.healths import Health
from colony_core.domain.histories import Happening
from colony_core.domain.webhooks import DeadLetter, Webhook
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import Answer, AuditFilter, EntryFilter, Paging, Store
from colony_testkit import values
from colony_testkit.store_assets_contract import AssetsContract
from colony_testkit.store_given import keep, machine
from colony_testkit.store_healths_contract import HealthsContract, check
from colony_testkit.store_histories_contract import HistoriesContract
from colony_testkit.store_journal_contract import JournalContract
from colony_testkit.store_runs_contract import RunsContract
from colony_testkit.store_told_contract import ToldContract, tell
from colony_testkit.store_transactions_contract import TransactionsContract

# All examples of a test share its store: they differ in their ids and in whatever may be there only once. One process
# may run the contract for several adapters.
_shared_store = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


class StoreContract(
    AssetsContract,
    HealthsContract,
    RunsContract,
    HistoriesContract,
    JournalContract,
    ToldContract,
    TransactionsContract,
):
    """Subclass it, give it a fixture `open_store`, and the adapter is tested.

    `open_store` is a function that opens the store of the test; called again after `aclose`, it opens the same one.
    The tests are coroutines: run them with pytest-asyncio in its auto mode.
    """

    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    @_shared_store
    @given(asset=values.assets)
    async def test_any_asset_comes_back_as_it_was(self, store: Store, asset: Asset) -> None:
        number = next(self.numbers)
        asset = replace(asset, id=f"asset-{number}", bmc=replace(asset.bmc, address=f"bmc-{number}"), revision=0)
        await keep(store, asset)

        async with store.reading() as look:
            assert await look.assets.get(asset.id) == replace(asset, revision=1)

    @_shared_store
    @given(health=values.values_of(Health))
    async def test_any_health_comes_back_as_it_was(self, store: Store, health: Health) -> None:
        number = next(self.numbers)
        asset = machine(number)
        await keep(store, replace(asset, bmc=replace(asset.bmc, address=f"bmc-{number}")))
        health = replace(health, asset_id=asset.id)
        await check(store, health)

        async with store.reading() as look:
            assert await look.healths.get_many([asset.id]) == {asset.id: health}

    @_shared_store
    @given(cluster=values.clusters)
    async def test_any_cluster_comes_back_as_it_was(self, store: Store, cluster: Cluster) -> None:
        number = next(self.numbers)
        spec = replace(cluster.spec, name=f"{cluster.spec.name}-{number}")
        cluster = replace(cluster, id=f"cluster-{number}", spec=spec, revision=0)
        await keep(store, cluster)

        async with store.reading() as look:
            assert await look.clusters.get(cluster.id) == replace(cluster, revision=1)

    @_shared_store
    @given(run=values.runs, later=values.runs)
    async def test_any_workflow_comes_back_as_it_was_and_as_it_became(self, store: Store, run: Run, later: Run) -> None:
        id = f"workflow-{next(self.numbers)}"
        run, later = replace(run, id=id, ticket=id, revision=0), replace(later, id=id, ticket=id, revision=1)
        await keep(store, run)
        async with store.reading() as look:
            assert await look.runs.get(id) == replace(run, revision=1)

        async with store.transaction() as tx:
            tx.runs.put(later)
        async with store.reading() as look:
            assert await look.runs.find_by_ticket(id) == replace(later, revision=2)

    @_shared_store
    @given(key=values.api_keys)
    async def test_any_key_comes_back_as_it_was(self, store: Store, key: ApiKey) -> None:
        key = replace(key, id=f"cd-{next(self.numbers)}")
        await keep(store, key)

        async with store.reading() as look:
            assert await look.api_keys.find(key.id) == key

    @_shared_store
    @given(written=st.lists(values.entries, min_size=1, max_size=3))
    async def test_any_entries_come_back_as_they_were(self, store: Store, written: list[Entry]) -> None:
        async with store.reading() as look:
            last = await look.journal.last()
        await keep(store, *written)

        async with store.reading() as look:
            read = await look.journal.after(last, 10, EntryFilter())
        assert [replace(entry, seq=0) for entry in read] == [replace(entry, seq=0) for entry in written]

    @_shared_store
    @given(happened=st.lists(values.values_of(Happening), min_size=1, max_size=3))
    async def test_any_history_comes_back_as_it_was(self, store: Store, happened: list[Happening]) -> None:
        run_id = f"workflow-{next(self.numbers)}"
        async with store.transaction() as tx:
            for happening in happened:
                tx.histories.write(run_id, happening)

        async with store.reading() as look:
            assert await look.histories.of([run_id]) == {run_id: tuple(happened)}

    @_shared_store
    @given(answer=values.answers, caller=values.texts, key=values.texts)
    async def test_any_answer_comes_back_as_it_was(self, store: Store, answer: Answer, caller: str, key: str) -> None:
        async with store.transaction() as tx:
            tx.answers.put(caller, key, answer)

        async with store.reading() as look:
            assert await look.answers.get(caller, key, now=answer.at) == answer

    @_shared_store
    @given(deed=values.values_of(Deed))
    async def test_any_deed_comes_back_as_it_was(self, store: Store, deed: Deed) -> None:
        deed = replace(deed, actor=f"cd-{next(self.numbers)}")
        await tell(store, deed)

        async with store.reading() as look:
            (found,) = (await look.audit.page(Paging(), AuditFilter(actor=deed.actor))).items
        assert replace(found, seq=0) == replace(deed, seq=0)

    @_shared_store
    @given(webhook=values.values_of(Webhook), letter=values.values_of(DeadLetter))
    async def test_any_webhook_and_letter_come_back_as_they_were(
        self, store: Store, webhook: Webhook, letter: DeadLetter
    ) -> None:
        webhook = replace(webhook, id=f"webhook-{next(self.numbers)}")
        letter = replace(letter, webhook_id=webhook.id)
        await tell(store, webhook, letter)

        async with store.reading() as look:
            assert await look.webhooks.get(webhook.id) == webhook
            assert (await look.dead_letters.page(webhook.id, Paging())).items == ((letter,) if letter.entry.seq else ())
