"""Facts about steel: power, boot devices, management controllers and what a machine is made of."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

GIB = 1024**3
"""Bytes in a gibibyte: memory is counted in these."""

GB = 1000**3
"""Bytes in a gigabyte: disks are sold in these."""


class Power(StrEnum):
    """Whether the machine has power, as its controller says."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class BootDevice(StrEnum):
    """Where the firmware looks first when the machine next starts."""

    PXE = "pxe"
    DISK = "disk"


class BootMode(StrEnum):
    """Which firmware interface the machine boots through."""

    BIOS = "bios"
    UEFI = "uefi"


class Protocol(StrEnum):
    """How a management controller is spoken to."""

    IPMI = "ipmi"
    REDFISH = "redfish"
    MANUAL = "manual"

    @property
    def default_port(self) -> int:
        """Return the port that the protocol's standard registers: 623 (UDP) for IPMI, 443 for Redfish; 0 for none."""
        return {Protocol.IPMI: 623, Protocol.REDFISH: 443, Protocol.MANUAL: 0}[self]


class DiskKind(StrEnum):
    """What a disk is made of."""

    HDD = "hdd"
    SSD = "ssd"
    NVME = "nvme"


class SensorKind(StrEnum):
    """What a sensor measures."""

    TEMPERATURE = "temperature"
    FAN = "fan"
    POWER = "power"


class SensorUnit(StrEnum):
    """What a sensor's value counts: degrees Celsius, turns a minute, hundredths of full speed, watts."""

    CELSIUS = "C"
    RPM = "rpm"
    PERCENT = "percent"
    WATT = "W"


class SensorReading(Struct, frozen=True, kw_only=True):
    """One sensor at one moment, under the name that the maker gave it; `value` is in `unit`."""

    name: str
    kind: SensorKind
    value: float
    unit: SensorUnit


class Bmc(Struct, frozen=True, kw_only=True):
    """Where a machine's management controller is found. The password is kept elsewhere, sealed.

    A manual machine has none: its `address` is the asset's own id and its `port` is 0, which no other machine's are.

    `ca_certificate` (PEM) is what its certificate must be signed by, `tls_fingerprint` (SHA-256, lower-case hex) what
    it must be; each empty unless given. Neither counts with `verify_tls` off. Without `protocol_known` nobody said
    how it is spoken to: `protocol` is a guess until the controller was asked.
    """

    protocol: Protocol
    address: str
    port: int
    username: str
    verify_tls: bool = True
    ca_certificate: str = ""
    tls_fingerprint: str = ""
    protocol_known: bool = True


class PowerReading(Struct, frozen=True):
    """A power state and when it was read: old news is not present state."""

    power: Power
    at: datetime


class Cpu(Struct, frozen=True, kw_only=True):
    """One processor package; `cores` and `threads` are counts of this package alone."""

    model: str
    cores: int
    threads: int


class Disk(Struct, frozen=True, kw_only=True):
    """One block device; `name` is its kernel path (`/dev/sda`), `size_bytes` its raw size."""

    name: str
    model: str
    serial: str
    wwn: str
    size_bytes: int
    kind: DiskKind
    removable: bool = False

    @property
    def by_id(self) -> str:
        """Return the stable path udev gives the disk: `/dev/disk/by-id/<bus>-<model>_<serial>`."""
        bus = "nvme" if self.kind is DiskKind.NVME else "ata"
        return f"/dev/disk/by-id/{bus}-{self.model.replace(' ', '_')}_{self.serial}"

    @property
    def marks(self) -> tuple[str, str, str, int]:
        """Return what tells this disk from others wherever it is plugged in: model, serial, WWN and size."""
        return self.model, self.serial, self.wwn, self.size_bytes

    def answers_to(self, wanted: str) -> bool:
        """Tell whether *wanted* names this disk by path, by-id path (by model and serial, or by WWN), serial or WWN."""
        by_wwn = {f"/dev/disk/by-id/{bus}-{self.wwn}" for bus in ("wwn", "nvme") if self.wwn}
        return wanted in {self.name, self.by_id, self.serial, self.wwn, *by_wwn} - {""}


