"""A machine whose protocol nobody named is asked for it by its discovery."""

from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.hardware import Protocol
from colony_core.domain.workflows import RunStatus
from colony_core.ports.persistence import EntryFilter
from colony_simulator.faults import Silent
from colony_testkit.lab import Lab


async def said(lab: Lab) -> list[str]:
    async with lab.store.reading() as look:
        entries = await look.journal.after(0, 1000, EntryFilter())
    return [entry.message for entry in entries if "controller is spoken to by" in entry.message]


def speaking_redfish(lab: Lab) -> None:
    machine = lab.rack.machine("asset-1")
    machine.bmc = replace(machine.bmc, protocol=Protocol.REDFISH, port=443)
    lab.rack.add(machine)


async def test_a_machine_that_speaks_ipmi_alone_is_spoken_to_by_ipmi() -> None:
    lab = Lab(1)

    asset = await lab.colony.assets.register(replace(lab.registration(1), protocol=None))
    assert not asset.bmc.protocol_known
    await lab.run()

    after = await lab.colony.assets.get("asset-1")
    assert (after.bmc.protocol, after.bmc.port, after.bmc.protocol_known) == (Protocol.IPMI, 623, True)
    assert after.status is AssetStatus.AVAILABLE
    [told] = await said(lab)
    assert "ipmi at port 623: it speaks IPMI 2.0" in told


async def test_of_both_redfish_is_taken_and_the_journal_says_why() -> None:
    lab = Lab(1)
    speaking_redfish(lab)

    await lab.colony.assets.register(replace(lab.registration(1), protocol=None))
    await lab.run()

    after = await lab.colony.assets.get("asset-1")
    assert (after.bmc.protocol, after.bmc.port) == (Protocol.REDFISH, 443)
    assert after.status is AssetStatus.AVAILABLE
    [told] = await said(lab)
    assert "Redfish is preferred" in told


async def test_a_machine_that_nobody_answers_for_is_registered_and_told_what_was_tried() -> None:
    lab = Lab(1)
    lab.rack.fault("asset-1", Silent())

    await lab.colony.assets.register(replace(lab.registration(1), protocol=None))
    await lab.run()

    after = await lab.colony.assets.get("asset-1")
    assert after.status is AssetStatus.DISCOVERING
    assert not after.bmc.protocol_known
    assert after.last_error is not None
    assert after.last_error.code == "BMC_UNREACHABLE"
    assert "redfish at port 443: no answer; ipmi at port 623: no answer" in after.last_error.message


async def test_what_was_found_out_outlives_a_login_that_is_refused() -> None:
    lab = Lab(1)
    speaking_redfish(lab)
    wrong = replace(lab.registration(1), protocol=None, username="nobody")

    await lab.colony.assets.register(wrong)
    await lab.run()

    after = await lab.colony.assets.get("asset-1")
    assert after.last_error is not None
    assert after.last_error.code == "BMC_REFUSED"
    assert (after.bmc.protocol, after.bmc.protocol_known) == (Protocol.REDFISH, True)


async def test_a_controller_that_another_asset_has_is_not_taken_from_it() -> None:
    lab = Lab(1)
    speaking_redfish(lab)
    known = replace(lab.registration(1), protocol=Protocol.REDFISH, port=443)
    await lab.colony.assets.register(known)
    await lab.run()

    again = await lab.colony.assets.register(replace(lab.registration(1), id="asset-twin", protocol=None))
    await lab.run()

    twin = await lab.colony.assets.get(again.id)
    assert twin.last_error is not None
    assert twin.last_error.code == "BMC_TAKEN"
    assert "asset-1" in twin.last_error.message
    async with lab.store.reading() as look:
        assert (await look.runs.get(str(again.held_by))).status is RunStatus.FAILED


async def test_a_named_protocol_is_not_asked_for() -> None:
    lab = Lab(1)
    speaking_redfish(lab)

    await lab.colony.assets.register(replace(lab.registration(1), protocol=Protocol.IPMI, port=623))
    await lab.run()

    assert (await lab.colony.assets.get("asset-1")).bmc.protocol is Protocol.IPMI
    assert await said(lab) == []
