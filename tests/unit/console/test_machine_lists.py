"""Lists of machines: three documented forms to read, two forms to write, and everything that can be wrong with one."""

import base64
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_console.failures import BadInput
from colony_console.machine_csv import read_csv, write_csv
from colony_console.machine_rows import Row, Unusable, row_of_asset, row_of_view
from colony_console.machine_yaml import read_yaml, write_yaml
from colony_console.upserting import intended
from colony_core import Asset, Registration, Secret
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.registration import registered
from colony_http.shapes_asset_requests import RegisterAsset
from colony_http.shapes_assets import AssetView
from colony_testkit.builders import NOON

DOCUMENTED = """\
hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot
server01,192.168.2.50,admin,s3cret,fra1,r3,12
"""


def only(text: str, read: Any = read_csv) -> Row:
    (row,) = read(text, "list")
    assert isinstance(row, Row), row
    return row


def why(text: str, read: Any = read_csv) -> str:
    (row,) = read(text, "list")
    assert isinstance(row, Unusable), row
    return row.why


def test_the_form_with_places_makes_tags_of_them() -> None:
    assert only(DOCUMENTED) == Row(
        line=2,
        hostname="server01",
        address="192.168.2.50",
        username="admin",
        password=Secret("s3cret"),
        tags={"datacenter": "fra1", "rack": "r3", "slot": "12"},
    )


def test_a_list_without_a_header_is_address_user_and_password() -> None:
    assert only("192.168.2.50, admin, s3cret\n") == Row(
        line=1, address="192.168.2.50", username="admin", password=Secret("s3cret")
    )


def test_the_form_with_hardware_ids_makes_ids_of_them_and_insecure_says_that_tls_is_not_verified() -> None:
    row = only("hardware-id,ip,user,password,insecure\nHW-7,192.168.2.50,admin,s3cret,yes\n")

    assert (row.id, row.insecure) == ("hw-7", True)


def test_what_editors_and_spreadsheets_leave_behind_is_no_harm() -> None:
    text = '# racks 1 to 3\r\n\r\nip,user,password,,\r\n,,,,\r\n192.168.2.50,admin,"a ""b"", #c",,\r\n # the end\r\n'

    assert only(text) == Row(line=5, address="192.168.2.50", username="admin", password=Secret('a "b", #c'))


def test_a_password_may_hold_a_line_break_and_what_looks_like_a_comment_and_lines_are_counted_on() -> None:
    text = 'ip,user,password\n192.168.2.50,admin,"a\n# b\n"\n192.168.2.51,admin,x\n'

    first, second = read_csv(text, "list")

    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.line, first.password, second.line) == (2, Secret("a\n# b\n"), 5)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("192.168.2.50,admin", "2 cells where there are 3 columns"),
        ("192.168.2.50,admin,a,b", "4 cells where there are 3 columns"),
        ("192.168.2.500,admin,pa55word", "an address or a DNS name"),
        (",admin,pa55word", "no address"),
    ],
)
def test_a_row_that_is_wrong_is_the_only_one_that_is_refused(cells: str, told: str) -> None:
    wrong, right = read_csv(f"ip,user,password\n{cells}\n192.168.2.51,admin,x\n", "list")

    assert isinstance(wrong, Unusable)
    assert wrong.line == 2
    assert told in wrong.why
    assert "pa55word" not in wrong.why
    assert isinstance(right, Row)


