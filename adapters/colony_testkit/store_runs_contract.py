"""What every store promises about clusters and workflows."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.clusters import ClusterNameTaken, ClusterNotFound, ClusterStatus, ClusterType
from colony_core.domain.steps import WorkflowType
from colony_core.domain.workflows import RunStatus, WorkflowNotFound
from colony_core.ports.persistence import ClusterFilter, Paging, RunFilter, StaleWrite, Store
from colony_testkit.builders import NOON
from colony_testkit.store_given import awaiting, begun, cluster, ended, ids, keep, resting, workflow


class RunsContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_an_unknown_cluster_or_workflow_is_said_to_be_missing(self, store: Store) -> None:
        async with store.reading() as look:
            with pytest.raises(ClusterNotFound, match="cluster-9"):
                await look.clusters.get("cluster-9")
            with pytest.raises(WorkflowNotFound, match="workflow-9"):
                await look.runs.get("workflow-9")

    async def test_a_name_is_taken_by_one_living_cluster(self, store: Store) -> None:
        await keep(store, cluster(1, name="dev"))

        with pytest.raises(ClusterNameTaken, match="dev"):
            await keep(store, cluster(2, name="dev"))

    async def test_a_removed_cluster_gives_its_name_back(self, store: Store) -> None:
        await keep(store, cluster(1, name="dev"))
        async with store.transaction() as tx:
            tx.clusters.remove(await tx.clusters.get("cluster-1"))

        await keep(store, cluster(2, name="dev"))
        async with store.reading() as look:
            assert ids(await look.clusters.all()) == ["cluster-2"]

    async def test_a_name_can_change_hands_in_one_transaction(self, store: Store) -> None:
        await keep(store, cluster(1, name="dev"))

        async with store.transaction() as tx:
            tx.clusters.remove(await tx.clusters.get("cluster-1"))
            tx.clusters.add(cluster(2, name="dev"))

        async with store.reading() as look:
            assert ids(await look.clusters.all()) == ["cluster-2"]

    async def test_a_cluster_is_not_overwritten_unseen(self, store: Store) -> None:
        await keep(store, cluster(1))

        with pytest.raises(StaleWrite):
            async with store.transaction() as tx:
                tx.clusters.put(replace(cluster(1), status=ClusterStatus.ERROR))

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (ClusterFilter(), ["cluster-1", "cluster-2", "cluster-3"]),
            (ClusterFilter(status="ready"), ["cluster-1", "cluster-3"]),
            (ClusterFilter(type="civo_stack"), ["cluster-2", "cluster-3"]),
            (ClusterFilter(status="ready", type="civo_stack"), ["cluster-3"]),
        ],
    )
    async def test_filters_of_clusters_must_all_match(
        self, store: Store, where: ClusterFilter, expected: list[str]
    ) -> None:
        await keep(
            store,
            cluster(1),
            cluster(2, status=ClusterStatus.ERROR, kind=ClusterType.CIVO_STACK),
            cluster(3, kind=ClusterType.CIVO_STACK),
        )

        async with store.reading() as look:
            assert ids((await look.clusters.page(Paging(), where)).items) == expected

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (RunFilter(), ["workflow-1", "workflow-2", "workflow-3"]),
            (RunFilter(status="pending"), ["workflow-1", "workflow-3"]),
            (RunFilter(type="disk-wipe"), ["workflow-3"]),
            (RunFilter(type="os-provision", status="completed"), ["workflow-2"]),
            (RunFilter(asset_id="asset-1"), ["workflow-1"]),
            (RunFilter(asset_id="asset-2", status="pending"), []),
            (RunFilter(cluster_id="cluster-1"), ["workflow-2", "workflow-3"]),
            (RunFilter(cluster_id="cluster-1", type="disk-wipe", status="pending"), ["workflow-3"]),
            (RunFilter(cluster_id="cluster-1", asset_id="asset-2", type="disk-wipe", status="pending"), []),
        ],
    )
    async def test_filters_of_workflows_must_all_match(
        self, store: Store, where: RunFilter, expected: list[str]
    ) -> None:
        await keep(
            store,
            workflow(1),
            replace(ended(workflow(2)), cluster_id="cluster-1"),
            replace(workflow(3), cluster_id="cluster-1", type=WorkflowType.DISK_WIPE),
        )

        async with store.reading() as look:
            assert ids((await look.runs.page(Paging(), where)).items) == expected

    async def test_workflows_come_in_pages(self, store: Store) -> None:
        await keep(store, *(workflow(number) for number in range(1, 6)))

        async with store.reading() as look:
            first = await look.runs.page(Paging(limit=3), RunFilter(status="pending"))
            second = await look.runs.page(Paging(limit=3, cursor=first.next_cursor), RunFilter(status="pending"))
        assert (len(first.items), ids(second.items), second.next_cursor) == (3, ["workflow-4", "workflow-5"], None)

    async def test_the_longest_overdue_is_woken_first(self, store: Store) -> None:
        late, later = resting(workflow(1), minutes=5), begun(workflow(2), minutes=3)
        await keep(store, late, later, workflow(3), resting(workflow(4), minutes=6), ended(workflow(5)))

        async with store.reading() as look:
            due = await look.runs.due(NOON + timedelta(minutes=5), 10)
            assert ids(due) == ["workflow-3", "workflow-2", "workflow-1"]
            assert ids(await look.runs.due(NOON + timedelta(minutes=5), 2)) == ["workflow-3", "workflow-2"]
            assert await look.runs.due(NOON - timedelta(microseconds=1), 10) == ()
            assert await look.runs.next_due() == NOON

    async def test_nothing_is_due_once_everything_has_ended(self, store: Store) -> None:
        await keep(store, workflow(1))
        async with store.transaction() as tx:
            tx.runs.put(ended(await tx.runs.get("workflow-1")))
            assert await tx.runs.due(NOON, 10) == ()

        async with store.reading() as look:
            assert await look.runs.next_due() is None

    async def test_in_flight_is_what_a_process_is_at_and_nothing_that_waits(self, store: Store) -> None:
        await keep(store, begun(workflow(2), minutes=1), workflow(1), ended(begun(workflow(3), minutes=1)))
        await keep(store, awaiting(workflow(4)))

        async with store.reading() as look:
            assert ids(await look.runs.in_flight()) == ["workflow-2"]

    async def test_a_count_is_as_long_as_the_list_and_sees_what_its_transaction_wrote(self, store: Store) -> None:
        await keep(store, workflow(1), begun(workflow(2), minutes=1), workflow(3, parent_id="workflow-1"))
        pending, others = RunFilter(status="pending", type="os-provision"), RunFilter(asset_id="asset-2")

        async with store.transaction() as tx:
            assert [await tx.runs.count(where) for where in (RunFilter(), pending, others)] == [3, 2, 1]
            tx.runs.put(begun(await tx.runs.get("workflow-1"), minutes=1))
            assert await tx.runs.count(pending) == 1
            assert await tx.runs.count(RunFilter(type="disk-wipe")) == 0

    async def test_children_come_with_their_parents(self, store: Store) -> None:
        await keep(
            store,
            workflow(1),
            workflow(2, parent_id="workflow-1"),
            workflow(3, parent_id="workflow-9"),
            workflow(4, parent_id="workflow-1"),
        )

        async with store.reading() as look:
            children = await look.runs.children_of(["workflow-1", "workflow-2"])
        assert {id: ids(those) for id, those in children.items()} == {
            "workflow-1": ["workflow-2", "workflow-4"],
            "workflow-2": [],
        }

    async def test_a_ticket_leads_to_its_workflow_and_to_no_other_once_it_has_moved_on(self, store: Store) -> None:
        await keep(store, replace(workflow(1), ticket="abc"), workflow(2))
        async with store.reading() as look:
            found = await look.runs.find_by_ticket("abc")
            assert found is not None
            assert found.id == "workflow-1"
            assert await look.runs.find_by_ticket("abd") is None

        async with store.transaction() as tx:
            tx.runs.put(replace(await tx.runs.get("workflow-1"), ticket=None))
            tx.runs.add(replace(workflow(3), ticket="abc"))

        async with store.reading() as look:
            found = await look.runs.find_by_ticket("abc")
        assert found is not None
        assert found.id == "workflow-3"

    async def test_workflows_are_counted_by_status(self, store: Store) -> None:
        await keep(store, workflow(1), workflow(2), workflow(3))
        async with store.transaction() as tx:
            tx.runs.put(ended(await tx.runs.get("workflow-1"), RunStatus.FAILED))

        async with store.reading() as look:
            assert await look.runs.count_by_status() == {"failed": 1, "pending": 2}
