"""What people do with machines, over a simulated rack."""

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import (
    AssetBusy,
    AssetExists,
    AssetInCluster,
    AssetInMaintenance,
    AssetNotAvailable,
    AssetNotFound,
    AssetStatus,
    Maintenance,
)
from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.orders import WipeMethod
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges
from colony_core.domain.reports import InstallReceipt, WipeCertificate
from colony_core.domain.secrets import Secret
from colony_core.domain.validation import ValidationFailed
from colony_core.domain.workflows import RunStatus, WorkflowNotFound
from colony_core.ports.persistence import AssetFilter, Paging
from colony_testkit.builders import CLUSTER_KINDS
from colony_testkit.lab import Lab, broken_laws, building, discovering, provisioning, rebooting, wiping


async def test_a_registered_machine_is_discovered_and_becomes_available() -> None:
    lab = Lab()
    await discovering(lab)
    assert (await lab.asset()).status is AssetStatus.DISCOVERING

    await lab.run()

    asset = await lab.asset()
    assert (asset.status, asset.held_by, asset.last_error) == (AssetStatus.AVAILABLE, None, None)
    assert asset.inventory == lab.rack.machine("asset-1").inventory
    assert asset.macs == tuple(nic.mac for nic in lab.rack.machine("asset-1").inventory.nics)
    assert asset.power is not None
    assert asset.power.power is Power.OFF


async def test_ids_are_given_in_order_and_never_one_that_somebody_chose() -> None:
    lab = Lab(4)
    free = [replace(lab.registration(number), id=None) for number in range(1, 5)]

    chosen = await lab.colony.assets.register(replace(free[0], id="asset-2"))
    given = [await lab.colony.assets.register(each) for each in free[1:]]

    assert chosen.id == "asset-2"
    assert "asset-2" not in [asset.id for asset in given]
    assert len({asset.id for asset in given}) == 3


async def test_a_second_machine_on_one_controller_or_with_one_id_is_refused() -> None:
    lab = Lab(2)
    await discovering(lab)

    with pytest.raises(AssetExists):
        await lab.colony.assets.register(replace(lab.registration(1), id="another"))
    with pytest.raises(AssetExists):
        await lab.colony.assets.register(replace(lab.registration(2), id="asset-1"))
    assert len(await lab.workflows()) == 1


async def test_a_machine_is_installed_from_power_off_to_its_first_boot() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    assert (await lab.asset()).status is AssetStatus.PROVISIONING

    await lab.run()

    run, machine = await lab.workflow(run_id), lab.rack.machine("asset-1")
    assert (await lab.asset()).status is AssetStatus.PROVISIONED
    assert machine.installation is not None
    assert (machine.installation.template, machine.installation.hostname) == ("ubuntu-jammy", "server01")
    assert machine.up_since is not None
    assert isinstance(run.report, InstallReceipt)
    assert run.ticket is None


@pytest.mark.parametrize("method", WipeMethod)
async def test_a_wiped_machine_is_empty_and_off_with_a_certificate(method: WipeMethod) -> None:
    lab = Lab()
    await provisioning(lab)
    await lab.run()

    run = await lab.colony.assets.wipe("asset-1", method=method)
    assert (await lab.asset()).status is AssetStatus.DEPROVISIONING
    await lab.run()

    report = (await lab.workflow(run.id)).report
    assert (await lab.asset()).status is AssetStatus.AVAILABLE
    assert lab.rack.machine("asset-1").installation is None
    assert lab.rack.machine("asset-1").power is Power.OFF
    assert isinstance(report, WipeCertificate)
    assert all(erasure.verified and erasure.method is method for erasure in report.disks)


@pytest.mark.parametrize("device", [None, *BootDevice])
async def test_a_reboot_restarts_the_machine_and_leaves_its_status(device: BootDevice | None) -> None:
    lab = Lab()
    await provisioning(lab)
    await lab.run()
    boots = lab.rack.machine("asset-1").boots

    run = await lab.colony.assets.reboot("asset-1", boot_device=device)
    await lab.run()

    assert (await lab.workflow(run.id)).status is RunStatus.COMPLETED
    assert (await lab.asset()).status is AssetStatus.PROVISIONED
    assert lab.rack.machine("asset-1").boots == boots + 1
    told = [happening.event for happening in lab.rack.history if happening.event.startswith("told boot device")]
    assert (device is not None) == (told[-1:] == [f"told boot device {device}"] and len(told) == 3)


