"""What every store promises about the histories of workflows."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from colony_core.domain.decisions import Act, Succeeded, Woken
from colony_core.domain.histories import Began, Happening, Parked, standing
from colony_core.domain.steps import Action
from colony_core.ports.persistence import Store
from colony_testkit.builders import NOON
from colony_testkit.store_given import workflow


def happening(minute: int) -> Happening:
    """Return something that happened so many minutes after noon; each differs from the one before."""
    run, at = workflow(1), NOON + timedelta(minutes=minute, microseconds=minute)
    act = Act(run.id, run.steps[0].name, 1, Action.CONTACT, at)
    kinds = (Began(run), Woken(), Succeeded("contact", minute), Parked())
    return Happening(at, kinds[minute % len(kinds)], standing(run, (act,)))


async def happen(store: Store, run_id: str, *minutes: int) -> None:
    """Write into the history of a workflow, in one transaction."""
    async with store.transaction() as tx:
        for minute in minutes:
            tx.histories.write(run_id, happening(minute))


class HistoriesContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_a_history_is_told_in_its_order_and_apart_from_others(
        self, store: Store, open_store: Callable[[], Awaitable[Store]]
    ) -> None:
        for minute in range(12):
            await happen(store, f"workflow-{1 + minute % 3}", minute, minute + 100)
        await store.aclose()

        again = await open_store()
        async with again.reading() as look:
            found = await look.histories.of(["workflow-3", "workflow-1", "workflow-9", "workflow-1"])
        await again.aclose()
        assert found == {
            "workflow-1": tuple(happening(minute) for minute in (0, 100, 3, 103, 6, 106, 9, 109)),
            "workflow-3": tuple(happening(minute) for minute in (2, 102, 5, 105, 8, 108, 11, 111)),
        }

    async def test_a_workflow_without_a_history_has_none(self, store: Store) -> None:
        async with store.reading() as look:
            assert await look.histories.of(["workflow-1"]) == {}
            assert await look.histories.of([]) == {}

    async def test_a_transaction_reads_the_history_that_it_writes(self, store: Store) -> None:
        await happen(store, "workflow-1", 1)

        async with store.transaction() as tx:
            tx.histories.write("workflow-1", happening(2))
            assert (await tx.histories.of(["workflow-1"]))["workflow-1"] == (happening(1), happening(2))
            tx.histories.write("workflow-1", happening(3))
        async with store.reading() as look:
            found = await look.histories.of(["workflow-1"])
        assert found["workflow-1"] == (happening(1), happening(2), happening(3))

    async def test_a_transaction_that_fails_was_never_a_part_of_any_history(self, store: Store) -> None:
        await happen(store, "workflow-1", 1)

        with pytest.raises(ZeroDivisionError):
            await _fail_after_writing(store)
        async with store.reading() as look:
            assert await look.histories.of(["workflow-1", "workflow-2"]) == {"workflow-1": (happening(1),)}


async def _fail_after_writing(store: Store) -> None:
    async with store.transaction() as tx:
        tx.histories.write("workflow-1", happening(2))
        await tx.histories.of(["workflow-1"])
        tx.histories.write("workflow-2", happening(3))
        raise ZeroDivisionError
