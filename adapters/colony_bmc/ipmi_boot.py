"""Boot flags of a controller (IPMI 2.0, section 28.13): one device for the next start, and what makes it expire."""

import asyncio

from msgspec import Struct

from colony_bmc.ipmi_device import device_of
from colony_bmc.ipmi_session import IpmiSession
from colony_bmc.quirks import Behaviour, behaves
from colony_core.domain.hardware import BootDevice, BootMode, Protocol

CHASSIS, SET_BOOT, GET_BOOT = 0x00, 0x08, 0x09
KEEP_FLAGS, BOOT_FLAGS = 0x03, 0x05
"""Parameters of the boot options: when the controller drops the flags by itself, and the flags."""

FOR_LATER = 0x08
"""Keep the boot flags although no chassis command follows within 60 s."""

VALID, BY_UEFI = 0x80, 0x20
"""Bits of the first byte of the flags. Without 0x40, which makes them last, they are for the next start alone."""

SELECTORS = {BootDevice.PXE: 0x04, BootDevice.DISK: 0x08}
"""Boot device selectors, as they stand in the second byte of the flags (table 28-14)."""

UEFI_DISK = 0x24
"""What selects the disk where `Behaviour.UEFI_DISK_BY_0X24` holds; read, it is the disk at any controller."""

FORGOTTEN_SECONDS = 900.0
"""For so long flags are set again before a start; later nobody may still mean them."""


class BootMemory(Struct, eq=False):
    """What is remembered of one controller's flags, as it tells only half of it.

    `marks` once it was seen to mark flags as valid: from then on unmarked ones are used up or expired. `fading` are
    flags that it would not keep for longer than 60 s, with the loop's time when they were set.
    """

    marks: bool = False
    fading: tuple[tuple[int, ...], float] | None = None


async def read_boot_device(session: IpmiSession, memory: BootMemory) -> BootDevice | None:
    """Return the device that the flags select, or None for any but network and disk, and for flags that are over.

    Where the controller was never seen to mark flags as valid they count all the same: some never do, and obey them.
    """
    flags = await session.demand(CHASSIS, GET_BOOT, BOOT_FLAGS, 0, 0, at_least=4, what="which boot device is set")
    valid = bool(flags[2] & VALID)
    memory.marks |= valid
    if memory.marks and not valid:
        return None
    selected = flags[3] & 0x3C
    if selected == UEFI_DISK and flags[2] & BY_UEFI:
        return BootDevice.DISK
    return next((device for device, selector in SELECTORS.items() if selected == selector), None)


async def write_boot_device(
    session: IpmiSession, device: BootDevice, *, mode: BootMode | None, memory: BootMemory
) -> None:
    """Select *device* for the next start alone, and ask that the flags be kept until it comes."""
    kept = await session.ask(CHASSIS, SET_BOOT, KEEP_FLAGS, FOR_LATER)
    by_uefi = mode is BootMode.UEFI
    selector = await _uefi_disk(session) if by_uefi and device is BootDevice.DISK else SELECTORS[device]
    flags = (VALID | (BY_UEFI if by_uefi else 0), selector, 0, 0, 0)
    await session.demand(CHASSIS, SET_BOOT, BOOT_FLAGS, *flags, what=f"the boot device {device}")
    memory.fading = (flags, asyncio.get_running_loop().time()) if kept.code else None


async def renew(session: IpmiSession, memory: BootMemory) -> None:
    """Set flags again that may have expired since: to be done right before the machine is started."""
    if memory.fading is None:
        return
    flags, since = memory.fading
    if asyncio.get_running_loop().time() - since < FORGOTTEN_SECONDS:
        await session.demand(CHASSIS, SET_BOOT, BOOT_FLAGS, *flags, what="the boot device again")
    memory.fading = None


async def _uefi_disk(session: IpmiSession) -> int:
    """Return how the maker selects the disk of a machine that boots through UEFI."""
    device = await device_of(session)
    quirky = behaves(Behaviour.UEFI_DISK_BY_0X24, Protocol.IPMI, device.maker, firmware=device.firmware)
    return UEFI_DISK if quirky else SELECTORS[BootDevice.DISK]
