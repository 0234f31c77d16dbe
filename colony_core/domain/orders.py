"""What exactly a run was asked to do, fixed before it begins: later changes of the world do not change an order."""

from enum import StrEnum

from msgspec import Struct

from colony_core.domain.clusters import NodeSpec
from colony_core.domain.hardware import BootDevice, Disk


class WipeMethod(StrEnum):
    """How disks are erased: file-system signatures only, zeros everywhere, or the drive's own secure erase."""

    SIGNATURES = "signatures"
    ZERO = "zero"
    SECURE_ERASE = "secure-erase"


class DiskIdentity(Struct, frozen=True, kw_only=True):
    """One disk, named so that no other can be meant."""

    name: str
    model: str
    serial: str
    wwn: str
    size_bytes: int

    @property
    def marks(self) -> tuple[str, str, str, int]:
        """Return what tells this disk from others; its kernel name does not, as it may change at every start."""
        return self.model, self.serial, self.wwn, self.size_bytes

    @classmethod
    def of(cls, disk: Disk) -> "DiskIdentity":
        """Return the identity of *disk*."""
        return cls(name=disk.name, model=disk.model, serial=disk.serial, wwn=disk.wwn, size_bytes=disk.size_bytes)

    def is_same_as(self, disk: "Disk | DiskIdentity") -> bool:
        """Tell whether *disk* is the disk that was meant; its kernel name may have changed since."""
        return self.marks == disk.marks


class StaticNetwork(Struct, frozen=True, kw_only=True):
    """The address that an installed system gives itself."""

    ip: str
    prefix: int
    gateway: str
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()


class Discovery(Struct, frozen=True, tag="discovery"):
    """Find out what the machine is made of."""


class Install(Struct, frozen=True, kw_only=True, tag="install"):
    """Write the operating system *template* to *disk*; everything on that disk is destroyed."""

    template: str
    disk: DiskIdentity
    hostname: str
    network: StaticNetwork | None = None
    ssh_public_keys: tuple[str, ...] = ()


class Wipe(Struct, frozen=True, kw_only=True, tag="wipe"):
    """Erase *disks*, and no other."""

    method: WipeMethod
    disks: tuple[DiskIdentity, ...]


class Reboot(Struct, frozen=True, kw_only=True, tag="reboot"):
    """Restart the machine, from *boot_device* if it is given."""

    boot_device: BootDevice | None = None


class Rotation(Struct, frozen=True, tag="rotation"):
    """Change the password on the machine's controller; the new one lies in the vault, and nowhere else."""


class Build(Struct, frozen=True, kw_only=True, tag="build"):
    """Make a cluster of the machines *installs*, by asset id."""

    installs: dict[str, Install]


class Grow(Struct, frozen=True, kw_only=True, tag="grow"):
    """Add the machines *installs*, by asset id, to a cluster as these nodes."""

    installs: dict[str, Install]
    control_planes: tuple[NodeSpec, ...] = ()
    workers: tuple[NodeSpec, ...] = ()


class Shrink(Struct, frozen=True, kw_only=True, tag="shrink"):
    """Take the machine *asset_id* out of a cluster."""

    asset_id: str


Order = Discovery | Install | Wipe | Reboot | Rotation | Build | Grow | Shrink
