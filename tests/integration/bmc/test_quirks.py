"""The table of quirks: its rules, its page, and each row against a controller that has it."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_bmc.quirks import QUIRKS, Behaviour, Quirk, numbers, quirks_of, table
from colony_bmc.redfish import RedfishHardware
from colony_core.domain.hardware import BootDevice, BootMode, Protocol
from colony_testkit.ipmi_scripted import scripted_bmc
from colony_testkit.redfish_tree import RedfishTree
from colony_testkit.redfish_trees import IDRAC, LENOVO, SUPERMICRO

DOCS = Path(__file__).parents[3] / "docs" / "quirks.md"
ROW = Quirk(
    behaviour=Behaviour.SAY_BOOT_MODE, protocol=Protocol.REDFISH, vendor="Acme", model="R7", since="1.9", until="2.10",
    why="An example.", sources=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "model", "firmware", "fits"),
    [
        ("ACME Inc.", "R740", "1.9", True),
        ("acme", "r7", "2.10.0", False),
        ("Acme", "R7", "2.10", True),
        ("Acme", "R7", "1.8.9", False),
        ("Acme", "R7", "1.10", True),
        ("Acme", "R7", "", False),
        ("Acme", "X1", "2.0", False),
        ("Emca", "R7", "2.0", False),
    ],
)
def test_a_row_fits_by_vendor_model_and_firmware(vendor: str, model: str, firmware: str, *, fits: bool) -> None:
    assert ROW.fits(Protocol.REDFISH, vendor, model, firmware) is fits
    assert not ROW.fits(Protocol.IPMI, vendor, model, firmware)


def test_versions_are_compared_as_numbers() -> None:
    assert numbers("iDRAC 6.10.30.00") > numbers("6.9")


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: f"{quirk.vendor} {quirk.behaviour}")
def test_every_row_is_stated_by_somebody_who_can_be_read(quirk: Quirk) -> None:
    assert quirk.sources
    assert all(source.startswith("https://github.com/") for source in quirk.sources)


def test_the_page_shows_the_table() -> None:
    assert table() in DOCS.read_text()


async def supermicro_names_the_mode() -> None:
    async with RedfishTree(SUPERMICRO) as tree:
        hardware = RedfishHardware(deadline=10)
        await hardware.controller(tree.access).set_boot_device(BootDevice.PXE)
        await hardware.aclose()

        assert tree.bodies("PATCH")[0]["Boot"]["BootSourceOverrideMode"] == "UEFI"


async def dell_keeps_its_serial_under_sku() -> None:
    serials = []
    for documents in (IDRAC, LENOVO):
        async with RedfishTree(documents) as tree:
            tree.system["SKU"] = "the-sku"
            hardware = RedfishHardware(deadline=10)
            serials.append((await hardware.controller(tree.access).identity()).serial)
            await hardware.aclose()

    assert serials == ["the-sku", LENOVO["/redfish/v1/Systems/1"]["SerialNumber"]]


async def supermicro_selects_the_disk_by_0x24() -> None:
    assert await _selector(maker=10876, mode=BootMode.UEFI) == 0x24
    assert await _selector(maker=10876, mode=BootMode.BIOS) == 0x08
    assert await _selector(maker=674, mode=BootMode.UEFI) == 0x08


async def _selector(*, maker: int, mode: BootMode) -> int:
    """Return what selects the disk at a controller of that maker, which reads back as the disk."""
    async with scripted_bmc() as bmc:
        kept: list[bytes] = []
        device = bytes([0x20, 1, 9, 8, 2, 0x9F]) + maker.to_bytes(3, "little") + bytes(2)

        def keep(data: bytes) -> tuple[int, bytes]:
            if data[0] == 5:
                kept.append(data)
            return 0, b""

        bmc.commands |= {
            (6, 1): lambda _: (0, device),
            (0, 8): keep,
            (0, 9): lambda _: (0, b"\x01" + kept[-1]),
        }
        hardware = IpmiHardware(deadline=10)
        controller = hardware.controller(bmc.access)
        await controller.set_boot_device(BootDevice.DISK, mode=mode)
        assert await controller.boot_device() is BootDevice.DISK
        await hardware.aclose()
        return kept[-1][2]


HELD: dict[Behaviour, Callable[[], Coroutine[Any, Any, None]]] = {
    Behaviour.SAY_BOOT_MODE: supermicro_names_the_mode,
    Behaviour.SERIAL_IS_SKU: dell_keeps_its_serial_under_sku,
    Behaviour.UEFI_DISK_BY_0X24: supermicro_selects_the_disk_by_0x24,
}


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: f"{quirk.vendor} {quirk.behaviour}")
async def test_every_row_is_what_the_adapter_does(quirk: Quirk) -> None:
    assert quirk in quirks_of(quirk.protocol, quirk.vendor)
    await HELD[quirk.behaviour]()
