"""What a run leaves behind: proof of what was done to which disk."""

from datetime import datetime

from msgspec import Struct

from colony_core.domain.orders import DiskIdentity, WipeMethod


class DiskErasure(Struct, frozen=True, kw_only=True):
    """How one disk was erased. `verified` says that what the method erases was read back and found empty; that were
    `bytes_verified` (0: the agent does not say).
    """

    disk: DiskIdentity
    method: WipeMethod
    bytes_erased: int
    verified: bool
    bytes_verified: int = 0


class WipeCertificate(Struct, frozen=True, kw_only=True, tag="wipe"):
    """What was erased, disk by disk."""

    disks: tuple[DiskErasure, ...]
    at: datetime


class InstallReceipt(Struct, frozen=True, kw_only=True, tag="install"):
    """What was installed, and where."""

    template: str
    disk: DiskIdentity
    bytes_written: int
    at: datetime


Report = WipeCertificate | InstallReceipt
