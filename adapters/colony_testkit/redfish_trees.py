"""Trees of documents as controllers of several makers lay them out, cut down to what Colony reads."""

from collections.abc import Mapping
from typing import Any

from colony_testkit.redfish_tree import USER

V1 = "/redfish/v1"
RESET = "#ComputerSystem.Reset"
TYPES = "ResetType@Redfish.AllowableValues"
TARGETS = "BootSourceOverrideTarget@Redfish.AllowableValues"


def ref(path: str) -> dict[str, str]:
    """Return a reference to *path*."""
    return {"@odata.id": path}


def collection(path: str, *names: str) -> dict[str, Any]:
    """Return a collection at *path* of members called so."""
    return {"@odata.id": path, "Members": [ref(f"{path}/{name}") for name in names]}


def tree(system: str, document: dict[str, Any], *, sessions: bool = True, **others: dict[str, Any]) -> dict[str, Any]:
    """Return a whole tree around the *document* of the system called *system*."""
    root: dict[str, Any] = {"@odata.id": f"{V1}/", "Systems": ref(f"{V1}/Systems")}
    if sessions:
        root |= {
            "SessionService": ref(f"{V1}/SessionService"),
            "Links": {"Sessions": ref(f"{V1}/SessionService/Sessions")},
        }
    own = f"{V1}/Systems/{system}"
    base = {"@odata.id": own, "PowerState": "On", "Boot": {"BootSourceOverrideEnabled": "Disabled"}}
    return {V1: root, f"{V1}/Systems": collection(f"{V1}/Systems", system), own: base | document}


def cpus(system: str, *packages: dict[str, Any]) -> dict[str, Any]:
    """Return the processors of *system*."""
    path = f"{V1}/Systems/{system}/Processors"
    names = [f"CPU{place}" for place in range(len(packages))]
    return {path: collection(path, *names)} | {
        f"{path}/{name}": each for name, each in zip(names, packages, strict=True)
    }


def nics(system: str, *interfaces: dict[str, Any]) -> dict[str, Any]:
    """Return the interfaces of *system*, by their ids."""
    path = f"{V1}/Systems/{system}/EthernetInterfaces"
    return {path: collection(path, *(each["Id"] for each in interfaces))} | {
        f"{path}/{each['Id']}": each for each in interfaces
    }


def with_accounts(documents: Mapping[str, Any], *, longest: int = 20) -> dict[str, Any]:
    """Return *documents* with an account of the tree's own user, the second, and the longest password that it keeps."""
    service = f"{V1}/AccountService"
    return dict(documents) | {
        V1: documents[V1] | {"AccountService": ref(service)},
        service: {"Accounts": ref(f"{service}/Accounts"), "MaxPasswordLength": longest},
        f"{service}/Accounts": collection(f"{service}/Accounts", "1", "2"),
        f"{service}/Accounts/1": {"UserName": "guest"},
        f"{service}/Accounts/2": {"UserName": USER},
    }