class Nic(Struct, frozen=True, kw_only=True):
    """One network interface; `mac` is lower case with colons."""

    name: str
    mac: str
    speed_mbps: int


class System(Struct, frozen=True, kw_only=True):
    """What the maker says of the machine (DMI or FRU)."""

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    uuid: str = ""


class Inventory(Struct, frozen=True, kw_only=True):
    """What a machine is made of, as seen by an agent that ran on it or by its controller."""

    cpus: tuple[Cpu, ...]
    memory_mb: int
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    system: System = field(default_factory=System)
    boot_mode: BootMode = BootMode.UEFI

    @property
    def cores(self) -> int:
        """Return the physical cores of all packages."""
        return sum(cpu.cores for cpu in self.cpus)

    @property
    def memory_gib(self) -> float:
        """Return the memory in gibibytes."""
        return self.memory_mb / 1024

    @property
    def fixed_disks(self) -> tuple[Disk, ...]:
        """Return the disks that an installation may use: those that cannot be pulled out."""
        return tuple(disk for disk in self.disks if not disk.removable)

    def disks_named(self, wanted: str) -> Iterator[Disk]:
        """Yield every disk that *wanted* names."""
        return (disk for disk in self.disks if disk.answers_to(wanted))


def is_whole(inventory: Inventory) -> bool:
    """Tell whether an inventory has all that work on the machine needs: processors, memory, a disk that can be told
    from others by its serial number, and an interface with its address.
    """
    return (
        bool(inventory.cpus)
        and all(cpu.cores > 0 for cpu in inventory.cpus)
        and inventory.memory_mb > 0
        and any(disk.serial and disk.size_bytes > 0 for disk in inventory.fixed_disks)
        and any(nic.mac for nic in inventory.nics)
    )


def named_as(inventory: Inventory, before: Inventory | None) -> Inventory:
    """Return *inventory* with the kernel's names of disks and interfaces that an earlier one knew."""
    if before is None:
        return inventory
    disks = {disk.serial: disk.name for disk in before.disks if disk.serial}
    nics = {nic.mac.lower(): nic.name for nic in before.nics}
    return replace(
        inventory,
        disks=tuple(replace(disk, name=disk.name or disks.get(disk.serial, "")) for disk in inventory.disks),
        nics=tuple(replace(nic, name=nics.get(nic.mac.lower(), nic.name)) for nic in inventory.nics),
    )


class Specs(Struct, frozen=True):
    """An inventory as people read it: `Intel Xeon`, `64GB`, `1TB NVMe`."""

    cpu: str
    ram: str
    disk: str


def specs(inventory: Inventory | None) -> Specs | None:
    """Return *inventory* in words, or None while nothing is known."""
    if inventory is None:
        return None
    models = list(dict.fromkeys(cpu.model for cpu in inventory.cpus))
    packages = f"{len(inventory.cpus)}x " if len(inventory.cpus) > 1 else ""
    return Specs(
        cpu=packages + ", ".join(models),
        ram=f"{round(inventory.memory_mb / 1024)}GB",
        disk=" + ".join(_group(disks) for disks in _alike(inventory.fixed_disks)),
    )


def _alike(disks: tuple[Disk, ...]) -> list[list[Disk]]:
    groups: dict[str, list[Disk]] = {}
    for disk in disks:
        groups.setdefault(_disk_in_words(disk), []).append(disk)
    return list(groups.values())


def _group(disks: list[Disk]) -> str:
    count = f"{len(disks)}x " if len(disks) > 1 else ""
    return count + _disk_in_words(disks[0])


def _disk_in_words(disk: Disk) -> str:
    kind = {DiskKind.HDD: "HDD", DiskKind.SSD: "SSD", DiskKind.NVME: "NVMe"}[disk.kind]
    terabytes = disk.size_bytes / (1000 * GB)
    size = f"{round(terabytes, 1):g}TB" if terabytes >= 0.95 else f"{round(disk.size_bytes / GB)}GB"
    return f"{size} {kind}"
