"""What is left of a workflow whose machine was forgotten by force touches nothing that has the machine's id since."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import Fault
from colony_core.errors import Unauthorized
from colony_core.ports.netboot import BootAgent
from colony_testkit.lab import Lab


async def replaced(lab: Lab, *, by: int) -> None:
    """Install asset-1, forget it by force half-way, and register machine number *by* under its id."""
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_to("workflow-1", "power-off")
    await lab.colony.assets.forget("asset-1", force=True)
    await lab.colony.assets.register(replace(lab.registration(by), id="asset-1"))


async def test_a_machine_that_is_registered_anew_is_not_switched_off_by_its_former_workflow() -> None:
    lab = Lab(2)
    await lab.colony.assets.enrol([(lab.registration(1), lab.rack.machine("asset-1").inventory)])
    await replaced(lab, by=2)
    await lab.run()

    [*_, clean_up] = (await lab.workflow()).steps
    assert (await lab.asset()).status is AssetStatus.AVAILABLE
    assert clean_up.name == "leave-off"
    assert clean_up.error == Fault("ASSET_NOT_FOUND", "Asset with ID 'asset-1' does not exist")


async def test_an_agent_whose_machine_was_forgotten_has_nothing_to_say_about_its_successor() -> None:
    lab = Lab(2)
    await lab.colony.assets.enrol([(lab.registration(1), lab.rack.machine("asset-1").inventory)])
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run_to("workflow-1", "await-boot-request")
    answer = await lab.colony.netboot.boot(lab.rack.machine("asset-1").mac)
    assert isinstance(answer, BootAgent)
    await lab.colony.assets.forget("asset-1", force=True)
    await lab.colony.assets.register(replace(lab.registration(2), id="asset-1"))

    with pytest.raises(Unauthorized):
        await lab.colony.netboot.send_inventory(answer.token, lab.rack.machine("asset-1").inventory)
    assert (await lab.asset()).inventory is None
    with pytest.raises(Unauthorized):
        await lab.colony.netboot.progress(Secret("nobody's"), "hello")
    await lab.run_for(timedelta(hours=1))
    assert (await lab.asset()).inventory == lab.rack.machine("asset-2").inventory
