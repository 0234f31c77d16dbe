"""What a list would change."""

from typing import Any

from colony_console.machine_rows import Row, Unusable, row_of_view
from colony_console.upserting import intended
from colony_core import Secret


def known(number: int = 1, serial: str = "", **differences: Any) -> dict[str, Any]:
    """Return an asset as the API shows it."""
    address = f"192.168.2.{49 + number}"
    bmc = {"protocol": "ipmi", "address": address, "port": 623, "username": "admin", "verifyTls": True}
    bmc |= {"tlsFingerprint": "", "caCertificate": "", "protocolKnown": True}
    return {
        "id": f"asset-{number}",
        "hostname": f"server{number:02}",
        "ipmi": address,
        "bmc": bmc,
        "inventory": {"system": {"serial": serial}} if serial else None,
        "macs": [],
        "tags": {},
    } | differences


def test_a_machine_that_nobody_knows_is_to_be_registered_with_what_the_row_says() -> None:
    row = Row(
        line=2, address="192.168.2.50", username="admin", password=Secret("x"), insecure=True, tags={"rack": "r1"}
    )

    (intent,) = intended([row], [])

    bmc = {"username": "admin", "password": "x", "verifyTls": False}
    assert intent.creates
    assert intent.body == {"ipmi": "192.168.2.50", "bmc": bmc, "tags": {"rack": "r1"}}


def test_a_known_machine_is_changed_only_in_what_differs_and_keeps_what_is_not_said() -> None:
    row = Row(line=2, address="192.168.2.50", hostname="web", username="admin", macs=("a",), tags={"rack": "r1"})
    asset = known(1, macs=["b"], tags={"owner": "me"})

    (intent,) = intended([row], [asset])

    assert (intent.asset_id, intent.fields) == ("asset-1", ("hostname", "tags", "macs"))
    assert intent.body == {"hostname": "web", "tags": {"owner": "me", "rack": "r1"}, "macs": ["b", "a"]}


def test_an_exported_machine_is_unchanged() -> None:
    assets = [known(1, "SN1", tags={"rack": "r1"}, macs=["52:54:00:77:00:01"]), known(2)]

    intents = intended([row_of_view(asset) for asset in assets], assets)

    assert [(intent.asset_id, intent.body, intent.why) for intent in intents] == [
        ("asset-1", {}, ""),
        ("asset-2", {}, ""),
    ]


def test_a_machine_whose_controller_moved_is_known_by_its_serial_number() -> None:
    (intent,) = intended([Row(line=2, address="192.168.9.9", serial="sn1")], [known(1, "SN1")])

    assert (intent.asset_id, intent.body) == ("asset-1", {"bmc": {"address": "192.168.9.9"}})


def test_a_serial_number_that_makers_forget_to_write_tells_no_machine_from_another() -> None:
    (intent,) = intended([Row(line=2, address="192.168.9.9", serial="Default string")], [known(1, "Default string")])

    assert intent.creates


def test_the_address_goes_before_the_serial_number_whatever_the_order_of_rows() -> None:
    moved = Row(line=2, address="192.168.9.9", serial="SN1")
    same = Row(line=3, address="192.168.2.50")

    first, second = intended([moved, same], [known(1, "SN1")])

    assert first.why == "it repeats the machine of line 3: leave one of them out"
    assert (second.asset_id, second.why) == ("asset-1", "")


def test_of_rows_that_repeat_each_other_the_first_counts() -> None:
    first, second = intended([Row(line=2, address="fe80::1"), Row(line=3, address="FE80:0::1")], [])

    assert first.creates
    assert second.why == "it repeats the machine of line 2: leave one of them out"


def test_several_machines_at_one_address_are_told_apart_by_the_port() -> None:
    bmc = known(1)["bmc"]
    assets = [known(1), known(2, bmc=bmc | {"port": 6230})]

    doubtful, clear = intended(
        [Row(line=2, address="192.168.2.50"), Row(line=3, address="192.168.2.50", port=6230)], assets
    )

    assert doubtful.why == "several machines have this address (asset-1, asset-2): name the port"
    assert clear.asset_id == "asset-2"


def test_what_cannot_be_read_keeps_its_line_and_its_reason() -> None:
    (intent,) = intended([Unusable(7, "too short")], [])

    assert (intent.line, intent.why) == (7, "too short")


def test_a_password_is_always_to_be_sent_as_nobody_can_compare_it_here() -> None:
    (intent,) = intended([Row(line=2, address="192.168.2.50", password=Secret("x"))], [known(1)])

    assert (intent.fields, intent.body) == (("bmc.password",), {"bmc": {"password": "x"}})


def test_the_one_way_to_trust_a_controller_takes_the_place_of_the_other() -> None:
    pinned = known(1, bmc=known(1)["bmc"] | {"caCertificate": "an authority"})

    (intent,) = intended([Row(line=2, address="192.168.2.50", tls_fingerprint="ab" * 32)], [pinned])
    (silent,) = intended([Row(line=2, address="192.168.2.50")], [pinned])

    assert intent.body == {"bmc": {"tlsFingerprint": "ab" * 32, "caCertificate": ""}}
    assert silent.body == {}, "what a row does not say stays"