def _idrac() -> dict[str, Any]:
    own = f"{V1}/Systems/System.Embedded.1"
    drives = f"{own}/Storage/Drives"
    system = {
        "Manufacturer": "Dell Inc.", "Model": "PowerEdge R650", "SKU": "7XKJ9M3", "SerialNumber": "CNIVC0012300AB",
        "UUID": "4C4C4544-0058-4B10-804A-B7C04F394D33", "SystemType": "Physical",
        "Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None",
                 "BootSourceOverrideMode": "UEFI", TARGETS: ["None", "Pxe", "Hdd", "Cd"]},
        "MemorySummary": {"TotalSystemMemoryGiB": 128},
        "Processors": ref(f"{own}/Processors"), "Storage": ref(f"{own}/Storage"), "Bios": ref(f"{own}/Bios"),
        "EthernetInterfaces": ref(f"{own}/EthernetInterfaces"),
        "Actions": {RESET: {"target": f"{own}/Actions/ComputerSystem.Reset",
                            TYPES: ["On", "ForceOff", "ForceRestart", "GracefulShutdown", "PowerCycle", "Nmi"]}},
    }  # fmt: skip
    drive = {"Name": "SSD 0", "Model": "MZ7LH960HAJR0D3", "SerialNumber": "S45NNA0N123456", "MediaType": "SSD",
             "Protocol": "SATA", "CapacityBytes": 960197124096, "Status": {"State": "Enabled"},
             "Identifiers": [{"DurableName": "5002538E10A1B2C3", "DurableNameFormat": "NAA"}]}  # fmt: skip
    return (
        tree("System.Embedded.1", system)
        | cpus("System.Embedded.1", {"Model": "Intel Xeon Gold 6338", "TotalCores": 32, "TotalThreads": 64,
                                     "ProcessorType": "CPU"},
               {"ProcessorType": "CPU", "Status": {"State": "Absent"}})
        | nics("System.Embedded.1", {"Id": "NIC.Integrated.1-1-1", "MACAddress": "B4:45:06:AA:BB:01",
                                     "SpeedMbps": 25000})
        | {
            f"{own}/Storage": collection(f"{own}/Storage", "RAID.1"),
            f"{own}/Storage/RAID.1": {"Drives": [ref(f"{drives}/0"), ref(f"{drives}/1"), ref(f"{drives}/0/")]},
            f"{drives}/0": drive,
            f"{drives}/1": {"Status": {"State": "Absent"}, "CapacityBytes": 0},
            f"{own}/Bios": {"Attributes": {"BootMode": "Uefi"}},
        }
    )  # fmt: skip


def _ilo() -> dict[str, Any]:
    own = f"{V1}/Systems/1"
    system = {
        "Manufacturer": "HPE", "Model": "ProLiant DL360 Gen10", "SerialNumber": "CZJ9230ABC",
        "UUID": "30343138-3630-5A43-4A39-323330414243",
        "Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None",
                 "BootSourceOverrideMode": "Legacy", TARGETS: ["None", "Pxe", "Hdd"]},
        "MemorySummary": {"TotalSystemMemoryGiB": 64},
        "ProcessorSummary": {"Count": 2, "Model": "Intel Xeon Silver 4210", "CoreCount": 20,
                             "LogicalProcessorCount": 40},
        "EthernetInterfaces": ref(f"{own}/EthernetInterfaces/"), "SimpleStorage": ref(f"{own}/SimpleStorage/"),
        "Links": {"Chassis": [ref(f"{V1}/Chassis/1/")]},
        "Actions": {RESET: {"target": f"{own}/Actions/ComputerSystem.Reset/",
                            TYPES: ["On", "ForceOff", "ForceRestart", "PushPowerButton"]}},
    }  # fmt: skip
    return (
        tree("1", system)
        | nics("1", {"Id": "1", "PermanentMACAddress": "9440c9-aabb01", "MACAddress": "94:40:C9:AA:BB:01"})
        | {
            f"{V1}/Chassis/1": {"Drives": ref(f"{V1}/Chassis/1/Drives")},
            f"{V1}/Chassis/1/Drives": collection(f"{V1}/Chassis/1/Drives", "0"),
            f"{V1}/Chassis/1/Drives/0": {"Model": "EG001800JWJNR", "SerialNumber": "WBN0ABCD", "MediaType": "HDD",
                                         "CapacityGB": 1800, "Protocol": "SAS"},
        }
    )  # fmt: skip


