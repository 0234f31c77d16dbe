"""What a single machine may be asked to install or to erase."""

import pytest
from msgspec.structs import replace

from colony_core.domain.hardware import GB
from colony_core.domain.orders import DiskIdentity, StaticNetwork, Wipe, WipeMethod
from colony_core.domain.provisioning import TEMPLATES, NetworkRequest, ProvisionRequest, install_order, wipe_order
from colony_core.domain.validation import ValidationFailed
from colony_testkit.builders import a_disk, an_asset, an_inventory
from colony_testkit.topologies import an_ssh_key

NETWORK = NetworkRequest(ip="192.168.1.50", subnet="24", gateway="192.168.1.1", dns="1.1.1.1, 9.9.9.9")


def rules(request: ProvisionRequest) -> set[tuple[str, str]]:
    """Return every rule that *request* breaks on the usual machine, with its place."""
    with pytest.raises(ValidationFailed) as refused:
        install_order(an_asset(), request)
    assert refused.value.violations
    return {(violation.rule, violation.path) for violation in refused.value.violations}


def test_nothing_needs_to_be_said_to_install_a_machine() -> None:
    order = install_order(an_asset(), ProvisionRequest())

    assert (order.template, order.hostname, order.network) == ("ubuntu-jammy", "server01", None)
    assert order.disk == DiskIdentity.of(a_disk())


@pytest.mark.parametrize("template", ["ubuntu-jammy", "ubuntu-noble", "debian-bookworm"])
def test_every_template_can_be_asked_for(template: str) -> None:
    assert len(TEMPLATES) == 3
    assert install_order(an_asset(), ProvisionRequest(template=template)).template == template


def test_everything_that_is_said_is_ordered_in_canonical_form() -> None:
    key = an_ssh_key()
    request = ProvisionRequest(disk_device="S1", ssh_public_keys=(f" {key}\n",), network=NETWORK)

    order = install_order(an_asset(), request)

    assert order.ssh_public_keys == (key,)
    assert order.network is not None
    assert order.network == StaticNetwork(
        ip="192.168.1.50", prefix=24, gateway="192.168.1.1", dns=("1.1.1.1", "9.9.9.9"), ntp=order.network.ntp
    )


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_disk_is_no_choice(blank: str) -> None:
    assert install_order(an_asset(), ProvisionRequest(disk_device=blank)).disk == DiskIdentity.of(a_disk())


def test_the_order_names_the_disk_for_good() -> None:
    two = (a_disk(serial="S1"), a_disk("/dev/nvme1n1", serial="S2"))

    order = install_order(an_asset(inventory=an_inventory(disks=two)), ProvisionRequest(disk_device="/dev/nvme1n1"))

    assert order.disk.serial == "S2"
    assert order.disk.is_same_as(replace(two[1], name="/dev/nvme0n1"))
    assert not order.disk.is_same_as(two[0])


@pytest.mark.parametrize(
    ("request_", "rule", "path"),
    [
        (ProvisionRequest(template="windows"), "template.unknown", "template"),
        (ProvisionRequest(disk_device="/dev/sdz"), "disk.absent", "diskDevice"),
        (ProvisionRequest(disk_device="/dev/sda1; rm"), "disk.malformed", "diskDevice"),
        (ProvisionRequest(ssh_public_keys=(an_ssh_key(), "nonsense")), "ssh_key.malformed", "sshPublicKeys[1]"),
        (ProvisionRequest(network=replace(NETWORK, ip="here")), "address.malformed", "network.ip"),
        (ProvisionRequest(network=replace(NETWORK, subnet="x")), "node.subnet.malformed", "network.subnet"),
        (ProvisionRequest(network=replace(NETWORK, dns="here")), "address.malformed", "network.dns[0]"),
        (ProvisionRequest(network=replace(NETWORK, ntp="?")), "ntp.invalid", "network.ntp[0]"),
        (ProvisionRequest(network=replace(NETWORK, gateway="there")), "address.malformed", "network.gateway"),
        (ProvisionRequest(network=replace(NETWORK, gateway="192.168.2.1")), "node.ip.outside_subnet", "network.ip"),
        (ProvisionRequest(network=replace(NETWORK, ip="192.168.1.1")), "node.ip.outside_subnet", "network.ip"),
        (ProvisionRequest(network=replace(NETWORK, ip="192.168.1.255")), "node.ip.outside_subnet", "network.ip"),
    ],
)
def test_one_mistake_is_one_violation_at_its_place(request_: ProvisionRequest, rule: str, path: str) -> None:
    assert rules(request_) == {(rule, path)}


def test_all_mistakes_are_named_at_once() -> None:
    wrong = ProvisionRequest(
        template="windows", disk_device="/dev/sdz", ssh_public_keys=("x",), network=replace(NETWORK, ip="?")
    )

    assert len(rules(wrong)) == 4


def test_a_machine_whose_inventory_is_unknown_is_discovered_first() -> None:
    for path, order in (
        ("diskDevice", lambda: install_order(an_asset(inventory=None), ProvisionRequest())),
        ("method", lambda: wipe_order(an_asset(inventory=None), WipeMethod.ZERO)),
    ):
        with pytest.raises(ValidationFailed) as refused:
            order()
        found = [(violation.rule, violation.path) for violation in refused.value.violations]
        assert found == [("asset.inventory.missing", path)]


def test_without_a_choice_exactly_one_disk_must_fit() -> None:
    small, large, larger = a_disk(size=8 * GB), a_disk("/dev/sda", serial="S2"), a_disk("/dev/sdb", serial="S3")
    one_fits = an_asset(inventory=an_inventory(disks=(small, large)))
    two_fit = an_asset(inventory=an_inventory(disks=(small, large, larger)))

    assert install_order(one_fits, ProvisionRequest()).disk.serial == "S2"
    with pytest.raises(ValidationFailed) as refused:
        install_order(two_fit, ProvisionRequest())
    assert [violation.rule for violation in refused.value.violations] == ["disk.ambiguous"]


def test_a_wipe_is_of_every_fixed_disk_and_of_no_stick() -> None:
    disks = (a_disk(), a_disk("/dev/sda", serial="S2"), a_disk("/dev/sdb", serial="USB", removable=True))

    order = wipe_order(an_asset(inventory=an_inventory(disks=disks)), WipeMethod.SECURE_ERASE)

    assert order == Wipe(method=WipeMethod.SECURE_ERASE, disks=tuple(map(DiskIdentity.of, disks[:2])))


def test_a_key_that_is_merely_short_is_taken() -> None:
    short, weak = an_ssh_key("ssh-rsa", bits=2048), an_ssh_key("ssh-rsa", bits=1024)

    assert install_order(an_asset(), ProvisionRequest(ssh_public_keys=(short,))).ssh_public_keys == (short,)
    assert rules(ProvisionRequest(ssh_public_keys=(short, weak))) == {("ssh_key.weak", "sshPublicKeys[1]")}


def test_a_disk_of_10_gigabytes_is_large_enough() -> None:
    def ordered(size: int) -> DiskIdentity:
        inventory = an_inventory(disks=(a_disk(size=size),))
        return install_order(an_asset(inventory=inventory), ProvisionRequest()).disk

    assert ordered(10 * GB).size_bytes == 10 * GB
    with pytest.raises(ValidationFailed):
        ordered(10 * GB - 1)
