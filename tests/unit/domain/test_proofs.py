"""Whether a machine is the one that an order was made for, and what proves that an order was carried out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.hardware import Disk
from colony_core.domain.orders import DiskIdentity, Wipe, WipeMethod
from colony_core.domain.proofs import unlike, unproven
from colony_core.domain.reports import DiskErasure, InstallReceipt, WipeCertificate
from colony_testkit.builders import NOON, a_disk, an_install
from colony_testkit.topologies import an_inventory

DISKS = (DiskIdentity.of(a_disk()), DiskIdentity.of(a_disk("/dev/sda", serial="S2")))
WIPE = Wipe(method=WipeMethod.ZERO, disks=DISKS)


def certificate(*disks: DiskIdentity, method: WipeMethod = WipeMethod.ZERO, verified: bool = True) -> WipeCertificate:
    erasures = tuple(
        DiskErasure(disk=disk, method=method, bytes_erased=disk.size_bytes, verified=verified) for disk in disks
    )
    return WipeCertificate(disks=erasures, at=NOON)


def test_a_wipe_is_proven_by_a_verified_erasure_of_every_disk_whatever_the_kernel_calls_it() -> None:
    assert unproven(WIPE, certificate(*DISKS)) is None
    assert unproven(WIPE, certificate(*(replace(disk, name="/dev/other") for disk in DISKS))) is None


@pytest.mark.parametrize(
    "report",
    [
        certificate(),
        certificate(DISKS[0]),
        certificate(*DISKS, verified=False),
        certificate(*DISKS, method=WipeMethod.SIGNATURES),
        certificate(DISKS[0], replace(DISKS[1], serial="S3")),
    ],
    ids=["nothing", "one of two", "unverified", "another method", "another disk"],
)
def test_anything_less_proves_no_wipe(report: WipeCertificate) -> None:
    fault = unproven(WIPE, report)

    assert fault is not None
    assert fault.code == "WIPE_NOT_VERIFIED"


def test_an_installation_is_proven_by_a_receipt_for_the_disk_that_was_meant() -> None:
    order = an_install()
    receipt = InstallReceipt(template="ubuntu-jammy", disk=order.disk, bytes_written=1, at=NOON)

    assert unproven(order, receipt) is None
    assert unproven(order, replace(receipt, disk=replace(receipt.disk, name="/dev/other"))) is None
    wrong = unproven(order, replace(receipt, disk=DISKS[1]))
    assert wrong is not None
    assert wrong.code == "WRONG_DISK"


def test_a_report_on_another_kind_of_job_proves_nothing() -> None:
    fault = unproven(an_install(), certificate(*DISKS))

    assert fault is not None
    assert fault.code == "WRONG_REPORT"


def test_an_erasure_of_less_than_the_disk_proves_nothing_unless_only_signatures_were_to_go() -> None:
    whole = certificate(*DISKS)
    part = replace(whole, disks=(whole.disks[0], replace(whole.disks[1], bytes_erased=DISKS[1].size_bytes - 1)))
    signatures = certificate(*DISKS, method=WipeMethod.SIGNATURES)
    few = replace(signatures, disks=tuple(replace(one, bytes_erased=4096) for one in signatures.disks))

    assert unproven(WIPE, part) is not None
    assert unproven(replace(WIPE, method=WipeMethod.SIGNATURES), few) is None


def test_of_twins_each_needs_an_erasure_of_its_own() -> None:
    twin = replace(DISKS[0], name="/dev/nvme1n1")
    order = replace(WIPE, disks=(DISKS[0], twin))

    assert unproven(order, certificate(DISKS[0])) is not None
    assert unproven(order, certificate(DISKS[0], twin)) is None


# The machine that came up

FIRST, SECOND = a_disk(), a_disk("/dev/sda", serial="S2")
INSTALL = replace(an_install(), disk=DiskIdentity.of(FIRST))


def test_an_order_is_carried_out_on_a_machine_with_its_disks_whatever_the_kernel_calls_them() -> None:
    renamed = an_inventory(disks=(replace(FIRST, name="/dev/sdz"), SECOND))

    assert unlike(INSTALL, renamed) is None
    assert unlike(WIPE, renamed) is None


@pytest.mark.parametrize(
    ("disks", "code"),
    [
        ((SECOND,), "DISK_MISSING"),
        ((replace(FIRST, serial="S3"), SECOND), "DISK_MISSING"),
        ((replace(FIRST, size_bytes=FIRST.size_bytes - 1), SECOND), "DISK_MISSING"),
        ((replace(FIRST, removable=True), SECOND), "DISK_REMOVABLE"),
        ((FIRST, replace(FIRST, name="/dev/sdb"), SECOND), "DISK_AMBIGUOUS"),
        ((FIRST, replace(FIRST, name="/dev/sdb", removable=True), SECOND), "DISK_AMBIGUOUS"),
    ],
)
def test_a_disk_that_is_gone_loose_or_there_twice_stops_both_kinds_of_order(disks: tuple[Disk, ...], code: str) -> None:
    for order in (INSTALL, WIPE):
        fault = unlike(order, an_inventory(disks=disks))

        assert fault is not None
        assert fault.code == code


def test_a_fixed_disk_that_a_wipe_does_not_name_stops_it_and_no_installation() -> None:
    inventory = an_inventory(disks=(FIRST, SECOND, a_disk("/dev/sdb", serial="S3")))
    stick = an_inventory(disks=(FIRST, SECOND, replace(a_disk("/dev/sdb", serial="S3"), removable=True)))

    fault = unlike(WIPE, inventory)
    assert fault is not None
    assert fault.code == "DISK_NOT_NAMED"
    assert "S3" in fault.message
    assert unlike(INSTALL, inventory) is None
    assert unlike(WIPE, stick) is None


@given(
    found=st.lists(st.sampled_from((FIRST, SECOND, replace(FIRST, removable=True))), max_size=4).map(tuple),
    named=st.lists(st.sampled_from(DISKS), min_size=1, max_size=3).map(tuple),
)
def test_what_is_let_through_leaves_no_choice(found: tuple[Disk, ...], named: tuple[DiskIdentity, ...]) -> None:
    if unlike(Wipe(method=WipeMethod.ZERO, disks=named), an_inventory(disks=found)) is None:
        assert sorted(disk.marks for disk in named) == sorted(disk.marks for disk in found if not disk.removable)
        assert not any(disk.is_same_as(one) for disk in named for one in found if one.removable)