def _supermicro() -> dict[str, Any]:
    own = f"{V1}/Systems/1"
    system = {
        "Manufacturer": "Supermicro", "Model": "SYS-1029P", "SerialNumber": "S345678X9012345",
        "UUID": "00000000-0000-0000-0000-AC1F6BAABB01",
        "Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None",
                 "BootSourceOverrideMode": "UEFI"},
        "Memory": ref(f"{own}/Memory"), "Processors": ref(f"{own}/Processors"),
        "EthernetInterfaces": ref(f"{own}/EthernetInterfaces"), "SimpleStorage": ref(f"{own}/SimpleStorage"),
        "Actions": {RESET: {"target": f"{own}/Actions/ComputerSystem.Reset",
                            "@Redfish.ActionInfo": f"{own}/ResetActionInfo"}},
    }  # fmt: skip
    return (
        tree("1", system, sessions=False)
        | cpus("1", {"Model": "Intel Xeon Gold 5218", "TotalCores": "16", "TotalThreads": "32"})
        | nics("1", {"Id": "1", "MACAddress": "ac:1f:6b:aa:bb:01"}, {"Id": "2", "MACAddress": "00:00:00:00:00:00"})
        | {
            f"{own}/Memory": {"Members": [ref(f"{own}/Memory/1")], "Members@odata.nextLink": f"{own}/Memory?$skip=1"},
            f"{own}/Memory?$skip=1": {"Members": [ref(f"{own}/Memory/2"), ref(f"{own}/Memory/1/")]},
            f"{own}/Memory/1": {"CapacityMiB": 32768},
            f"{own}/Memory/2": {"CapacityMiB": 32768},
            f"{own}/SimpleStorage": collection(f"{own}/SimpleStorage", "1"),
            f"{own}/SimpleStorage/1": {"Devices": [{"Name": "SATA 0", "Model": "INTEL SSDSC2KB96",
                                                    "CapacityBytes": 960000000000}]},
            f"{own}/ResetActionInfo": {"Parameters": [{"Name": "ResetType",
                                                       "AllowableValues": ["On", "ForceOff", "PowerCycle"]}]},
        }
    )  # fmt: skip


def _lenovo() -> dict[str, Any]:
    own = f"{V1}/Systems/1"
    system = {
        "Manufacturer": "Lenovo", "Model": "ThinkSystem SR650", "SerialNumber": "J300ABCD",
        "UUID": "DF7B5EC6-1B2C-11E9-8A3B-7ED30AAABB01",
        "Boot": {"BootSourceOverrideEnabled": "Disabled", "BootSourceOverrideTarget": "None",
                 "BootSourceOverrideMode": "UEFI"},
        "MemorySummary": {"TotalSystemMemoryGiB": 96.0},
        "Processors": ref(f"{own}/Processors"), "Storage": ref(f"{own}/Storage"),
        "Links": {"Chassis": [ref(f"{V1}/Chassis/1")]},
        "Actions": {RESET: {"target": f"{own}/Actions/ComputerSystem.Reset"}},
    }  # fmt: skip
    nvme = {"Model": "SSDPE2KX010T8L", "SerialNumber": "PHLJ9131000A1P0I", "MediaType": "SSD", "Protocol": "NVMe",
            "CapacityBytes": 1000204886016,
            "Identifiers": [{"DurableName": "01000000010000005CD2E4ABCDEF0100",
                             "DurableNameFormat": "EUI"}]}  # fmt: skip
    adapters = f"{V1}/Chassis/1/NetworkAdapters"
    return (
        tree("1", system)
        | cpus("1", {"Model": "Intel Xeon Gold 6230", "TotalCores": 20, "TotalThreads": 40})
        | {
            f"{own}/Storage": collection(f"{own}/Storage", "NVMe"),
            f"{own}/Storage/NVMe": {"Drives": [ref(f"{own}/Storage/NVMe/Drives/Disk.0")]},
            f"{own}/Storage/NVMe/Drives/Disk.0": nvme,
            f"{V1}/Chassis/1": {"NetworkAdapters": ref(adapters)},
            adapters: collection(adapters, "ob-1"),
            f"{adapters}/ob-1": {"NetworkDeviceFunctions": ref(f"{adapters}/ob-1/NetworkDeviceFunctions")},
            f"{adapters}/ob-1/NetworkDeviceFunctions": collection(f"{adapters}/ob-1/NetworkDeviceFunctions", "1.0"),
            f"{adapters}/ob-1/NetworkDeviceFunctions/1.0": {
                "Id": "1.0",
                "Ethernet": {"MACAddress": "7E:D3:0A:AA:BB:01", "PermanentMACAddress": "7C:D3:0A:AA:BB:01"},
            },
        }
    )  # fmt: skip


IDRAC, ILO, SUPERMICRO, LENOVO = _idrac(), _ilo(), _supermicro(), _lenovo()
