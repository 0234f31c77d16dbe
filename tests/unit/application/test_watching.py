"""Machines that do not get on are found, with the step that blocks them and what can be done."""

from datetime import timedelta

import pytest

from colony_core import Paging, ProvisionRequest
from colony_core.ports.persistence import AssetFilter, CursorInvalid
from colony_simulator import IgnoresNetworkBoot, NeverReports, Refusing
from colony_testkit.lab import Lab, a_cluster_request

ALL = AssetFilter()


async def test_machines_that_get_on_are_not_stuck() -> None:
    lab = Lab(machines=2)
    await lab.enrol()
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_for(timedelta(minutes=5))

    assert (await lab.colony.watch.stuck(Paging(), ALL)).items == ()
    assert (await lab.colony.watch.one("asset-1")).hindrance is None


async def test_a_failed_discovery_is_stuck_and_says_how_to_go_on() -> None:
    lab = Lab()
    lab.rack.fault("asset-1", Refusing())
    await lab.colony.assets.register(lab.registration(1))
    await lab.run()

    (held,) = (await lab.colony.watch.stuck(Paging(), ALL)).items

    assert held.hindrance is not None
    assert (held.hindrance.code, held.hindrance.step) == ("BMC_REFUSED", None)
    assert any("PATCH /api/v1/assets/asset-1" in remedy for remedy in held.hindrance.remedies)
    assert any("/discover" in remedy for remedy in held.hindrance.remedies)


async def test_a_step_at_its_last_try_is_named_with_its_error() -> None:
    lab = Lab()
    await lab.enrol()
    lab.rack.fault("asset-1", IgnoresNetworkBoot())
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_for(timedelta(minutes=22))

    blocked = (await lab.colony.watch.one("asset-1")).hindrance

    assert blocked is not None
    assert blocked.workflow_id == run.id
    assert blocked.step in {"await-boot-request", "power-off", "power-on", "boot-from-network"}
    assert any(f"/workflows/{run.id}/cancel" in remedy for remedy in blocked.remedies)


async def test_work_that_takes_longer_than_usual_is_stuck_since_then() -> None:
    lab = Lab()
    await lab.enrol()
    lab.rack.fault("asset-1", NeverReports())
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_for(timedelta(minutes=24))

    blocked = (await lab.colony.watch.one("asset-1")).hindrance
    begun = (await lab.workflow(run.id)).started_at

    assert blocked is not None
    assert begun is not None
    assert blocked.since <= lab.clock.now()
    assert (await lab.colony.watch.longest_in_between())["provisioning"] >= 24 * 60 - 60


async def test_a_list_of_stuck_machines_is_paged_and_filtered_like_any_other() -> None:
    lab = Lab(machines=3)
    for place in (1, 2, 3):
        lab.rack.fault(f"asset-{place}", Refusing())
        await lab.colony.assets.register(lab.registration(place))
    await lab.run()

    first = await lab.colony.watch.stuck(Paging(limit=2), ALL)
    second = await lab.colony.watch.stuck(Paging(limit=2, cursor=first.next_cursor), ALL)
    none = await lab.colony.watch.stuck(Paging(), AssetFilter(status="available"))

    assert [held.asset.id for held in first.items + second.items] == ["asset-1", "asset-2", "asset-3"]
    assert second.next_cursor is None
    assert none.items == ()


@pytest.mark.parametrize("cursor", ["nonsense", "", "AAAA"])
async def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        await Lab().colony.watch.stuck(Paging(cursor=cursor), ALL)


async def test_the_longest_in_between_is_told_for_each_status_by_the_oldest_work_in_it() -> None:
    lab = Lab(machines=3)
    await lab.enrol()
    begun = lab.clock.now()
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_for(timedelta(minutes=1))
    await lab.colony.assets.provision("asset-2", ProvisionRequest())
    await lab.colony.assets.discover("asset-3")
    later = lab.clock.now()
    await lab.run_for(timedelta(minutes=1))

    ages, now = await lab.colony.watch.longest_in_between(), lab.clock.now()
    assert ages == {"provisioning": (now - begun).total_seconds(), "discovering": (now - later).total_seconds()}
    await lab.run()
    assert await lab.colony.watch.longest_in_between() == {}


async def test_machines_of_a_cluster_and_machines_that_nobody_works_on_are_in_between_too() -> None:
    lab = Lab(machines=2)
    lab.rack.fault("asset-2", Refusing())
    await lab.enrol()
    await lab.colony.assets.discover("asset-2")
    await lab.run()
    failed = (await lab.asset("asset-2")).updated_at
    await lab.colony.clusters.create(a_cluster_request())
    began = lab.clock.now()
    lab.clock.advance(timedelta(minutes=3))

    ages, now = await lab.colony.watch.longest_in_between(), lab.clock.now()
    assert ages == {"provisioning": (now - began).total_seconds(), "discovering": (now - failed).total_seconds()}
