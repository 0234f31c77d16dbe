"""Lists of machines into and out of a real server."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

LIST = """\
hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot
server01,192.168.2.50,admin,,fra1,r1,1
new01,10.9.0.1,admin,pa55word-1,fra1,r1,2
new02,10.9.0.2,admin,"pa55word,2",fra1,r1,3
"""
PASSPHRASE = "four random words"
DER = b"\x30\x82\x01\x00" + bytes(256)
"""What passes for a certificate as far as its outside shows."""


def file(desk: Any, name: str, text: str) -> str:
    path: Path = desk.folder / name
    path.write_text(text)
    return str(path)


def imported(desk: Any, name: str, *args: str, code: int = 0) -> dict[str, Any]:
    done = desk.colony("import", name, "--json", *args)
    assert done.returncode == code, done.stdout + done.stderr
    assert "pa55word" not in done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def results(answer: dict[str, Any]) -> list[str]:
    return [row["result"] for row in answer["rows"]]


@pytest.fixture(scope="module")
def listed(served: Any) -> Any:
    """The desk after a list was imported."""
    limits = ["--per-minute", "6000", "--per-hour", "60000"]
    key = served.told("api-key", "create", "--description", "lists", *limits)
    served.environment["COLONY_API_KEY"] = key.strip()
    name = file(served, "machines.csv", LIST)
    assert results(imported(served, name, "--dry-run")) == ["updated", "created", "created"]
    assert results(imported(served, name)) == ["updated", "created", "created"]
    return served


def test_importing_a_list_again_changes_nothing_even_while_its_machines_are_being_discovered(listed: Any) -> None:
    before = listed.told("assets", "--json", "--tag", "rack:r1")

    again = imported(listed, str(listed.folder / "machines.csv"))

    assert results(again) == ["unchanged"] * 3
    assert next(asset["tags"] for asset in json.loads(before)["assets"]) == {
        "datacenter": "fra1",
        "rack": "r1",
        "slot": "1",
    }


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_an_export_imported_changes_nothing_and_the_next_export_is_the_same(listed: Any, form: str) -> None:
    first = listed.told("export", "--format", form)
    answer = imported(listed, file(listed, f"exported.{form}", first))

    assert set(results(answer)) == {"unchanged"}
    assert listed.told("export", "--format", form) == first
    assert "pa55word" not in first


@pytest.mark.parametrize(
    ("text", "id", "tags", "verified"),
    [
        ("hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot\nform1,10.9.1.1,a,b,fra1,r7,3\n",
         None, {"datacenter": "fra1", "rack": "r7", "slot": "3"}, True),
        ("10.9.1.2,a,b\n", None, {}, True),
        ("hardware-id,ip,user,password,insecure\n4711,10.9.1.3,a,b,true\n", "4711", {}, False),
    ],
    ids=["with places", "without a header", "with hardware ids"],
)  # fmt: skip
def test_each_documented_form_registers_its_machine_and_its_export_changes_nothing(
    listed: Any, text: str, id: str | None, tags: dict[str, str], *, verified: bool
) -> None:
    name = file(listed, "form.csv", text)
    foreseen = imported(listed, name, "--dry-run")
    (row,) = imported(listed, name)["rows"]
    asset = json.loads(listed.told("assets", "show", row["assetId"], "--json"))
    exported = imported(listed, file(listed, "again.csv", listed.told("export")))

    assert results(foreseen) == ["created"]
    assert asset["ipmi"] in text
    assert (asset["bmc"]["username"], asset["bmc"]["verifyTls"]) == ("a", verified)
    assert asset["tags"] == tags
    assert id in (None, asset["id"])
    assert set(results(exported)) == {"unchanged"}


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_what_a_controller_is_trusted_by_goes_out_and_comes_back(listed: Any, form: str) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(DER).decode()}-----END CERTIFICATE-----"
    text = f"""ip,protocol,user,password,tls_fingerprint,ca_certificate
