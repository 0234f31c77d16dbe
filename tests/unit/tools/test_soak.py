"""The judge of `make soak`: it finds nothing in a good world, and whatever was made wrong in one."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace
from soak.customers import Wish
from soak.listener import Listener
from soak.verdict import World, failed_in, wrong_in

from colony_core.domain.assets import AssetStatus
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.workflows import RunStatus
from colony_simulator import Happening
from colony_testkit.lab import Lab

WISH = Wish(token="provision-1", path="/assets/asset-1/provision", body={})


async def a_world() -> World:
    """Return what is there once a machine was installed."""
    lab = Lab()
    await lab.enrol()
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()
    return World(
        assets=await lab.assets(),
        runs=await lab.workflows(),
        clusters=await lab.clusters(),
        happened=tuple(lab.rack.history),
        events=(),
    )


def told(**more: Any) -> Any:
    """Return customers who asked for that, and were told so."""
    known: dict[str, Any] = {"wishes": {WISH.token: WISH}, "acknowledged": {WISH.token: {"id": "workflow-1"}}}
    return SimpleNamespace(**known | more)


def a_run_with(world: World, **changes: Any) -> World:
    return replace(world, runs={"workflow-1": replace(world.runs["workflow-1"], **changes)})


def an_asset_with(world: World, **changes: Any) -> World:
    return replace(world, assets={"asset-1": replace(world.assets["asset-1"], **changes)})


def more_orders(world: World, *, times: int = 1, after: timedelta = timedelta(0)) -> World:
    """Return *world* where its controller was told more often to switch the machine off."""
    last = next(each for each in reversed(world.happened) if each.event == "told power off")
    more = [Happening(last.at + after, last.machine, last.event)] * times
    return replace(world, happened=(*world.happened, *more))


def a_step_tried_too_often(world: World) -> World:
    first, *others = world.runs["workflow-1"].steps
    return a_run_with(world, steps=(replace(first, failures=99), *others))


async def test_a_good_world_has_nothing_wrong_in_it() -> None:
    world = await a_world()

    assert wrong_in(world, told()) == []
    assert failed_in(world) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda world: more_orders(world, times=9), "told power off') 11 times, begun"),
        (lambda world: more_orders(world, after=timedelta(days=1)), "when nobody worked on it"),
        (a_step_tried_too_often, "contact: 99 failures"),
        (lambda world: a_run_with(world, status=RunStatus.RUNNING), "workflow-1 never ends"),
        (lambda world: an_asset_with(world, held_by="workflow-1"), "asset-1 is held by workflow-1"),
        (lambda world: an_asset_with(world, status=AssetStatus.DISCOVERING), "asset-1 rests as discovering"),
        (lambda world: replace(world, runs={}), "provision-1 was answered with workflow-1, which is not there"),
        (lambda world: replace(world, runs={}), "asked for 1 times and is there 0 times"),
    ],
)
async def test_what_must_not_be_is_found(spoil: Callable[[World], World], words: str) -> None:
    assert any(words in each for each in wrong_in(spoil(await a_world()), told()))


async def test_a_workflow_that_nobody_was_told_of_is_found() -> None:
    found = wrong_in(await a_world(), told(wishes={}, acknowledged={}))

    assert found == ["/assets/asset-1/provision was asked for 0 times and is there 1 times"]


async def test_a_wish_that_was_never_answered_is_found() -> None:
    assert wrong_in(await a_world(), told(acknowledged={})) == ["provision-1 was never answered"]


async def test_a_workflow_that_failed_is_told_apart_from_what_must_not_be() -> None:
    world = a_run_with(await a_world(), status=RunStatus.FAILED)

    assert failed_in(world) == ["workflow-1 (os-provision, asset-1) failed: None"]


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ([1, 2, 4], []),
        ([1, 4], ["events [2] were missed"]),
        ([1, 2, 2, 4], ["1 events came twice"]),
        ([2, 1, 4], ["events came out of order"]),
        ([1, 2, 3, 4], ["events [3] came and are not there"]),
    ],
)
def test_events_that_are_missed_doubled_or_out_of_order_are_found(heard: list[int], words: list[str]) -> None:
    listener = Listener(cast("Any", SimpleNamespace(seed=1)), cast("Any", None))
    listener.heard = heard

    assert listener.wrong([1, 2, 4]) == words