@pytest.mark.parametrize(
    ("header", "value", "told"),
    [
        ("port", "many", "port is 'many'"),
        ("port", "70000", "from 1 to 65535"),
        ("insecure", "perhaps", "true (TLS is not verified) or false"),
        ("protocol", "telnet", "one of ipmi, redfish"),
        ("tags", "rack", "rack=r1&slot=7"),
        ("macs", "52:54", "52:54:00:77:00:01"),
        ("id", "a_b", "lower-case letters"),
        ("hostname", "-", "DNS name"),
    ],
)
def test_a_cell_that_is_wrong_is_told_with_what_would_be_right(header: str, value: str, told: str) -> None:
    assert told in why(f"ip,{header}\n192.168.2.50,{value}\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no machine"),
        ("# nothing\n\n", "names no machine"),
        ("ip,user,colour\n", "line 1: nothing is known of a column called 'colour'"),
        ("ip,address\n", "line 1: two columns stand for one thing"),
        ("name,user,pw\n", "line 1 is neither a header nor does it begin with an address"),
        ("192.168.2.50,admin\n", "line 1: a list without a header has three columns"),
        ("host;ip;user\n", "line 1: the columns are separated by semicolons"),
        ('ip,user\n\n192.168.2.50,"admin\n', "line 3: unexpected end of data; a quote that is not closed?"),
        ("ip,user\n" + "x" * 200_000 + "\n", "line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole_and_names_the_line(text: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_csv(text, "list")

    assert told in refused.value.message


def test_yaml_takes_every_value_as_it_is_written() -> None:
    text = "machines:\n- ip: 192.168.2.50\n  user: yes\n  password: 0123\n  insecure: false\n  tags: {rack: 07}\n"

    assert only(text, read_yaml) == Row(
        line=2, address="192.168.2.50", username="yes", password=Secret("0123"), insecure=False, tags={"rack": "07"}
    )


def test_yaml_may_be_the_list_alone_and_a_null_says_nothing() -> None:
    row = only("- {ip: 192.168.2.50, hostname: ~, macs: [52-54-00-77-00-01]}\n", read_yaml)

    assert (row.hostname, row.macs) == (None, ("52:54:00:77:00:01",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a [x]\nmachines: [*a]\n", "line 1: anchors and aliases are not read"),
        ("machines: " + "[" * 2000 + "]" * 2000, "nested too deeply"),
        ("machines: []\n", "names no machine"),
        ("machines: 7\n", "not a list of machines"),
        ("- a: [\n", "not YAML"),
        ("- ip: 1\n--- \n- ip: 2\n", "more than one document"),
        ("\x00", "not YAML"),
    ],
)
def test_yaml_that_is_no_list_is_refused_as_a_whole(text: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_yaml(text, "list")

    assert told in refused.value.message


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{ip: 192.168.2.50, colour: red}", "nothing is known of a key called 'colour'"),
        ("{ip: 192.168.2.50, address: 192.168.2.51}", "two keys stand for one thing"),
        ("{ip: [192.168.2.50]}", "address must be one word"),
        ("{ip: 192.168.2.50, tags: {a: 1, a: 2}}", "a tag is given twice"),
        ("{ip: 192.168.2.50, tags: {a: {b: c}}}", "nested too deeply"),
        ("{ip: 192.168.2.50, tags: [a]}", "tags must be a mapping"),
        ("192.168.2.50", "not a mapping"),
    ],
)
def test_an_entry_that_is_wrong_is_told_with_its_line(entry: str, told: str) -> None:
    wrong, right = read_yaml(f"machines:\n- {entry}\n- ip: 192.168.2.51\n", "list")

    assert isinstance(wrong, Unusable)
    assert wrong.line == 2
    assert told in wrong.why
    assert isinstance(right, Row)


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
plain = words.filter(lambda text: text == text.strip())
labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
tags = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9][-A-Za-z0-9_./]{0,9}", fullmatch=True), st.text(max_size=20), max_size=3
)
macs = st.lists(st.from_regex(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}", fullmatch=True), max_size=3).map(tuple)
fingerprints = st.binary(min_size=32, max_size=32).map(bytes.hex)


def authority(content: bytes) -> str:
    """Return what passes for a certificate as far as its outside shows, as PEM."""
    der = b"\x30\x82" + len(content).to_bytes(2) + content
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----"


authorities = st.lists(st.binary(min_size=1, max_size=200).map(authority), min_size=1, max_size=3).map("\n\n".join)
trusting = st.tuples(st.none() | fingerprints, st.none()) | st.tuples(st.none(), authorities)


def trust(row: Row, how: tuple[str | None, str | None]) -> Row:
    return replace(row, tls_fingerprint=how[0], ca_certificate=how[1])


rows = st.builds(
    trust,
    st.builds(
        Row,
        id=labels,
        hostname=labels.filter(lambda text: not text.isdigit()),
        protocol=st.sampled_from(["ipmi", "redfish"]),
        address=st.ip_addresses(v=4).map(str),
        port=st.integers(1, 65535),
        username=st.none() | words,
        password=st.none() | words.map(Secret),
        insecure=st.booleans(),
        serial=st.none() | plain,
        macs=macs,
        tags=tags,
    ),
    trusting,
)


@pytest.mark.parametrize(("write", "read"), [(write_csv, read_csv), (write_yaml, read_yaml)])
@given(machines=st.lists(rows, min_size=1, max_size=4))
def test_whatever_is_written_is_read_again_word_for_word(write: Any, read: Any, machines: list[Row]) -> None:
    text = write(machines, secrets=True)
    back = read(text, "list")

    assert [replace(row, line=0) if isinstance(row, Row) else row for row in back] == machines
    assert write(back, secrets=True) == text


def shown(row: Row, number: int) -> dict[str, Any]:
    """Return a machine as the API would show one of which *row* is all that is known."""
    bmc = {"protocol": row.protocol, "address": f"10.0.0.{number}", "port": row.port, "username": row.username or ""}
    trusted = {"tlsFingerprint": row.tls_fingerprint or "", "caCertificate": row.ca_certificate or ""}
    return {
        "id": f"asset-{number}",
        "hostname": row.hostname,
        "bmc": bmc | {"verifyTls": not row.insecure, "protocolKnown": True} | trusted,
        "inventory": {"system": {"serial": row.serial or ""}},
        "macs": list(row.macs),
        "tags": row.tags,
    }


@pytest.mark.parametrize(("write", "read"), [(write_csv, read_csv), (write_yaml, read_yaml)])
@given(machines=st.lists(rows, min_size=1, max_size=4))
def test_whatever_the_server_knows_its_export_imported_changes_nothing(
    write: Any, read: Any, machines: list[Row]
) -> None:
    assets = [shown(row, number) for number, row in enumerate(machines, 1)]

    intents = intended(read(write([row_of_view(asset) for asset in assets], secrets=False), "list"), assets)

    assert [(intent.asset_id, intent.body, intent.why) for intent in intents] == [(one["id"], {}, "") for one in assets]


passwords = words.map(Secret)
registrations = st.builds(
    lambda known, how: replace(known, tls_fingerprint=how[0] or "", ca_certificate=how[1] or ""),
    st.builds(
        Registration,
        address=st.ip_addresses(v=4).map(str),
        protocol=st.sampled_from([None, Protocol.IPMI, Protocol.REDFISH]),
        port=st.none() | st.integers(1, 65535),
        username=words,
        password=passwords,
        verify_tls=st.booleans(),
        id=labels,
        hostname=st.none() | labels.filter(lambda text: not text.isdigit()),
        macs=macs.map(dict.fromkeys).map(tuple),
        tags=tags,
    ),
    trusting,
)


def on_another_server(row: Row) -> Asset:
    """Return what the import of *row* makes of a server that knows no machine, through the shapes of the API."""
    (intent,) = intended([row], [])
    body = msgspec.convert(intent.body, RegisterAsset, dec_hook=lambda kind, text: kind(text))
    return registered(body.registration(), asset_id=str(body.id), now=NOON)


@pytest.mark.parametrize("secrets", [False, True])
@pytest.mark.parametrize(("write", "read"), [(write_csv, read_csv), (write_yaml, read_yaml)])
@given(known=registrations)
def test_a_machine_that_was_exported_is_registered_on_another_server_as_it_was_on_the_first(
    write: Any, read: Any, known: Registration, *, secrets: bool
) -> None:
    asset = registered(known, asset_id=str(known.id), now=NOON)
    view = msgspec.to_builtins(AssetView.of(asset))
    row = row_of_asset(asset, known.password) if secrets else replace(row_of_view(view), password=known.password)

    (back,) = read(write([row], secrets=True), "list")

    assert isinstance(back, Row), back
    assert on_another_server(back) == asset
    assert back.password == known.password
    assert intended([replace(back, password=None)], [view])[0].body == {}


def test_nothing_that_is_known_of_a_controller_is_left_out_of_a_list() -> None:
    everything = {"protocol", "address", "port", "username", "verify_tls", "ca_certificate", "tls_fingerprint"}

    assert everything | {"protocol_known"} == set(Bmc.__struct_fields__), "a new field belongs into lists too"
    assert everything - {"verify_tls"} | {"insecure"} <= set(Row.__struct_fields__)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("tls_fingerprint\n10.0.0.5,abc", "bmc.tlsFingerprint"),
        ("ca_certificate\n10.0.0.5,abc", "bmc.caCertificate"),
        (f'ca-certificate,tls-fingerprint\n10.0.0.5,"{authority(b"x" * 200)}",{"ab" * 32}', "bmc.tlsFingerprint"),
        ("ca_certificate\n10.0.0.5," + "x" * 70_000, "ca_certificate is longer than 65536 characters"),
    ],
)
def test_trust_that_the_server_would_refuse_is_told_with_its_line(cells: str, told: str) -> None:
    assert told in why(f"ip,{cells}\n")


def test_a_list_without_secrets_has_no_place_for_them() -> None:
    row = Row(id="asset-1", address="192.168.2.50", password=Secret("pa55word"))

    assert "pass" not in write_csv([row], secrets=False)
    assert "pass" not in write_yaml([row], secrets=False)
    assert yaml.safe_load(write_yaml([row], secrets=False)) == {
        "machines": [{"id": "asset-1", "ipmi_ip": "192.168.2.50"}]
    }