async def test_a_machine_can_be_discovered_again_while_it_is_available_and_not_when_it_is_installed() -> None:
    lab = Lab()
    await lab.enrol()
    await lab.colony.assets.discover("asset-1")
    await lab.run()
    assert (await lab.asset()).status is AssetStatus.AVAILABLE
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()

    with pytest.raises(AssetNotAvailable) as refused:
        await lab.colony.assets.discover("asset-1")

    assert "is provisioned: it cannot discover now; it can only wipe" in refused.value.details


async def test_a_machine_that_is_worked_on_is_refused_naming_the_workflow() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    desk = lab.colony.assets

    for call in (
        desk.provision("asset-1", ProvisionRequest()),
        desk.wipe("asset-1", method=WipeMethod.ZERO),
        desk.discover("asset-1"),
        desk.reboot("asset-1", boot_device=None),
        desk.forget("asset-1"),
        desk.change("asset-1", AssetChanges(bmc=BmcChanges(password=Secret("x")))),
    ):
        with pytest.raises(AssetBusy) as refused:
            await call
        assert run_id in refused.value.details


async def test_a_machine_in_maintenance_is_left_alone_until_it_is_lifted() -> None:
    lab = Lab()
    await lab.enrol()
    await lab.colony.assets.change("asset-1", AssetChanges(maintenance=Maintenance(reason="fans", by="ops")))

    with pytest.raises(AssetInMaintenance):
        await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.colony.assets.change("asset-1", AssetChanges(maintenance=None))

    assert (await lab.colony.assets.provision("asset-1", ProvisionRequest())).status is RunStatus.PENDING


async def test_a_refused_request_changes_nothing() -> None:
    lab = Lab()
    await lab.enrol()
    before = await lab.asset()

    with pytest.raises(ValidationFailed):
        await lab.colony.assets.provision("asset-1", ProvisionRequest(template="windows"))

    assert await lab.asset() == before
    assert await lab.workflows() == {}


async def test_what_is_so_already_is_no_change_and_is_in_nobodys_way() -> None:
    lab = Lab()
    await provisioning(lab)
    before = await lab.asset()
    known = lab.registration(1)
    bmc = BmcChanges(address=known.address, username=known.username, password=known.password)

    amended = await lab.colony.assets.amend(
        "asset-1", AssetChanges(hostname=before.hostname, tags=before.tags, bmc=bmc)
    )

    assert (amended.asset, amended.changed) == (before, ())
    assert await lab.asset() == before


async def test_a_change_says_what_it_made_different() -> None:
    lab = Lab()
    await lab.enrol()
    bmc = BmcChanges(address="192.168.9.9", password=Secret("new"), verify_tls=False)

    amended = await lab.colony.assets.amend("asset-1", AssetChanges(macs=("52-54-00-77-00-01",), bmc=bmc))

    assert amended.changed == ("macs", "bmc.address", "bmc.verify_tls", "bmc.password")
    assert amended.asset.macs == ("52:54:00:77:00:01",)
    assert (await lab.asset()).bmc.address == "192.168.9.9"


async def test_a_controller_that_another_machine_has_is_not_given_twice() -> None:
    lab = Lab(2)
    await lab.enrol()

    with pytest.raises(AssetExists):
        await lab.colony.assets.change("asset-2", AssetChanges(bmc=BmcChanges(address=lab.registration(1).address)))


async def test_an_address_that_is_none_is_refused() -> None:
    lab = Lab()
    await lab.enrol()

    with pytest.raises(ValidationFailed) as refused:
        await lab.colony.assets.change("asset-1", AssetChanges(bmc=BmcChanges(address="10.0.0.300")))

    assert [each.path for each in refused.value.violations] == ["bmc.address"]