10.9.0.11,redfish,admin,x,{"AB:" * 31}CD,
10.9.0.12,redfish,admin,x,,"{pem}"
"""
    imported(listed, file(listed, "trusted.csv", text))
    shown = {asset["ipmi"]: asset["bmc"] for asset in json.loads(listed.told("assets", "--json"))["assets"]}
    answer = imported(listed, file(listed, f"trust.{form}", listed.told("export", "--format", form)))

    assert shown["10.9.0.11"]["tlsFingerprint"] == "ab" * 31 + "cd"
    assert shown["10.9.0.12"]["caCertificate"] == pem
    assert set(results(answer)) == {"unchanged"}


def test_a_refused_row_does_not_hold_up_the_others(listed: Any) -> None:
    text = "ip,user,password\n10.9.0.3,admin,x\n10.9.0.3,admin,x\n10.9.0,admin,x\n10.9.0.4,admin,x\n"
    answer = imported(listed, file(listed, "some.csv", text), code=1)

    assert results(answer) == ["created", "refused", "refused", "created"]
    assert answer["rows"][1]["detail"] == "it repeats the machine of line 2: leave one of them out"


def test_an_export_with_secrets_makes_a_server_that_has_none_of_them_the_same(
    listed: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = type(listed)(tmp_path_factory.mktemp("other"))
    listed.environment["COLONY_PASSPHRASE"] = PASSPHRASE
    listed.told("export", "--with-secrets", "-o", str(other.folder / "all.csv"))
    deeds = json.loads(listed.told("audit", "--json"))["audit"]
    text = (other.folder / "all.csv").read_text()

    with other.serving("--simulator", "1"):  # the first machine of the list; and nothing is sent to an address
        other.environment["COLONY_API_KEY"] = other.told("api-key", "create", "--description", "tests").strip()
        nobody = other.colony("import", "all.csv")
        other.environment["COLONY_PASSPHRASE"] = "another passphrase"
        wrong = other.colony("import", "all.csv")
        other.environment["COLONY_PASSPHRASE"] = PASSPHRASE
        answer = imported(other, "all.csv")
        again = imported(other, "all.csv")
        plain = other.told("export")

    assert "pa55word" not in text
    assert (other.folder / "all.csv").stat().st_mode & 0o077 == 0
    assert any(deed["action"] == "export_secrets" for deed in deeds)
    assert (nobody.returncode, nobody.stderr.splitlines()[0]) == (2, "Error: There is no passphrase")
    assert (wrong.returncode, wrong.stderr.splitlines()[0]) == (
        2,
        "Error: The passphrase does not open the passwords of this list",
    )
    assert results(answer) == ["updated", *["created"] * (len(answer["rows"]) - 1)]
    assert set(results(again)) == {"unchanged"}
    assert (
        re.sub(r"(?m),[^,]*(,[^,]*,[^,]*)$", r",\1", listed.told("export")).splitlines()[1:]
        == re.sub(r"(?m),[^,]*(,[^,]*,[^,]*)$", r",\1", plain).splitlines()[1:]
    )


def test_a_password_that_was_moved_to_another_controller_does_not_open(listed: Any) -> None:
    listed.environment["COLONY_PASSPHRASE"] = PASSPHRASE
    text = listed.told("export", "--with-secrets").replace("10.9.0.2,", "10.9.0.77,")
    answer = imported(listed, file(listed, "moved.csv", text), code=1)

    (moved,) = [row for row in answer["rows"] if row["result"] == "refused"]
    assert "sealed for another address or user" in moved["detail"]


def test_a_viewer_may_not_import(listed: Any) -> None:
    key = listed.told("api-key", "create", "--description", "viewer", "--role", "viewer").strip()
    done = listed.colony("import", file(listed, "one.csv", "ip,user,password\n10.9.0.9,a,b\n"), "--api-key", key)

    assert done.returncode == 4
    assert "not tried" in done.stdout
