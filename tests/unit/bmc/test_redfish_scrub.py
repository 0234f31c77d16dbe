"""Nothing in a recording tells whose machine it was, wherever the controller has put it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from colony_bmc.redfish_answers import Answer
from colony_bmc.redfish_examination import Seen
from colony_bmc.redfish_scrub import recorded
from colony_bmc.redfish_system import identity_of
from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.recordings import Recording, encoded
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_testkit.redfish_trees import IDRAC, ILO, LENOVO, SUPERMICRO

KEY = b"k" * 32
PATH = "/redfish/v1/Systems/1"


class Planted(Struct, frozen=True):
    """What a machine is known by, and what only its owner may know."""

    serial: str
    tag: str
    mac: str
    uuid: str
    wwn: str
    address: str
    host: str
    user: str
    session: str
    password: str
    token: str

    @property
    def all(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__struct_fields__}


NOBODY = Planted("", "", "", "", "", "10.0.0.5", "", "root", "", "calvin", "")


def like(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


PLANTED = st.builds(
    Planted,
    serial=like(r"[A-Z]{3}[0-9]{7}"),
    tag=like(r"TAG-[0-9]{6}"),
    mac=like(r"[048c]{2}(:[0-9a-f]{2}){2}(:[0-9a-f][0-9]){3}").filter(lambda mac: len(set(mac)) > 2),
    uuid=st.uuids(version=4).map(str),
    wwn=like(r"5[0-9A-F]{13}[A-F][0-9]"),
    address=like(r"10\.[1-9][0-9]\.1[0-9]{2}\.2[0-4][0-9]"),
    host=like(r"[a-z]{5}-[0-9]{3}"),
    user=like(r"ops[a-z]{4}[0-9]{2}"),
    session=like(r"[a-z]{4}[0-9]{8}"),
    password=like(r"hunter-[A-Za-z0-9!#]{8}"),
    token=like(r"t0ken-[A-Za-z0-9]{12}"),
)

WAYS: list[Callable[[str], Any]] = [
    lambda it: it,
    lambda it: f"of {it}, and more",
    lambda it: f"{it}",
    lambda it: [it, {"Name": it}],
    lambda it: {"Value": f"({it})"},
    lambda it: {f"Oem {it} 1": "a key"},
    str.upper,
    str.lower,
]
PLACES = st.lists(
    st.tuples(st.sampled_from(Planted.__struct_fields__), st.sampled_from(WAYS), st.integers(0, 10**6)), max_size=12
)


def document(planted: Planted, places: list[tuple[str, Callable[[str], Any], int]]) -> dict[str, Any]:
    """Return a system that tells everything in the field for it, and again at *places*."""
    named = {
        "SerialNumber": planted.serial,
        "AssetTag": planted.tag,
        "UUID": planted.uuid.upper(),
        "HostName": planted.host,
        "Ethernet": {
            "MACAddress": planted.mac,
            "IPv4Addresses": [{"Address": planted.address, "SubnetMask": "255.0.0.0"}],
        },
        "Identifiers": [{"DurableName": planted.wwn, "DurableNameFormat": "NAA"}],
        "Sessions": {"@odata.id": f"/redfish/v1/SessionService/Sessions/{planted.session}"},
        "Url": f"https://{planted.user}:{planted.password}@{planted.host}/x",
        "Token": planted.token,
        "Passwords": {"Administrator": planted.password, "Length": 8},
    }
    exact = {"password", "token"}  # another case of it is another one
    again = {
        f"Field{number}": (way if name not in exact or way not in (str.upper, str.lower) else WAYS[0])(
            planted.all[name]
        )
        for name, way, number in places
    }
    return named | {"Again": again}


def recording(planted: Planted, body: dict[str, Any], path: str = PATH) -> Recording:
    bmc = Bmc(protocol=Protocol.REDFISH, address=planted.address, port=443, username=planted.user)
    seen = Seen()
    location = f"https://{planted.address}/redfish/v1/SessionService/Sessions/{planted.session}"
    cookie = {"set-cookie": planted.token, "x-auth-token": planted.token}
    headers = {"etag": f'"{planted.serial}"', "location": location} | cookie
    seen.note(path, Answer(200, headers, body))
    findings = Findings(protocol=Protocol.REDFISH, identity=identity_of(body))
    return recorded(findings, seen, Access(bmc, Secret(planted.password)), key=KEY)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [shape(each) for each in value.values()]
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


@given(planted=PLANTED, places=PLACES)
def test_nothing_that_was_planted_is_in_the_file(
    planted: Planted, places: list[tuple[str, Callable[[str], Any], int]]
) -> None:
    body = document(planted, places)
    made = recording(planted, body, f"{PATH}/{planted.uuid}?only={planted.serial}")

    text = encoded(made).decode().lower()
    for name, value in planted.all.items():
        assert not re.search(rf"(?<![\d.]){re.escape(value.lower())}(?![\d.])", text), name
    assert planted.mac.replace(":", "") not in text
    assert shape(made.redfish[0].body) == shape(body)


@given(planted=PLANTED)
def test_the_same_is_replaced_by_the_same_everywhere(planted: Planted) -> None:
    body = document(planted, [("serial", WAYS[1], 1), ("mac", str.upper, 2), ("wwn", str.lower, 3)])
    made = recording(planted, body).redfish[0].body

    assert made["Again"]["Field1"] == f"of {made['SerialNumber']}, and more"
    assert made["Again"]["Field2"] == made["Ethernet"]["MACAddress"].upper()
    assert made["Again"]["Field3"] == made["Identifiers"][0]["DurableName"].lower()
    assert recording(planted, body).findings.identity == identity_of(made)


def test_what_says_which_kind_of_machine_it_is_stays() -> None:
    body = {
        "Manufacturer": "Dell Inc.", "Model": "PowerEdge R650", "BiosVersion": "1.6.5.2",
        "FirmwareVersion": "7.10.30.5", "PartNumber": "0CNC7JA00",
        "SerialNumber": "To Be Filled By O.E.M.", "AssetTag": "", "SKU": "None",
        "PowerState": "On", "Passwords": {"MinPasswordLength": 8}, "SubnetMask": "255.255.252.0",
        "@odata.type": "#ComputerSystem.v1_13_0.ComputerSystem", "@odata.context": "https://redfish.dmtf.org/x",
        "DateTime": "2026-11-27T00:27:53+00:00", "CapacityBytes": "899527000000",
        "Boot": {"BootSourceOverrideTarget": "None"},
    }  # fmt: skip

    assert recording(NOBODY, body).redfish[0].body == body


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("key: -----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----", "key: [removed]"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMq", "[removed]"),
        ("by Basic cm9vdDpjYWx2aW4=", "by [removed]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N", "[removed]"),
        ("0a" * 70, "[removed]"),
        ("Basic Sensors", "Basic Sensors"),
    ],
)
def test_keys_and_tokens_are_known_by_their_form(told: str, left: str) -> None:
    assert recording(NOBODY, {"Description": told}).redfish[0].body == {"Description": left}


@pytest.mark.parametrize(
    "field",
    ["ChassisSerial", "NodeID", "NTPServers", "DNSServer1", "SMTPServerAddress", "Info", "SystemHostName", "TargetWWN",
     "EmbeddedUUID", "FQDN", "ServiceTag", "ChassisServiceTag", "UserName"],
)  # fmt: skip
def test_a_field_that_identifies_by_its_name_is_replaced(field: str) -> None:
    made = recording(NOBODY, {field: "knowable", "Name": "of knowable"}).redfish[0].body

    assert made[field] != "knowable"
    assert made["Name"] == f"of {made[field]}"


@pytest.mark.parametrize(
    "field", ["SerialConsole", "SerialInterfaces", "Model", "PartNumber", "BiosVersion", "Domain0", "Server"]
)
def test_a_field_that_says_what_a_machine_is_stays_unless_it_names_a_server(field: str) -> None:
    stays = field != "Server"

    assert (recording(NOBODY, {field: "knowable"}).redfish[0].body[field] == "knowable") is stays


def test_a_serial_number_that_looks_like_a_mac_address_keeps_nothing_and_an_interface_its_maker() -> None:
    body = {"SerialNumber": "9440C9AABB01", "Nic": {"MACAddress": "5254009ABB02"}, "Id": "5254009ABB02"}
    made = recording(NOBODY, body).redfish[0].body

    assert made["SerialNumber"][:6] != "9440C9"
    assert made["Nic"]["MACAddress"][:6] == "525400"
    assert made["Id"] == made["Nic"]["MACAddress"] != "5254009ABB02"


def test_a_number_that_identifies_is_a_number_still_and_a_secret_one_is_none() -> None:
    body = {"ExpressServiceCode": 16920451, "Pin": 4711, "Passcode": 12}
    made = recording(NOBODY, body).redfish[0].body

    assert isinstance(made["ExpressServiceCode"], int)
    assert made["ExpressServiceCode"] != 16920451
    assert (made["Pin"], made["Passcode"]) == (None, None)


def test_the_trees_of_all_makers_keep_their_links() -> None:
    for tree in (IDRAC, ILO, LENOVO, SUPERMICRO):
        seen = Seen()
        for path, body in tree.items():
            seen.note(path, Answer(200, {}, body))
        bmc = Bmc(protocol=Protocol.REDFISH, address="10.0.0.5", port=443, username="root")
        made = recorded(Findings(protocol=Protocol.REDFISH), seen, Access(bmc, Secret("calvin")), key=KEY)

        paths = {one.path for one in made.redfish}
        before = {link for link in links(list(tree.values())) if link in tree}
        after = {link for link in links([one.body for one in made.redfish]) if link in paths}
        assert len(after) == len(before) > 3


def links(value: Any) -> set[str]:
    return set(re.findall(r'"@odata.id": "([^"]+)"', json.dumps(value)))
