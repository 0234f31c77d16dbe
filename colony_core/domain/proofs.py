"""Whether a machine is the one that an order was made for, and whether its report proves that it was carried out.

Both are matters of disks, and of nothing but their marks: kernel names change from one start to the next.
"""

from collections import Counter

from colony_core.domain.hardware import Disk, Inventory
from colony_core.domain.orders import DiskIdentity, Install, Order, Wipe, WipeMethod
from colony_core.domain.reports import DiskErasure, InstallReceipt, Report, WipeCertificate
from colony_core.domain.workflows import Fault


def unlike(order: Order, inventory: Inventory) -> Fault | None:
    """Return why *order* must not be carried out on a machine that came up with *inventory*; None if it may be.

    Every disk that the order names must be there, fixed, and as often as it is named. A wipe names every fixed
    disk: one more may hold data, and the machine would be thought clean.
    """
    match order:
        case Install(disk=disk):
            return _unlike((disk,), inventory)
        case Wipe(disks=disks):
            return _unlike(disks, inventory) or _left_out(disks, inventory)
    return None


def unproven(order: Order, report: Report) -> Fault | None:
    """Return why *report* does not prove that *order* was carried out; None if it does."""
    match order, report:
        case Wipe(disks=disks, method=method), WipeCertificate():
            proven = Counter(one.disk.marks for one in report.disks if _erased(one, method))
            left = _beyond(disks, proven)
            if left:
                return Fault("WIPE_NOT_VERIFIED", f"No verified erasure was reported for: {_listed(left)}")
            return None
        case Install(disk=disk), InstallReceipt(disk=written):
            if not disk.is_same_as(written):
                return Fault("WRONG_DISK", f"Disk {written.serial} was written instead of {disk.serial}")
            return None
    return Fault("WRONG_REPORT", "The machine reported on another kind of job than it was given")


def _unlike(disks: tuple[DiskIdentity, ...], inventory: Inventory) -> Fault | None:
    found = Counter(disk.marks for disk in inventory.disks)
    missing = _beyond(disks, found)
    if missing:
        return Fault("DISK_MISSING", f"The machine no longer has: {_listed(missing)}; discover it again")
    loose = _beyond(disks, Counter(disk.marks for disk in inventory.fixed_disks))
    if loose:
        return Fault("DISK_REMOVABLE", f"The machine has it as a removable medium now: {_listed(loose)}")
    named = Counter(disk.marks for disk in disks)
    doubtful = [disk for disk in disks if found[disk.marks] > named[disk.marks]]
    if doubtful:
        sentence = f"More than one disk of the machine is this one: {_listed(doubtful)}; take the others out"
        return Fault("DISK_AMBIGUOUS", sentence)
    return None


def _left_out(disks: tuple[DiskIdentity, ...], inventory: Inventory) -> Fault | None:
    named = {disk.marks for disk in disks}
    more = [disk for disk in inventory.fixed_disks if disk.marks not in named]
    if not more:
        return None
    return Fault("DISK_NOT_NAMED", f"The machine has disks that were not known: {_listed(more)}; start a new wipe")


def _erased(one: DiskErasure, method: WipeMethod) -> bool:
    """Tell whether *one* says that the disk was read back and found erased, all of it unless only signatures were."""
    whole = method is WipeMethod.SIGNATURES or one.bytes_erased >= one.disk.size_bytes
    return one.verified and one.method is method and whole


def _beyond(disks: tuple[DiskIdentity, ...], known: Counter[tuple[str, str, str, int]]) -> list[DiskIdentity]:
    """Return those of *disks* that are named more often than *known*: of twins, each counts."""
    named: Counter[tuple[str, str, str, int]] = Counter()
    beyond = []
    for disk in disks:
        named[disk.marks] += 1
        if named[disk.marks] > known[disk.marks]:
            beyond.append(disk)
    return beyond


def _listed(disks: list[DiskIdentity] | list[Disk]) -> str:
    return ", ".join(f"{disk.model} serial {disk.serial or 'unknown'}" for disk in disks)
