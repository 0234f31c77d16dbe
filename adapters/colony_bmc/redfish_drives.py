"""The drives of a machine: under `Storage`, `SimpleStorage` or the chassis, as the maker likes."""

from collections.abc import Iterable

from colony_bmc.redfish_answers import Document, link, number, part, parts, text
from colony_bmc.redfish_parts import collected, is_there, linked
from colony_bmc.redfish_system import RedfishSystem
from colony_core.domain.hardware import Disk, DiskKind

SIZES = {"CapacityBytes": 1, "CapacityMiB": 1024**2, "CapacityGB": 1000**3}
"""What the size of a drive is called, and in which unit it is then."""

WWN_PREFIXES = {"NAA": "0x", "EUI": "eui."}
"""How the kernel writes the names of a drive that are unique in the world."""


async def read_disks(system: RedfishSystem) -> tuple[Disk, ...]:
    """Return the drives, each once; those that only `SimpleStorage` shows have no serial numbers."""
    drives = await _under_storage(system) or await _in_chassis(system) or await _simple(system)
    return _once_each(filter(None, map(_disk, drives)))


async def _under_storage(system: RedfishSystem) -> list[Document]:
    controllers = await collected(system.session, link(part(system.document, "Storage")))
    drives: list[Document] = []
    for controller in controllers:
        drives += await linked(system.session, parts(controller, "Drives"))
    return drives


async def _in_chassis(system: RedfishSystem) -> list[Document]:
    drives: list[Document] = []
    for chassis in await linked(system.session, parts(part(system.document, "Links"), "Chassis")):
        listed = await collected(system.session, link(part(chassis, "Drives")))
        drives += listed or await linked(system.session, parts(part(chassis, "Links"), "Drives"))
    return drives


async def _simple(system: RedfishSystem) -> list[Document]:
    controllers = await collected(system.session, link(part(system.document, "SimpleStorage")))
    return [device for controller in controllers for device in parts(controller, "Devices") if is_there(device)]


def _disk(drive: Document) -> Disk | None:
    size = next((int(number(drive, name) * unit) for name, unit in SIZES.items() if number(drive, name)), 0)
    if not size:
        return None
    return Disk(
        name="",
        model=text(drive, "Model"),
        serial=text(drive, "SerialNumber"),
        wwn=_wwn(drive),
        size_bytes=size,
        kind=_kind(drive),
        removable=text(drive, "Protocol") in ("USB", "SD", "eMMC"),
    )


def _kind(drive: Document) -> DiskKind:
    if "nvme" in text(drive, "Protocol").lower():
        return DiskKind.NVME
    return DiskKind.SSD if text(drive, "MediaType") == "SSD" else DiskKind.HDD


def _wwn(drive: Document) -> str:
    for identifier in parts(drive, "Identifiers"):
        prefix = WWN_PREFIXES.get(text(identifier, "DurableNameFormat"))
        name = text(identifier, "DurableName").lower().removeprefix("0x").removeprefix("naa.").removeprefix("eui.")
        name = name.replace(":", "").replace("-", "")
        if prefix and name:
            return prefix + name
    return ""


def _once_each(disks: Iterable[Disk]) -> tuple[Disk, ...]:
    """Return the disks without those that two controllers list; without a serial number none can be told apart."""
    found: dict[object, Disk] = {}
    for place, disk in enumerate(disks):
        found.setdefault((disk.model, disk.serial) if disk.serial else place, disk)
    return tuple(found.values())
