"""What machines may ask and say, and whose word counts."""

import pytest
from msgspec.structs import replace

from colony_core.domain.hardware import Inventory
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import RunStatus
from colony_core.errors import Unauthorized
from colony_core.ports.netboot import AskAgain, BootAgent, BootLocalDisk
from colony_core.ports.persistence import Paging
from colony_testkit.lab import Lab, provisioning


async def a_waiting_machine() -> tuple[Lab, Secret]:
    """Return a lab whose machine is to be installed and has asked for its boot script, and its token."""
    lab = Lab()
    run_id = await provisioning(lab)
    await lab.run_to(run_id, "await-boot-request")
    answer = await lab.colony.netboot.boot(lab.rack.machine("asset-1").mac)
    assert isinstance(answer, BootAgent)
    await lab.colony.runner.settle()
    return lab, answer.token


def inventory_of(lab: Lab) -> Inventory:
    return lab.rack.machine("asset-1").inventory


async def test_a_machine_that_nobody_works_on_boots_its_own_disk() -> None:
    lab = Lab()
    await lab.enrol()

    assert await lab.colony.netboot.boot(lab.rack.machine("asset-1").mac) == BootLocalDisk()
    assert await lab.colony.netboot.boot("52:54:00:ff:ff:ff") == BootLocalDisk()


@pytest.mark.parametrize("upper", [False, True])
async def test_a_machine_is_known_by_its_mac_or_its_uuid_in_any_case(upper: bool) -> None:  # noqa: FBT001
    lab = Lab()
    await provisioning(lab)
    uuid, mac = inventory_of(lab).system.uuid, lab.rack.machine("asset-1").mac

    by_mac = await lab.colony.netboot.boot(mac.upper() if upper else mac)
    by_uuid = await lab.colony.netboot.boot("52:54:00:ff:ff:ff", uuid=uuid.upper() if upper else uuid)

    assert isinstance(by_mac, BootAgent)
    assert isinstance(by_uuid, BootAgent)


async def test_every_boot_gets_a_token_of_its_own_and_the_one_before_opens_nothing() -> None:
    lab, first = await a_waiting_machine()
    second = await lab.colony.netboot.boot(lab.rack.machine("asset-1").mac)
    assert isinstance(second, BootAgent)

    with pytest.raises(Unauthorized):
        await lab.colony.netboot.job(first)

    assert await lab.colony.netboot.job(second.token) == AskAgain(5)


async def test_a_token_opens_nothing_once_its_workflow_is_over() -> None:
    lab, token = await a_waiting_machine()
    await lab.colony.workflows.cancel("workflow-1")
    await lab.run()
    desk = lab.colony.netboot

    for call in (
        desk.job(token),
        desk.send_inventory(token, inventory_of(lab)),
        desk.progress(token, "hello"),
        desk.failed(token, "no"),
        desk.booted(token),
    ):
        with pytest.raises(Unauthorized):
            await call


async def test_nothing_is_kept_of_a_token_but_its_hash() -> None:
    lab, token = await a_waiting_machine()

    assert token.reveal() not in repr(await lab.workflows())
    assert token.reveal() not in repr((await lab.colony.workflows.logs("workflow-1", Paging(limit=1000))).items)


async def test_the_agent_gets_its_job_once_its_inventory_is_known() -> None:
    lab, token = await a_waiting_machine()
    assert await lab.colony.netboot.job(token) == AskAgain(5)

    await lab.colony.netboot.send_inventory(token, inventory_of(lab))
    await lab.colony.runner.settle()

    assert await lab.colony.netboot.job(token) == (await lab.workflow()).order


async def test_a_machine_that_has_lost_the_disk_that_was_meant_is_left_alone() -> None:
    lab, token = await a_waiting_machine()

    await lab.colony.netboot.send_inventory(token, replace(inventory_of(lab), disks=()))
    await lab.run()

    run = await lab.workflow()
    assert run.status is RunStatus.FAILED
    assert run.error is not None
    assert run.error.code == "DISK_MISSING"


async def test_what_the_machine_tells_is_in_the_log_and_cut_to_a_length() -> None:
    lab, token = await a_waiting_machine()

    await lab.colony.netboot.progress(token, "x" * 5000)

    entries = (await lab.colony.workflows.logs("workflow-1", Paging(limit=1000))).items
    assert [len(entry.message) for entry in entries if entry.message.startswith("xx")] == [2000]
