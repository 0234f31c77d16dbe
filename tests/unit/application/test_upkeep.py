"""Maintenance ends by itself, at its time, and everybody hears of it."""

from datetime import timedelta

import pytest

from colony_core import AssetChanges, ProvisionRequest
from colony_core.domain.assets import AssetInMaintenance, Maintenance
from colony_core.domain.events import Entry, EventType
from colony_core.ports.persistence import AssetFilter, EntryFilter, InMaintenance, Paging
from colony_testkit.lab import Lab

HOUR = timedelta(hours=1)


async def maintained(lab: Lab, asset: str = "asset-1", *, hours: float | None = 1) -> None:
    until = None if hours is None else lab.clock.now() + hours * HOUR
    changes = AssetChanges(maintenance=Maintenance(reason="a fan", by="ann", until=until))
    await lab.colony.assets.change(asset, changes)


async def told(lab: Lab) -> list[Entry]:
    async with lab.store.reading() as look:
        entries = await look.journal.after(0, 1000, EntryFilter())
    return [entry for entry in entries if entry.type is EventType.MAINTENANCE]


async def test_a_maintenance_ends_at_its_time_and_not_before() -> None:
    lab = Lab()
    await lab.enrol()
    await maintained(lab)
    end = lab.clock.now() + HOUR

    assert await lab.colony.runner.next_due() == end
    await lab.run(until=end - timedelta(seconds=1))
    with pytest.raises(AssetInMaintenance, match=r"until .* by ann: a fan"):
        await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run(until=end)

    async with lab.store.reading() as look:
        assert (await look.assets.get("asset-1")).maintenance is None
    assert [(entry.at, entry.status) for entry in await told(lab)] == [(end - HOUR, "begun"), (end, "ended")]
    await lab.colony.assets.provision("asset-1", ProvisionRequest())


async def test_several_maintenances_end_each_at_its_own_time() -> None:
    lab = Lab(machines=3)
    await lab.enrol()
    for number, hours in ((1, 3.0), (2, 1.0), (3, 2.0)):
        await maintained(lab, f"asset-{number}", hours=hours)
    await lab.run()

    ended = [entry.asset_id for entry in await told(lab) if entry.status == "ended"]
    assert ended == ["asset-2", "asset-3", "asset-1"]


async def test_a_maintenance_without_an_end_lasts_until_it_is_lifted() -> None:
    lab = Lab()
    await lab.enrol()
    await maintained(lab, hours=None)
    assert await lab.colony.runner.next_due() is None
    await lab.run(until=lab.clock.now() + 10_000 * HOUR)
    await lab.colony.assets.change("asset-1", AssetChanges(maintenance=None))

    entries = await told(lab)
    assert [entry.status for entry in entries] == ["begun", "ended"]
    assert entries[-1].message == "Maintenance of asset asset-1 was lifted"


async def test_a_maintenance_that_ended_while_nobody_was_at_work_is_over_at_once_and_told_of_later() -> None:
    lab = Lab()
    await lab.enrol()
    await maintained(lab)
    lab.clock.advance(2 * HOUR)

    inside = await lab.colony.assets.page(Paging(), AssetFilter(maintenance=InMaintenance(lab.clock.now())))
    assert (await lab.asset()).maintenance is None
    assert (await lab.colony.watch.one("asset-1")).asset.maintenance is None
    assert inside.items == ()
    lab.open()
    await lab.colony.runner.settle()
    assert [entry.status for entry in await told(lab)] == ["begun", "ended"]


async def test_a_change_that_leaves_the_maintenance_alone_is_no_news_of_it() -> None:
    lab = Lab()
    await lab.enrol()
    await maintained(lab)
    await lab.colony.assets.change("asset-1", AssetChanges(hostname="renamed"))

    assert [entry.status for entry in await told(lab)] == ["begun"]
    assert (await lab.asset()).maintenance is not None


async def test_work_that_was_begun_before_a_maintenance_goes_on_in_it() -> None:
    lab = Lab()
    await lab.enrol()
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await maintained(lab)
    await lab.run()

    assert (await lab.workflow(run.id)).finished_at is not None
    assert (await lab.asset()).status == "provisioned"
