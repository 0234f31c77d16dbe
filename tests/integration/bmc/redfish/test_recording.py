"""A Redfish controller that nobody here wrote is looked into, recorded, served back, and looked into again."""

import ssl
from pathlib import Path

import pytest
from msgspec.structs import replace

from colony_bmc.redfish import RedfishHardware
from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.recordings import decoded, encoded
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcRefused
from colony_testkit.recorded import RecordedTree, served
from colony_testkit.redfish_tree import Manners, RedfishTree
from colony_testkit.redfish_trees import IDRAC, ILO, LENOVO, SUPERMICRO, V1
from colony_testkit.sushy_emulator import MAC, PASSWORD, USER, UUID
from tests.integration.bmc.redfish.conftest import Authority, StartSushy, fingerprint

KEY = b"k" * 32
TREES = {"iDRAC": IDRAC, "iLO": ILO, "Supermicro": SUPERMICRO, "Lenovo": LENOVO}


async def test_the_emulator_tells_all_that_it_has(start_sushy: StartSushy, hardware: RedfishHardware) -> None:
    found = await hardware.controller(start_sushy().access).examine()

    assert found.recording is None
    findings = found.findings
    assert (findings.vendor, findings.firmware, findings.power) == ("Sushy Emulator", "1.00", Power.OFF)
    assert findings.identity.uuid == UUID
    assert set(findings.boot.targets) >= {"Pxe", "Hdd"}
    assert findings.boot.mode in {"UEFI", "Legacy"}
    assert "ForceOff" in findings.resets
    assert findings.inventory is not None
    assert [nic.mac for nic in findings.inventory.nics] == [MAC]
    assert {reading.kind for reading in findings.sensors or ()} == {"temperature", "fan"}
    assert findings.refused == ()


async def test_what_is_recorded_of_it_tells_the_same_when_it_is_served(
    start_sushy: StartSushy, hardware: RedfishHardware
) -> None:
    emulator = start_sushy()
    original = await hardware.controller(emulator.access).examine(key=KEY)
    assert original.recording is not None
    content = encoded(original.recording)

    assert not [word for word in (USER, PASSWORD, UUID, MAC) if word.encode() in content]
    async with served(decoded(content)) as access:
        again = await hardware.controller(access).examine(key=KEY)
    assert again.findings == original.recording.findings
    assert again.recording is not None
    assert [one.path for one in again.recording.redfish if one.status != 200] == []
    before, after = original.findings, again.findings
    assert replace(after, identity=before.identity, inventory=before.inventory) == before


@pytest.mark.parametrize("maker", TREES)
async def test_a_recorded_tree_tells_the_same_over_https(
    maker: str, hardware: RedfishHardware, authority: Authority
) -> None:
    chain, secret = authority.certificate()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, secret)
    async with RedfishTree(TREES[maker]) as tree:
        original = (await hardware.controller(tree.access).examine(key=KEY)).recording
    assert original is not None

    async with served(original, tls=tls) as access:
        assert await hardware.certificate(access.bmc) == fingerprint((chain, secret))
        trusted = replace(access.bmc, verify_tls=True, ca_certificate=authority.pem)
        again = await hardware.controller(Access(trusted, access.password)).examine()
    assert again.findings == original.findings


async def test_a_recording_lives_on_as_the_tree_does(hardware: RedfishHardware) -> None:
    async with RedfishTree(IDRAC) as tree:
        recording = (await hardware.controller(tree.access).examine(key=KEY)).recording
    assert recording is not None

    async with RecordedTree(recording.redfish) as tree:
        controller = hardware.controller(tree.access)
        await controller.set_boot_device(BootDevice.PXE)
        await controller.set_power(Power.OFF)

        assert await controller.power() is Power.OFF
        assert await controller.boot_device() is BootDevice.PXE


async def test_what_is_not_shown_is_noted_with_its_reason_and_recorded_so(hardware: RedfishHardware) -> None:
    manners = Manners(answers={f"GET {V1}/Systems/1/Processors": (403, {}, None)})
    async with RedfishTree(LENOVO, manners) as tree:
        found = await hardware.controller(tree.access).examine(key=KEY)

    refused = {refusal.what: refusal.why for refusal in found.findings.refused}
    assert refused[f"{V1}/Systems/1/Processors"] == "status 403: the user may not, or a licence is missing"
    assert found.findings.inventory is not None
    assert found.findings.inventory.nics
    assert found.recording is not None
    async with served(found.recording) as access:
        assert (await hardware.controller(access).examine()).findings == found.recording.findings


async def test_slashes_are_asked_for_as_they_were(hardware: RedfishHardware) -> None:
    async with RedfishTree(ILO, Manners(slash=True)) as tree:
        recording = (await hardware.controller(tree.access).examine(key=KEY)).recording
    assert recording is not None

    assert {one.status for one in recording.redfish} == {200, 308}
    async with served(recording) as access:
        assert (await hardware.controller(access).examine()).findings == recording.findings


async def test_a_refused_login_is_no_examination(start_sushy: StartSushy, hardware: RedfishHardware) -> None:
    with pytest.raises(BmcRefused):
        await hardware.controller(start_sushy().access_as("wrong")).examine(key=KEY)


async def test_a_recording_of_this_emulator_is_an_example_that_can_be_served(hardware: RedfishHardware) -> None:
    recording = decoded((Path(__file__).parents[4] / "docs/recordings/sushy-emulator.json").read_bytes())

    async with served(recording) as access:
        assert (await hardware.controller(access).examine()).findings == recording.findings
        wrong = Access(access.bmc, Secret("wrong"))
        with pytest.raises(BmcRefused):
            await hardware.controller(wrong).power()
