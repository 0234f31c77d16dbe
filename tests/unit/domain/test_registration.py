"""What is asked when a machine is registered or changed, and everything that is wrong with it at once."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus, Maintenance
from colony_core.domain.hardware import Protocol
from colony_core.domain.registration import AssetChanges, BmcChanges, Registration, changed, differing, registered
from colony_core.domain.secrets import Secret
from colony_core.domain.validation import ValidationFailed
from colony_testkit.builders import NOON, an_asset

SOUND = Registration(address="192.168.2.50")
BY_HAND = Registration(address="", protocol=Protocol.MANUAL, macs=("52:54:00:77:00:01",))


def rules(registration: Registration) -> list[tuple[str, str]]:
    """Return every rule that *registration* breaks, with its place."""
    with pytest.raises(ValidationFailed) as refused:
        registered(registration, asset_id="asset-1", now=NOON)
    return [(violation.rule, violation.path) for violation in refused.value.violations]


def test_a_machine_is_registered_with_an_address_alone() -> None:
    asset = registered(SOUND, asset_id="asset-1", now=NOON)

    assert (asset.id, asset.hostname, asset.status) == ("asset-1", "asset-1", AssetStatus.DISCOVERING)
    assert (asset.bmc.protocol, asset.bmc.address, asset.bmc.port) == (Protocol.IPMI, "192.168.2.50", 623)
    assert asset.held_by is None


def test_what_is_given_is_taken() -> None:
    asset = registered(
        Registration(
            address=" bmc-7.example.org ",
            protocol=Protocol.REDFISH,
            port=8443,
            username="admin",
            password=Secret("hunter2"),
            verify_tls=False,
            hostname="server07",
            macs=("52-54-00-77-00-01", " 52:54:00:AA:BB:CC"),
            tags={"rack": "r1"},
        ),
        asset_id="asset-7",
        now=NOON,
    )

    assert (asset.bmc.address, asset.bmc.port, asset.bmc.verify_tls) == ("bmc-7.example.org", 8443, False)
    assert asset.macs == ("52:54:00:77:00:01", "52:54:00:aa:bb:cc")
    assert (asset.hostname, asset.tags) == ("server07", {"rack": "r1"})
    assert "hunter2" not in repr(asset)


@pytest.mark.parametrize(
    ("wrong", "rule", "path"),
    [
        (replace(SOUND, address="192.168.2.300"), "address.malformed", "ipmi"),
        (replace(SOUND, address=""), "address.malformed", "ipmi"),
        (replace(SOUND, id="Asset_1"), "asset.id.invalid", "id"),
        (replace(SOUND, id="a" * 64), "asset.id.invalid", "id"),
        (replace(SOUND, id="asset-1\n"), "asset.id.invalid", "id"),
        (replace(SOUND, id=""), "asset.id.invalid", "id"),
        (replace(SOUND, hostname="not a name"), "asset.hostname.invalid", "hostname"),
        (replace(SOUND, macs=("52:54:00:77:00:01", "52:54:00")), "asset.mac.invalid", "macs[1]"),
        (replace(SOUND, macs=("01:00:5e:00:00:01",)), "asset.mac.invalid", "macs[0]"),
        (replace(SOUND, port=0), "asset.bmc.port.invalid", "bmc.port"),
        (replace(SOUND, port=65536), "asset.bmc.port.invalid", "bmc.port"),
        (replace(SOUND, tags={"a:b": "c"}), "asset.tag.invalid", "tags.a:b"),
        (replace(SOUND, tags={"a": "c" * 256}), "asset.tag.invalid", "tags.a"),
        (replace(BY_HAND, macs=()), "asset.macs.required", "macs"),
        (replace(BY_HAND, port=623), "asset.bmc.missing", "ipmi"),
        (replace(BY_HAND, address="192.168.2.50"), "asset.bmc.missing", "ipmi"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_mistake_is_one_violation_at_its_place(wrong: Registration, rule: str, path: str) -> None:
    assert rules(wrong) == [(rule, path)]


def test_all_mistakes_are_named_at_once() -> None:
    wrong = Registration(address="?", id="?", hostname="?", port=0, macs=("?",), tags={"?": ""})

    assert len(rules(wrong)) == 6


@given(
    address=st.text(max_size=30),
    hostname=st.none() | st.text(max_size=30),
    macs=st.lists(st.text(max_size=20), max_size=2).map(tuple),
)
def test_whatever_is_registered_is_taken_in_canonical_form_or_refused(
    address: str, hostname: str | None, macs: tuple[str, ...]
) -> None:
    registration = Registration(address=address, hostname=hostname, macs=macs)
    with suppress(ValidationFailed):
        asset = registered(registration, asset_id="asset-1", now=NOON)

        assert asset.bmc.address == address.strip()
        assert all(mac == mac.lower() and len(mac) == 17 for mac in asset.macs)


def test_a_change_of_nothing_changes_nothing_but_the_time() -> None:
    assert changed(an_asset(), AssetChanges(), now=NOON) == an_asset()


def test_a_change_changes_what_it_names_and_nothing_else() -> None:
    later = NOON + timedelta(hours=1)

    asset = changed(an_asset(), AssetChanges(hostname="server99", tags={"rack": "r2"}), now=later)

    assert asset == replace(an_asset(), hostname="server99", tags={"rack": "r2"}, updated_at=later)


def test_another_protocol_brings_its_own_port_unless_the_old_one_was_chosen() -> None:
    to_redfish = AssetChanges(bmc=BmcChanges(protocol=Protocol.REDFISH))
    chosen = replace(an_asset(), bmc=replace(an_asset().bmc, port=6230))

    assert changed(an_asset(), to_redfish, now=NOON).bmc.port == 443
    assert changed(chosen, to_redfish, now=NOON).bmc.port == 6230


def test_maintenance_is_set_kept_and_lifted() -> None:
    maintenance = Maintenance(reason="new fans", by="ops", until=NOON + timedelta(hours=1))

    held = changed(an_asset(), AssetChanges(maintenance=maintenance), now=NOON)

    assert held.maintenance == maintenance
    assert changed(held, AssetChanges(maintenance=UNSET), now=NOON).maintenance == maintenance
    assert changed(held, AssetChanges(maintenance=None), now=NOON).maintenance is None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (AssetChanges(hostname="not a name"), "asset.hostname.invalid"),
        (AssetChanges(tags={"": "x"}), "asset.tag.invalid"),
        (AssetChanges(bmc=BmcChanges(port=0)), "asset.bmc.port.invalid"),
        (AssetChanges(maintenance=Maintenance(reason="", by="", until=NOON)), "asset.maintenance.past"),
        (AssetChanges(bmc=BmcChanges(protocol=Protocol.MANUAL, address="192.168.2.50")), "asset.bmc.missing"),
    ],
)
def test_a_change_is_refused_for_the_same_reasons_as_a_registration(changes: AssetChanges, rule: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        changed(an_asset(), changes, now=NOON)

    assert [violation.rule for violation in refused.value.violations] == [rule]


def test_a_machine_without_a_controller_stands_under_its_own_id() -> None:
    by_hand = registered(BY_HAND, asset_id="asset-1", now=NOON)
    given_up = changed(an_asset(), AssetChanges(bmc=BmcChanges(protocol=Protocol.MANUAL)), now=NOON)

    for asset in (by_hand, given_up):
        assert (asset.bmc.protocol, asset.bmc.address, asset.bmc.port) == (Protocol.MANUAL, "asset-1", 0)
        assert asset.bmc.username == ""


def test_a_controller_is_added_with_its_address_and_not_without() -> None:
    by_hand = registered(BY_HAND, asset_id="asset-1", now=NOON)
    added = BmcChanges(protocol=Protocol.REDFISH, address=" 10.0.0.5 ", username="admin")

    assert changed(by_hand, AssetChanges(bmc=added), now=NOON).bmc.address == "10.0.0.5"
    with pytest.raises(ValidationFailed) as refused:
        changed(by_hand, AssetChanges(bmc=replace(added, address=UNSET)), now=NOON)
    (violation,) = refused.value.violations
    assert (violation.rule, violation.path) == ("asset.bmc.missing", "bmc.address")
    assert violation.message == "bmc.address is none; it must be an address"


def test_the_least_and_the_most_that_may_be_given_is_taken() -> None:
    for port in (1, 65535):
        assert registered(replace(SOUND, port=port), asset_id="asset-1", now=NOON).bmc.port == port
    tags = {"k" * 63: "v" * 255}

    assert registered(replace(SOUND, tags=tags), asset_id="asset-1", now=NOON).tags == tags
    assert [rule for rule, _ in rules(replace(SOUND, tags={"k" * 64: ""}))] == ["asset.tag.invalid"]


def test_a_protocol_is_known_once_somebody_named_it_and_other_changes_do_not_name_it() -> None:
    unknown = registered(replace(SOUND, protocol=None), asset_id="asset-1", now=NOON)

    def known(changes: BmcChanges) -> bool:
        return changed(unknown, AssetChanges(bmc=changes), now=NOON).bmc.protocol_known

    assert not unknown.bmc.protocol_known
    assert not known(BmcChanges(username="root"))
    assert known(BmcChanges(protocol=Protocol.IPMI))


def test_maintenance_that_is_over_is_named_by_its_end() -> None:
    with pytest.raises(ValidationFailed) as refused:
        changed(an_asset(), AssetChanges(maintenance=Maintenance(reason="", by="", until=NOON)), now=NOON)

    assert [violation.path for violation in refused.value.violations] == ["maintenance.until"]


def test_what_is_different_is_named_as_it_is_called_on_the_wire() -> None:
    before = an_asset()
    after = replace(
        before,
        hostname="another",
        bmc=replace(before.bmc, username="another"),
        maintenance=Maintenance(reason="a fan", by="me"),
    )

    assert differing(before, before) == ()
    assert differing(before, after) == ("hostname", "bmc.username", "maintenance")


@pytest.mark.parametrize("address", ["192.168.2.50", "fd00::5", "bmc-7.example.org"])
def test_a_controller_is_reached_at_an_address_of_either_kind_or_at_a_name(address: str) -> None:
    assert registered(Registration(address=address), asset_id="asset-1", now=NOON).bmc.address == address
