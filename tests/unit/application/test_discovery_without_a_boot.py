"""What a controller tells of its machine may be all that a discovery needs."""

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus, told_of
from colony_core.domain.hardware import BootMode, Inventory, Protocol, is_whole
from colony_core.domain.registration import Registration
from colony_core.domain.workflows import RunStatus, StepStatus
from colony_simulator.controllers import RackController
from colony_simulator.machines import reference_machine
from colony_testkit.builders import NOON, an_asset
from colony_testkit.lab import Lab

WHOLE = reference_machine(1).inventory


async def discovered(lab: Lab) -> tuple[str, str]:
    """Register the first machine by Redfish, and let its discovery come to an end."""
    machine = lab.rack.machines[0]
    registration = Registration(
        address=machine.bmc.address, protocol=Protocol.REDFISH, username=machine.bmc.username, password=machine.password
    )
    asset = await lab.colony.assets.register(registration)
    await lab.run()
    return asset.id, str(asset.held_by)


async def test_a_machine_registered_by_redfish_is_available_and_was_never_booted() -> None:
    lab = Lab(1)

    asset_id, run_id = await discovered(lab)

    asset, run = await lab.asset(asset_id), await lab.workflow(run_id)
    assert (asset.status, asset.inventory) == (AssetStatus.AVAILABLE, WHOLE)
    assert run.status is RunStatus.COMPLETED
    assert [step.status for step in run.steps[:2]] == [StepStatus.COMPLETED] * 2
    assert {step.status for step in run.steps[2:]} == {StepStatus.SKIPPED}
    assert lab.rack.machines[0].boots == 0


async def test_half_an_inventory_leads_to_the_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def half(_: RackController) -> Inventory:
        return replace(WHOLE, disks=())

    monkeypatch.setattr(RackController, "inventory", half)
    lab = Lab(1)

    asset_id, run_id = await discovered(lab)

    assert (await lab.asset(asset_id)).inventory == WHOLE
    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert lab.rack.machines[0].boots == 1


@pytest.mark.parametrize(
    "missing",
    [
        {"cpus": ()},
        {"memory_mb": 0},
        {"disks": ()},
        {"disks": (replace(WHOLE.disks[0], serial=""),)},
        {"disks": (replace(WHOLE.disks[0], removable=True),)},
        {"nics": ()},
    ],
)
def test_what_work_needs_is_not_left_to_luck(missing: dict[str, object]) -> None:
    assert is_whole(WHOLE)
    assert not is_whole(replace(WHOLE, **missing))


def test_half_an_inventory_tells_the_interfaces_and_keeps_what_an_agent_saw() -> None:
    asset = an_asset(inventory=WHOLE)
    told = replace(WHOLE, disks=(), boot_mode=BootMode.BIOS)

    after = told_of(replace(asset, macs=()), told, now=NOON)

    assert after.inventory == WHOLE
    assert after.macs == tuple(nic.mac for nic in WHOLE.nics)


def test_the_kernels_names_are_kept_for_what_is_still_there() -> None:
    asset = an_asset(inventory=WHOLE)
    disks = tuple(replace(disk, name="") for disk in WHOLE.disks)

    after = told_of(asset, replace(WHOLE, disks=disks), now=NOON)

    assert after.inventory is not None
    assert [disk.name for disk in after.inventory.disks] == [disk.name for disk in WHOLE.disks]
