"""Which disk an installation writes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.disks import DiskNotResolved, resolve_disk
from colony_core.domain.hardware import GB, GIB, Disk
from colony_testkit.topologies import a_disk, an_inventory

SMALL = a_disk("/dev/sda", serial="SMALL", size=8 * GB)
LARGE = replace(a_disk("/dev/nvme0n1", serial="LARGE"), wwn="eui.0025")
STICK = a_disk("/dev/sdb", serial="STICK", removable=True)
NAMELESS = replace(a_disk("/dev/vda", serial=""), wwn="")
LEAST = 10 * GIB


@pytest.mark.parametrize(
    "wanted", [None, "/dev/nvme0n1", LARGE.by_id, "LARGE", "eui.0025", "/dev/disk/by-id/nvme-eui.0025"]
)
def test_a_disk_answers_to_each_of_its_names_and_alone_to_none(wanted: str | None) -> None:
    inventory = an_inventory(disks=(SMALL, LARGE, STICK))

    assert resolve_disk(inventory, wanted, minimum_bytes=LEAST) is LARGE


@pytest.mark.parametrize(
    ("disks", "wanted", "rule"),
    [
        ((SMALL, LARGE), "/dev/sdz", "disk.absent"),
        ((), None, "disk.absent"),
        ((LARGE, replace(LARGE, name="/dev/nvme1n1")), "LARGE", "disk.ambiguous"),
        ((LARGE, replace(STICK, serial="LARGE")), "LARGE", "disk.ambiguous"),
        ((LARGE, a_disk("/dev/sdc", serial="OTHER")), None, "disk.ambiguous"),
        ((LARGE, replace(LARGE, name="/dev/nvme1n1")), "/dev/nvme0n1", "disk.ambiguous"),
        ((NAMELESS, replace(NAMELESS, name="/dev/vdb")), "/dev/vda", "disk.ambiguous"),
        ((LARGE, STICK), "STICK", "disk.removable"),
        ((STICK,), None, "disk.removable"),
        ((SMALL, LARGE), "SMALL", "disk.too_small"),
        ((SMALL,), None, "disk.too_small"),
    ],
)
def test_every_doubt_is_a_refusal(disks: tuple[Disk, ...], wanted: str | None, rule: str) -> None:
    with pytest.raises(DiskNotResolved) as refused:
        resolve_disk(an_inventory(disks=disks), wanted, minimum_bytes=LEAST, path="workers[0].diskDevice")

    assert [(one.rule, one.path) for one in refused.value.violations] == [(rule, "workers[0].diskDevice")]
    assert refused.value.code == "VALIDATION_FAILED"


def test_a_refusal_lists_what_there_is() -> None:
    with pytest.raises(DiskNotResolved) as refused:
        resolve_disk(an_inventory(disks=(SMALL, LARGE)), "/dev/sdz", minimum_bytes=LEAST)

    assert refused.value.details == (
        "diskDevice: found no disk that answers to '/dev/sdz' among /dev/sda (8 GB), /dev/nvme0n1 (1000 GB),"
        " but the installation needs a fixed disk"
    )


@given(
    disks=st.lists(st.sampled_from((SMALL, LARGE, STICK, replace(SMALL, name="/dev/sdd"))), max_size=5).map(tuple),
    wanted=st.none() | st.sampled_from(("/dev/sda", "SMALL", "LARGE", "STICK", "")) | st.text(),
)
def test_a_chosen_disk_is_fixed_large_enough_and_the_only_one(disks: tuple[Disk, ...], wanted: str | None) -> None:
    inventory = an_inventory(disks=disks)
    try:
        chosen = resolve_disk(inventory, wanted, minimum_bytes=LEAST)
    except DiskNotResolved:
        return

    assert chosen in disks
    assert not chosen.removable
    assert chosen.size_bytes >= LEAST
    assert wanted is None or list(inventory.disks_named(wanted)) == [chosen]
    assert [disk for disk in disks if disk.marks == chosen.marks] == [chosen]
