"""Machines made like one that was recorded: its maker, parts, power and sensors, and serial numbers of its shape."""

from collections.abc import Sequence
from itertools import count as numbers_from

from msgspec.structs import replace

from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Bmc, Disk, DiskKind, Inventory, Nic, Power, System
from colony_core.domain.pseudonyms import Pseudonyms
from colony_core.domain.recordings import Recording
from colony_simulator.activities import Hung, Off
from colony_simulator.disks import SimulatedDisk
from colony_simulator.machines import Machine, RecordedSensors, reference_machine

OUI = 6
"""The digits of a MAC address that name the maker of the interface: copies keep them."""

PREFIXES = ("0x", "eui.")
"""How names of disks begin that are unique in the world."""


def recorded_machines(recordings: Sequence[Recording], count: int) -> list[Machine]:
    """Return machines like those of *recordings*, in turn until there are *count*.

    The first of each is numbered as its recording says; every further one has numbers of its own, of the same shape.
    """
    return [
        recorded_machine(place + 1, recordings[place % len(recordings)], copy=place // len(recordings))
        for place in range(count)
    ]


def recorded_machine(number: int, recording: Recording, *, copy: int = 0) -> Machine:
    """Return machine `asset-<number>` as *recording* found it; what that does not tell is as in reference machines."""
    machine, findings = reference_machine(number), recording.findings
    inventory = _numbered(_inventory(findings, machine.inventory), copy)
    machine.inventory = inventory
    machine.disks = [SimulatedDisk(identity=disk) for disk in inventory.disks]
    machine.bmc = _reached(machine.bmc, findings)
    if findings.power is Power.ON:
        machine.activity = Hung("it was on when it was recorded")
    if findings.sensors is not None:
        power = Power.OFF if isinstance(machine.activity, Off) else Power.ON
        machine.sensors = RecordedSensors(power, findings.sensors)
    return machine


def _reached(bmc: Bmc, findings: Findings) -> Bmc:
    return replace(bmc, protocol=findings.protocol, port=findings.protocol.default_port)


def _inventory(findings: Findings, otherwise: Inventory) -> Inventory:
    """Return the parts that were found; those that were not are taken from another machine, as it has to boot."""
    found = findings.inventory or replace(otherwise, cpus=(), memory_mb=0, disks=(), nics=())
    return Inventory(
        cpus=found.cpus or otherwise.cpus,
        memory_mb=found.memory_mb or otherwise.memory_mb,
        disks=_named(found.disks) or otherwise.disks,
        nics=found.nics or otherwise.nics,
        system=findings.identity,
        boot_mode=found.boot_mode,
    )


def _named(disks: tuple[Disk, ...]) -> tuple[Disk, ...]:
    """Return the disks with kernel names, which no controller knows."""
    nvme, others = numbers_from(), map(chr, numbers_from(ord("a")))
    return tuple(
        replace(disk, name=f"/dev/nvme{next(nvme)}n1" if disk.kind is DiskKind.NVME else f"/dev/sd{next(others)}")
        for disk in disks
    )


def _numbered(inventory: Inventory, copy: int) -> Inventory:
    if not copy:
        return inventory
    names, system = Pseudonyms(copy.to_bytes(8, "big")), inventory.system
    return replace(
        inventory,
        disks=tuple(_another_disk(disk, names) for disk in inventory.disks),
        nics=tuple(_another_nic(nic, names) for nic in inventory.nics),
        system=System(
            manufacturer=system.manufacturer,
            model=system.model,
            serial=names.name(system.serial),
            uuid=names.name(system.uuid),
        ),
    )


def _another_disk(disk: Disk, names: Pseudonyms) -> Disk:
    prefix = next((prefix for prefix in PREFIXES if disk.wwn.startswith(prefix)), "")
    return replace(disk, serial=names.name(disk.serial), wwn=prefix + names.name(disk.wwn.removeprefix(prefix)))


def _another_nic(nic: Nic, names: Pseudonyms) -> Nic:
    mac = names.name(nic.mac, keep=OUI)
    return replace(nic, name=nic.name.replace(nic.mac, mac), mac=mac)
