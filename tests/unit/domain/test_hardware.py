"""What machines are made of, and how people read it."""

import pytest
from msgspec.structs import replace

from colony_core.domain.findings import Findings
from colony_core.domain.hardware import (
    GB,
    GIB,
    Bmc,
    BootMode,
    Cpu,
    DiskKind,
    Inventory,
    Power,
    Protocol,
    Specs,
    System,
    is_whole,
    named_as,
    specs,
)
from colony_testkit.builders import a_disk, an_inventory


def test_the_references_machine_is_displayed_as_the_reference_shows_it() -> None:
    assert specs(an_inventory()) == Specs(cpu="Intel Xeon", ram="64GB", disk="1TB NVMe")


def test_nothing_is_displayed_of_a_machine_that_nothing_is_known_of() -> None:
    assert specs(None) is None


@pytest.mark.parametrize(
    ("size", "kind", "words"),
    [
        (1000 * GB, DiskKind.NVME, "1TB NVMe"),
        (960 * GB, DiskKind.SSD, "1TB SSD"),
        (480 * GB, DiskKind.SSD, "480GB SSD"),
        (1_920_383_410_176, DiskKind.NVME, "1.9TB NVMe"),
        (12_000 * GB, DiskKind.HDD, "12TB HDD"),
        (15_360 * GB, DiskKind.NVME, "15.4TB NVMe"),
        (122_880 * GB, DiskKind.NVME, "122.9TB NVMe"),
    ],
)
def test_a_disk_is_displayed_by_the_size_that_it_is_sold_with(size: int, kind: DiskKind, words: str) -> None:
    shown = specs(an_inventory(disks=(a_disk(size=size, kind=kind),)))

    assert shown is not None
    assert shown.disk == words


def test_equal_disks_are_counted_and_unequal_ones_listed_and_removable_ones_left_out() -> None:
    disks = (
        a_disk(serial="S1"),
        a_disk("/dev/sda", serial="S2", size=480 * GB, kind=DiskKind.SSD),
        a_disk("/dev/nvme1n1", serial="S3"),
        a_disk("/dev/sdb", serial="USB", size=8 * GB, removable=True),
    )

    shown = specs(an_inventory(disks=disks))

    assert shown is not None
    assert shown.disk == "2x 1TB NVMe + 480GB SSD"


def test_equal_processors_are_counted() -> None:
    cpu = Cpu(model="Intel Xeon", cores=8, threads=16)
    inventory = replace(an_inventory(), cpus=(cpu, cpu))

    shown = specs(inventory)

    assert shown is not None
    assert shown.cpu == "2x Intel Xeon"
    assert (inventory.cores, inventory.memory_gib) == (16, 64.0)


def test_a_disk_answers_to_its_path_its_by_id_path_its_serial_and_its_wwn() -> None:
    disk = a_disk(serial="S1")
    inventory = an_inventory(disks=(disk, a_disk("/dev/nvme1n1", serial="S2")))

    for name in ("/dev/nvme0n1", "/dev/disk/by-id/nvme-A_Disk_S1", "S1", "eui.S1"):
        assert list(inventory.disks_named(name)) == [disk]
    assert list(inventory.disks_named("S3")) == []


def test_a_disk_without_serial_and_wwn_does_not_answer_to_nothing() -> None:
    nameless = replace(a_disk(), serial="", wwn="")

    assert not nameless.answers_to("")


def test_installations_may_use_what_cannot_be_pulled_out() -> None:
    fixed, stick = a_disk(), a_disk("/dev/sdb", serial="USB", removable=True)

    assert an_inventory(disks=(fixed, stick)).fixed_disks == (fixed,)


def test_protocols_know_the_ports_that_are_registered_for_them() -> None:
    assert [protocol.default_port for protocol in (Protocol.IPMI, Protocol.REDFISH)] == [623, 443]