async def test_new_credentials_are_used_from_then_on() -> None:
    lab = Lab()
    await lab.colony.assets.register(replace(lab.registration(1), password=Secret("wrong")))
    await lab.run()
    failed = await lab.asset()
    assert failed.last_error is not None
    assert failed.last_error.code == "BMC_REFUSED"

    right = lab.registration(1).password
    await lab.colony.assets.change("asset-1", AssetChanges(bmc=BmcChanges(password=right)))
    await lab.colony.assets.discover("asset-1")
    await lab.run()

    assert (await lab.asset()).status is AssetStatus.AVAILABLE


async def test_a_forgotten_machine_is_gone_with_its_password_and_its_id_is_not_given_again() -> None:
    lab = Lab(2)
    await lab.enrol()

    forgotten = await lab.colony.assets.forget("asset-2")

    assert (forgotten.asset.id, forgotten.not_done) == ("asset-2", ())
    with pytest.raises(AssetNotFound):
        await lab.asset("asset-2")
    async with lab.store.reading() as look:
        assert await look.vault.get("asset-2", "bmc-password") is None
    again = await lab.colony.assets.register(replace(lab.registration(2), id=None))
    assert again.id == "asset-3"


async def test_a_node_is_not_forgotten_nor_wiped_while_it_is_in_a_cluster() -> None:
    lab = Lab(2)
    await building(*CLUSTER_KINDS[0])(lab)
    await lab.run()

    with pytest.raises(AssetInCluster):
        await lab.colony.assets.forget("asset-1")
    with pytest.raises(AssetInCluster):
        await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)


@pytest.mark.parametrize("begin", [discovering, provisioning, wiping, rebooting])
async def test_force_forgets_a_machine_whatever_is_done_with_it_and_says_what_was_not_done(begin: object) -> None:
    lab = Lab()
    run_id = await begin(lab)  # type: ignore[operator]
    await lab.run_to(run_id, "power-on")

    forgotten = await lab.colony.assets.forget("asset-1", force=True)
    await lab.run()

    assert f"workflow {run_id}" in " ".join(forgotten.not_done) or (await lab.workflow(run_id)).ended
    assert "the machine was not powered off" in forgotten.not_done
    assert await lab.assets() == {}
    assert (await lab.workflow(run_id)).ended


async def test_force_forgets_a_node_and_the_cluster_that_is_built_fails_in_the_end() -> None:
    lab = Lab(2)
    run_id = await building(*CLUSTER_KINDS[0])(lab)
    await lab.run_to(run_id, "install-nodes")

    await lab.colony.assets.forget("asset-2", force=True)
    await lab.run()

    assert (await lab.workflow(run_id)).status is RunStatus.FAILED
    assert await broken_laws(lab) == []


async def test_lists_are_cut_into_pages_and_filtered() -> None:
    lab = Lab(5)
    await lab.enrol()
    await lab.colony.assets.change("asset-4", AssetChanges(tags={"rack": "r1", "row": "2"}))
    await lab.colony.assets.reboot("asset-2", boot_device=None)

    first = await lab.colony.assets.page(Paging(limit=2))
    second = await lab.colony.assets.page(Paging(limit=2, cursor=first.next_cursor))
    third = await lab.colony.assets.page(Paging(limit=2, cursor=second.next_cursor))
    tagged = await lab.colony.assets.page(Paging(), AssetFilter(tags=(("rack", "r1"),)))

    assert [asset.id for page in (first, second, third) for asset in page.items] == [f"asset-{n}" for n in range(1, 6)]
    assert third.next_cursor is None
    assert [asset.id for asset in tagged.items] == ["asset-4"]
    assert (await lab.colony.assets.page(Paging(), AssetFilter(status="provisioned"))).items == ()


async def test_what_is_not_there_is_not_found() -> None:
    lab = Lab()

    for call in (
        lab.colony.assets.get("asset-123"),
        lab.colony.assets.provision("asset-123", ProvisionRequest()),
        lab.colony.assets.forget("asset-123", force=True),
    ):
        with pytest.raises(AssetNotFound):
            await call
    with pytest.raises(WorkflowNotFound):
        await lab.workflow("workflow-9")
