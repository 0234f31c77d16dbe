"""What `colony_core.ports.dispatch.Dispatcher` promises, as tests that any adapter can run, a stranger's too."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.application.advancing import advance
from colony_core.domain.decisions import CancelAsked, Woken
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.workflows import Run, RunStatus, StepStatus
from colony_core.ports.dispatch import Call, Dispatcher
from colony_testkit.builders import a_run
from colony_testkit.cases import DispatchCase
from colony_testkit.store_given import keep

CROWD = 10_000


class DispatchContract:
    """Subclass it, name it `Test...`, give it a fixture `case` (a `DispatchCase`), and the adapter is tested.

    These hold for the only worker of a store as well. The tests are coroutines: run them with pytest-asyncio in its
    auto mode.
    """

    async def test_without_work_nothing_is_called(self, case: DispatchCase) -> None:
        worker = await case.hire()

        assert await worker.take(10) == ()

    async def test_what_is_due_is_called_once_until_it_is_done(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1), due(case, 2))
        worker = await case.hire()

        calls = await taken(case, worker, 2)

        assert {call.run_id for call in calls} == {"workflow-1", "workflow-2"}
        assert await worker.take(10) == ()
        assert all(worker.holds(call) for call in calls)

    async def test_no_more_are_called_than_are_wanted(self, case: DispatchCase) -> None:
        await keep(case.store, *(due(case, number) for number in range(1, 6)))
        worker = await case.hire()

        some = await taken(case, worker, 1, limit=2)
        await taken(case, worker, 5 - len(some))

        assert len(some) <= 2

    async def test_what_became_due_while_the_worker_waited_is_called(self, case: DispatchCase) -> None:
        worker = await case.hire()
        assert await worker.take(10) == ()

        await keep(case.store, due(case, 1))

        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-1"}

    async def test_what_is_done_is_called_again_when_it_is_due_again(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1))
        worker = await case.hire()
        [call] = await taken(case, worker, 1)
        await begin(case, call)
        await cancel(case, "workflow-1")
        await worker.done([call])

        await case.let_pass(case.patience / 4)
        assert await worker.take(10) == (), "its act is in flight"
        await set_due(case, "workflow-1", after=timedelta(0))

        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-1"}

    async def test_what_is_put_off_comes_again_and_not_before(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1))
        worker = await case.hire()
        calls = await taken(case, worker, 1)

        await worker.put_off(calls, case.clock.now() + case.patience / 2)

        assert await worker.take(10) == ()
        await case.let_pass(case.patience / 2)
        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-1"}

    async def test_what_is_due_later_is_called_then_and_not_before(self, case: DispatchCase) -> None:
        worker = await case.hire()
        await keep(case.store, due(case, 1, after=case.patience))

        assert await worker.take(10) == ()
        assert await worker.next_due() is not None
        await case.let_pass(case.patience)

        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-1"}

    async def test_a_cancel_reaches_a_run_that_waits_for_a_far_moment(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1, after=timedelta(days=30)))
        worker = await case.hire()
        assert await worker.take(10) == ()

        await set_due(case, "workflow-1", after=timedelta(0))

        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-1"}

    async def test_what_a_lost_worker_performed_is_called_again_under_its_key(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1))
        lost = await case.hire()
        [call] = await taken(case, lost, 1)
        await begin(case, call)

        await case.lose(lost)
        again = await taken(case, await case.hire(), 1)

        assert [one.run_id for one in again] == ["workflow-1"]
        assert (await stored(case, "workflow-1")).performed_under(again[0].key)

    async def test_a_wait_is_in_nobodys_hands(self, case: DispatchCase) -> None:
        await keep(case.store, waiting(case, 1))
        await case.lose(await case.hire())
        worker = await case.hire()

        await case.let_pass(case.patience * 2)

        assert await worker.take(10) == ()

    async def test_the_same_wake_up_twice_is_one_call(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1))
        await touch(case, "workflow-1")
        worker = await case.hire()

        calls = await taken(case, worker, 1)

        assert len(calls) == 1
        assert await worker.take(10) == ()

    async def test_ten_thousand_that_wait_hold_nothing_but_rows(self, case: DispatchCase) -> None:
        worker = await case.hire()
        before = len(asyncio.all_tasks())
        for first in range(1, CROWD, 1000):
            far = timedelta(days=30)
            await keep(case.store, *(due(case, number, after=far) for number in range(first, first + 1000)))

        await set_due(case, "workflow-5000", after=timedelta(0))

        assert {call.run_id for call in await taken(case, worker, 1)} == {"workflow-5000"}
        assert await worker.take(10) == ()
        assert len(asyncio.all_tasks()) <= before + 1


class SharedDispatchContract:
    """What holds beside `DispatchContract` where several workers share a store; give it the same fixture."""

    async def test_a_call_goes_to_one_worker_alone(self, case: DispatchCase) -> None:
        await keep(case.store, *(due(case, number) for number in range(1, 41)))
        workers = [await case.hire() for _ in range(3)]
        calls: list[Call] = []

        async def all_called() -> bool:
            for worker in workers:
                calls.extend(await worker.take(3))
            return len(calls) >= 40

        await eventually(case, all_called)
        assert {call.run_id for call in calls} == {f"workflow-{number}" for number in range(1, 41)}
        assert len(calls) == len(set(calls))

    async def test_nobody_else_is_called_for_what_a_living_worker_performs(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1))
        one, other = await case.hire(), await case.hire()
        [call] = await taken(case, one, 1)
        await begin(case, call)

        for _ in range(8):
            await case.let_pass(case.patience / 4)
            assert await other.take(10) == ()

        assert one.holds(call)

    async def test_only_what_the_lost_worker_performed_is_called_again(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1), due(case, 2))
        lost, living = await case.hire(), await case.hire()
        [first] = await taken(case, lost, 1, limit=1)
        [second] = await taken(case, living, 1)
        for call in (first, second):
            await begin(case, call)

        await case.lose(lost)
        [again] = await taken(case, living, 1)

        assert again == first
        assert living.holds(second)

    async def test_a_zombie_learns_that_others_have_its_calls(self, case: DispatchCase) -> None:
        assert case.freeze is not None
        assert case.thaw is not None
        await keep(case.store, due(case, 1))
        zombie = await case.hire()
        [call] = await taken(case, zombie, 1)
        await begin(case, call)
        await case.freeze(zombie)
        await case.let_pass(case.patience * 1.5)
        heir = await case.hire()
        assert await taken(case, heir, 1) == (call,)

        await case.thaw(zombie)

        assert not zombie.holds(call)
        assert heir.holds(call)

    async def test_a_zombie_that_says_done_takes_nothing_from_its_heir(self, case: DispatchCase) -> None:
        assert case.freeze is not None
        assert case.thaw is not None
        await keep(case.store, due(case, 1))
        zombie = await case.hire()
        calls = await taken(case, zombie, 1)
        await begin(case, calls[0])
        await case.freeze(zombie)
        await case.let_pass(case.patience * 1.5)
        heir = await case.hire()
        await taken(case, heir, 1)
        await case.thaw(zombie)

        await zombie.done(calls)
        await zombie.put_off(calls, case.clock.now())
        await case.lose(heir)

        assert await taken(case, await case.hire(), 1) == calls

    async def test_a_lost_wake_up_costs_time_and_nothing_else(self, case: DispatchCase) -> None:
        assert case.forget is not None
        await keep(case.store, due(case, 1), due(case, 2, after=case.patience / 2))
        await case.forget()

        worker = await case.hire()

        calls = await taken(case, worker, 2)
        assert {call.run_id for call in calls} == {"workflow-1", "workflow-2"}

    async def test_a_worker_that_leaves_in_peace_is_followed(self, case: DispatchCase) -> None:
        await keep(case.store, due(case, 1), due(case, 2))
        leaving, staying = await case.hire(), await case.hire()
        [call] = await taken(case, leaving, 1, limit=1)

        await leaving.put_off([call], case.clock.now())

        calls = await taken(case, staying, 2)
        assert call in calls
        assert not leaving.holds(call)


def due(case: DispatchCase, number: int, *, after: timedelta = timedelta(0)) -> Run:
    """Return the pending workflow of that *number*, due *after* now."""
    run = a_run(OS_PROVISION, id=f"workflow-{number}")
    first = replace(run.steps[0], not_before=case.clock.now() + after)
    return replace(run, asset_id=f"asset-{number}", created_at=case.clock.now(), steps=(first, *run.steps[1:]))


def waiting(case: DispatchCase, number: int) -> Run:
    """Return a workflow that waits for its machine."""
    run = due(case, number)
    place = next(place for place, step in enumerate(OS_PROVISION.steps) if step.name == "await-install")
    state = replace(
        run.steps[place], status=StepStatus.RUNNING, attempt=1, deadline=case.clock.now() + timedelta(days=1)
    )
    steps = (*run.steps[:place], state, *run.steps[place + 1 :])
    return replace(run, status=RunStatus.RUNNING, steps=steps, position=place)


async def begin(case: DispatchCase, call: Call) -> None:
    """Begin the act of the run that *call* is for, as a runner does."""
    async with case.store.transaction() as tx:
        acts = await advance(tx, await tx.runs.get(call.run_id), Woken(call.key), now=case.clock.now())
    assert acts


async def cancel(case: DispatchCase, run_id: str) -> None:
    """Ask the run to stop."""
    async with case.store.transaction() as tx:
        await advance(tx, await tx.runs.get(run_id), CancelAsked(), now=case.clock.now())


async def set_due(case: DispatchCase, run_id: str, *, after: timedelta) -> None:
    """Let the run be at the beginning of its step, due *after* now."""
    async with case.store.transaction() as tx:
        run = await tx.runs.get(run_id)
        fresh = replace(due(case, 1, after=after).steps[0], attempt=run.steps[0].attempt)
        tx.runs.put(replace(run, steps=(fresh, *run.steps[1:])))


async def touch(case: DispatchCase, run_id: str) -> None:
    """Store the run once more, as it is."""
    async with case.store.transaction() as tx:
        tx.runs.put(replace(await tx.runs.get(run_id), ticket="another"))


async def stored(case: DispatchCase, run_id: str) -> Run:
    """Return the run."""
    async with case.store.reading() as look:
        return await look.runs.get(run_id)


async def taken(case: DispatchCase, worker: Dispatcher, least: int, *, limit: int = 10) -> Sequence[Call]:
    """Return the calls of *worker* once there are so many; fail when they do not come."""
    calls: list[Call] = []

    async def enough() -> bool:
        calls.extend(await worker.take(limit))
        return len(calls) >= least

    await eventually(case, enough)
    return tuple(calls)


async def eventually(case: DispatchCase, happened: Callable[[], Awaitable[bool]]) -> None:
    """Let time pass until *happened*, and fail when it does not."""
    for _ in range(120):
        if await happened():
            return
        await case.let_pass(case.patience / 20)
    pytest.fail("It did not happen in six times the patience")