def test_a_disk_without_a_wwn_answers_to_none() -> None:
    disk = replace(a_disk(serial="S1"), wwn="")

    assert disk.answers_to("S1")
    assert not any(map(disk.answers_to, ("", "/dev/disk/by-id/wwn-", "/dev/disk/by-id/nvme-")))
    assert a_disk(serial="S1").answers_to("/dev/disk/by-id/nvme-eui.S1")
    assert a_disk(serial="S1").answers_to("/dev/disk/by-id/wwn-eui.S1")


def test_a_protocol_has_the_port_that_is_registered_for_it_and_none_has_none() -> None:
    assert [(protocol, protocol.default_port) for protocol in Protocol] == [
        (Protocol.IPMI, 623),
        (Protocol.REDFISH, 443),
        (Protocol.MANUAL, 0),
    ]


def test_a_disk_has_the_stable_path_that_udev_gives_it() -> None:
    assert a_disk(serial="S1").by_id == "/dev/disk/by-id/nvme-A_Disk_S1"
    assert a_disk(serial="S1", kind=DiskKind.SSD).by_id == "/dev/disk/by-id/ata-A_Disk_S1"
    assert a_disk(serial="S1", kind=DiskKind.HDD).by_id == "/dev/disk/by-id/ata-A_Disk_S1"


def test_a_disk_keeps_the_name_it_is_told_with_and_gets_a_known_one_otherwise() -> None:
    told = an_inventory(disks=(a_disk("/dev/sda", serial="S1"), a_disk("", serial="S2"), a_disk("", serial="S3")))
    before = an_inventory(disks=(a_disk("/dev/sdx", serial="S1"), a_disk("/dev/sdb", serial="S2")))

    assert [disk.name for disk in named_as(told, before).disks] == ["/dev/sda", "/dev/sdb", ""]
    assert named_as(told, None) == told


def test_a_disk_without_a_serial_number_gets_no_other_disks_name() -> None:
    before = an_inventory(disks=(a_disk("/dev/sda", serial=""),))
    told = an_inventory(disks=(a_disk("", serial=""),))

    assert [disk.name for disk in named_as(told, before).disks] == [""]


def test_an_inventory_is_whole_with_a_disk_of_some_size_that_can_be_told_from_others() -> None:
    assert is_whole(an_inventory())
    assert is_whole(replace(an_inventory(), cpus=(Cpu(model="", cores=1, threads=1),)))
    assert not is_whole(an_inventory(disks=(a_disk(size=0),)))
    assert not is_whole(an_inventory(disks=(a_disk(serial=""),)))
    assert not is_whole(replace(an_inventory(), memory_mb=0))
    assert not is_whole(replace(an_inventory(), cpus=()))
    assert not is_whole(replace(an_inventory(), cpus=(*an_inventory().cpus, Cpu(model="", cores=0, threads=0))))
    assert not is_whole(replace(an_inventory(), nics=()))


def test_what_nobody_has_said_is_what_it_was_before_it_could_be_said() -> None:
    told = Inventory(cpus=(), memory_mb=0, disks=(), nics=())

    assert (told.boot_mode, told.system) == (BootMode.UEFI, System())
    assert Findings(protocol=Protocol.IPMI).power is Power.UNKNOWN
    reach = Bmc(protocol=Protocol.IPMI, address="10.0.0.5", port=623, username="")
    assert (reach.verify_tls, reach.protocol_known) == (True, True)


def test_an_interface_keeps_the_kernels_name_for_it() -> None:
    (nic,) = an_inventory().nics
    told = replace(an_inventory(), nics=(replace(nic, name="NIC.1", mac=nic.mac.upper()), replace(nic, mac="02:00")))

    assert [one.name for one in named_as(told, an_inventory()).nics] == [nic.name, nic.name]
    other = replace(nic, name="eno9", mac="02:00")
    assert [one.name for one in named_as(told, replace(an_inventory(), nics=(nic, other))).nics] == [nic.name, "eno9"]


def test_memory_is_counted_in_powers_of_two_and_disks_are_sold_in_powers_of_ten() -> None:
    assert (GIB, GB) == (2**30, 10**9)
