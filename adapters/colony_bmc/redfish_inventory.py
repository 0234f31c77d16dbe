"""What a machine is made of, as its Redfish controller tells: every maker puts the parts in other places."""

import re
from collections.abc import Iterable

from colony_bmc.redfish_answers import Document, link, number, part, parts, text
from colony_bmc.redfish_drives import read_disks
from colony_bmc.redfish_parts import collected, linked
from colony_bmc.redfish_system import RedfishSystem, identity_of
from colony_core.domain.hardware import BootMode, Cpu, Inventory, Nic

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
NO_MACS = frozenset({"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"})


async def read_inventory(system: RedfishSystem) -> Inventory:
    """Return all that the controller shows. A part that it does not show, or cannot, is left out.

    One thing is asked at a time: controllers are slow and easily overrun.
    """
    return Inventory(
        cpus=await _cpus(system),
        memory_mb=await _memory_mb(system),
        disks=await read_disks(system),
        nics=await _nics(system),
        system=identity_of(system.document),
        boot_mode=await _boot_mode(system),
    )


async def _cpus(system: RedfishSystem) -> tuple[Cpu, ...]:
    found = await collected(system.session, link(part(system.document, "Processors")))
    packages = [each for each in found if text(each, "ProcessorType") in ("", "CPU")]
    cpus = tuple(map(_cpu, packages))
    return cpus if cpus and all(cpu.cores for cpu in cpus) else _summed_up(system.document) or cpus


def _cpu(processor: Document) -> Cpu:
    cores = int(number(processor, "TotalCores"))
    model = text(processor, "Model") or text(processor, "Manufacturer")
    return Cpu(model=model, cores=cores, threads=int(number(processor, "TotalThreads")) or cores)


def _summed_up(document: Document) -> tuple[Cpu, ...]:
    """Return the packages of the summary, which are alike, if it counts cores."""
    summary = part(document, "ProcessorSummary")
    count, cores = int(number(summary, "Count")), int(number(summary, "CoreCount"))
    if not count or not cores:
        return ()
    threads = int(number(summary, "LogicalProcessorCount")) or cores
    return (Cpu(model=text(summary, "Model"), cores=cores // count, threads=threads // count),) * count


async def _memory_mb(system: RedfishSystem) -> int:
    total = number(part(system.document, "MemorySummary"), "TotalSystemMemoryGiB") * 1024
    if not total:
        modules = await collected(system.session, link(part(system.document, "Memory")))
        total = sum(number(module, "CapacityMiB") for module in modules)
    return round(total)


async def _nics(system: RedfishSystem) -> tuple[Nic, ...]:
    found = await collected(system.session, link(part(system.document, "EthernetInterfaces")))
    nics = _once_each(_nic(each) for each in found)
    return nics or _once_each(await _on_adapters(system))


async def _on_adapters(system: RedfishSystem) -> list[Nic | None]:
    """Return the interfaces that only the chassis knows."""
    found: list[Nic | None] = []
    for chassis in await linked(system.session, parts(part(system.document, "Links"), "Chassis")):
        for adapter in await collected(system.session, link(part(chassis, "NetworkAdapters"))):
            for function in await collected(system.session, link(part(adapter, "NetworkDeviceFunctions"))):
                found.append(_nic(part(function, "Ethernet"), text(function, "Id")))  # noqa: PERF401  # awaits inside
    return found


def _nic(interface: Document, name: str = "") -> Nic | None:
    for field in ("PermanentMACAddress", "MACAddress"):
        mac = text(interface, field).lower().replace("-", ":")
        if MAC.fullmatch(mac) and mac not in NO_MACS and not int(mac[:2], 16) & 1:
            return Nic(name=name or text(interface, "Id"), mac=mac, speed_mbps=int(number(interface, "SpeedMbps")))
    return None


def _once_each(nics: Iterable[Nic | None]) -> tuple[Nic, ...]:
    return tuple({nic.mac: nic for nic in nics if nic is not None}.values())


async def _boot_mode(system: RedfishSystem) -> BootMode:
    """Return the mode that the firmware's settings name, or else the boot override; UEFI if neither does."""
    bios = link(part(system.document, "Bios"))
    attributes = part((await linked(system.session, [{"@odata.id": bios}]) or [{}])[0], "Attributes") if bios else {}
    said = next((str(value) for name, value in attributes.items() if name.lower().endswith("bootmode")), "")
    said = (said or text(part(system.document, "Boot"), "BootSourceOverrideMode")).lower()
    legacy = ("legacy" in said or "bios" in said) and "uefi" not in said
    return BootMode.BIOS if legacy else BootMode.UEFI
