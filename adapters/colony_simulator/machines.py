"""Machines: what they are made of, and what is true of them now."""

from datetime import datetime
from ipaddress import IPv4Address
from uuid import NAMESPACE_DNS, uuid5

from msgspec import Struct, field

from colony_core.domain.hardware import (
    GB,
    Bmc,
    BootDevice,
    Cpu,
    Disk,
    DiskKind,
    Inventory,
    Nic,
    Power,
    Protocol,
    SensorReading,
    System,
)
from colony_core.domain.secrets import Secret
from colony_simulator.activities import Activity, Off, PoweringOn
from colony_simulator.disks import Installation, SimulatedDisk
from colony_simulator.faults import Scripted

USERNAME = "admin"
PASSWORD = Secret("simulated")
"""What the controllers of reference machines take for credentials."""

FIRST_ADDRESS = IPv4Address("192.168.2.50")
FIRST_MAC = 0x525400_000000


class RecordedSensors(Struct, frozen=True):
    """What the sensors of a machine showed when it was recorded, and whether it had power then."""

    power: Power
    readings: tuple[SensorReading, ...]


class Machine(Struct, kw_only=True, eq=False):
    """One simulated machine.

    `name`, `hostname`, `inventory`, `bmc` and `password` say what it is. The rest is its state: what it is busy with
    until `due` (None: until its power changes), the one-time boot device, how often it booted, since when its
    installed system is up, which disks this boot does not find. `order` counts its activities, `draws` how often chance
    was asked. `sensors` are those of the machine that it was made like, if it was.
    """

    name: str
    hostname: str
    inventory: Inventory
    bmc: Bmc
    password: Secret
    disks: list[SimulatedDisk]
    activity: Activity = field(default_factory=Off)
    due: datetime | None = None
    order: int = 0
    override: BootDevice | None = None
    boots: int = 0
    up_since: datetime | None = None
    missing: tuple[str, ...] = ()
    renamed: bool = False
    faults: list[Scripted] = field(default_factory=list)
    draws: int = 0
    sensors: RecordedSensors | None = None

    @property
    def power(self) -> Power:
        """Return whether the machine really has power, whatever its controller says."""
        return Power.OFF if isinstance(self.activity, Off | PoweringOn) else Power.ON

    @property
    def mac(self) -> str:
        """Return the address of the interface that boots."""
        return self.inventory.nics[0].mac

    @property
    def found_disks(self) -> list[SimulatedDisk]:
        """Return the disks that this boot finds."""
        return [disk for disk in self.disks if disk.identity.serial not in self.missing]

    @property
    def installation(self) -> Installation | None:
        """Return the system that this boot finds on its first bootable disk."""
        return next((disk.installation for disk in self.found_disks if disk.installation is not None), None)


def reference_machine(number: int, *, disks: int = 1, stick: bool = False) -> Machine:
    """Return machine `asset-<number>` as the API reference shows the first: off, with empty disks.

    With a *stick* a removable medium, as large as a disk, is plugged in beside them.

    Controllers count up from 192.168.2.50, MAC addresses (two to a machine) from 52:54:00:00:00:02.
    """
    inventory = _inventory(number, disks, stick=stick)
    bmc = Bmc(
        protocol=Protocol.IPMI,
        address=str(FIRST_ADDRESS + number - 1),
        port=Protocol.IPMI.default_port,
        username=USERNAME,
    )
    return Machine(
        name=f"asset-{number}",
        hostname=f"server{number:02d}",
        inventory=inventory,
        bmc=bmc,
        password=PASSWORD,
        disks=[SimulatedDisk(identity=disk) for disk in inventory.disks],
    )


def _inventory(number: int, disks: int, *, stick: bool) -> Inventory:
    serial = f"SIM{number:06d}"
    return Inventory(
        cpus=(Cpu(model="Intel Xeon", cores=16, threads=32),),
        memory_mb=65536,
        disks=(*(_disk(number, place) for place in range(disks)), *((_stick(number),) if stick else ())),
        nics=tuple(
            Nic(name=f"eno{port + 1}", mac=_mac(FIRST_MAC + 2 * number + port), speed_mbps=10_000) for port in (0, 1)
        ),
        system=System(
            manufacturer="Simulated Rack", model="R1", serial=serial, uuid=str(uuid5(NAMESPACE_DNS, serial.lower()))
        ),
    )


def _disk(number: int, place: int) -> Disk:
    return Disk(
        name=f"/dev/nvme{place}n1",
        model="Simulated NVMe 1TB",
        serial=f"NV{number:06d}{place:02d}",
        wwn=f"eui.{0x5254_0000_0000_0000 + number * 256 + place:016x}",
        size_bytes=1000 * GB,
        kind=DiskKind.NVME,
    )


def _stick(number: int) -> Disk:
    return Disk(
        name="/dev/sda",
        model="Simulated USB stick",
        serial=f"US{number:06d}",
        wwn="",
        size_bytes=1000 * GB,
        kind=DiskKind.SSD,
        removable=True,
    )


def _mac(number: int) -> str:
    digits = f"{number:012x}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
