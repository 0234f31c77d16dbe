"""`colony import` and `export` against a table of answers."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

ASSETS = "/api/v1/assets"
HEADER = "hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot\n"


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    file = tmp_path / "machines.csv"
    file.write_text(f"{HEADER}new,192.168.2.51,admin,pa55word,fra1,r1,2\nserver01,192.168.2.50,admin,pa55word,,,\n")
    return file


def whole(console: Any, **differences: Any) -> dict[str, Any]:
    asset: dict[str, Any] = console.an_asset(1, macs=[], **differences)
    asset["bmc"] |= {"verifyTls": True, "tlsFingerprint": "", "caCertificate": "", "protocolKnown": True}
    return asset


def test_each_row_has_a_result_of_its_own_and_no_password_is_shown(console: Any, machines: Path) -> None:
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    console.answers("POST", ASSETS, console.an_asset(2), status=201)
    console.answers("PATCH", f"{ASSETS}/asset-1", whole(console) | {"changed": ["bmc.password"]})
    result = console.run("import", str(machines))

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "line 2      192.168.2.51  created    asset-2",
        "line 3      192.168.2.50  updated    asset-1     bmc.password",
    ]
    assert result.stderr == "1 created, 1 updated.\n"
    assert "pa55word" not in result.output


def test_a_dry_run_asks_and_sends_nothing(console: Any, machines: Path) -> None:
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    result = console.run("import", str(machines), "--dry-run")

    assert result.exit_code == 0
    assert "created" in result.stdout
    assert "unchanged  asset-1     unless its password differs" in result.stdout
    assert result.stderr == "Nothing was done. It would be: 1 created, 1 unchanged.\n"


def test_one_refused_row_ends_with_1_and_the_others_are_done(console: Any, machines: Path) -> None:
    refusal = {"error": "Asset is busy", "code": "ASSET_BUSY", "details": "held by workflow-1"}
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    console.answers("POST", ASSETS, console.an_asset(2), status=201)
    console.answers("PATCH", f"{ASSETS}/asset-1", refusal, status=409)
    result = console.run("import", str(machines), "--json")

    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["result"] for row in answer["rows"]] == ["created", "refused"]
    assert answer["rows"][1]["detail"] == "Asset is busy (ASSET_BUSY); held by workflow-1"
    assert answer["summary"] == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1, "not tried": 0}


def test_once_the_server_is_gone_nothing_more_is_tried(console: Any, machines: Path) -> None:
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    console.answers("POST", ASSETS, httpx.ConnectError("gone"))
    result = console.run("import", str(machines))

    assert result.exit_code == 3
    assert result.stdout.count("not tried") == 2
    assert "Cannot reach" in result.stderr


def test_it_waits_as_long_as_the_server_asks(console: Any, machines: Path) -> None:
    slow = httpx.Response(
        429, json={"error": "Too many requests", "code": "RATE_LIMITED"}, headers={"Retry-After": "900"}
    )
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    console.answers("POST", ASSETS, slow, slow, slow, httpx.Response(201, json=console.an_asset(2)))
    console.answers("PATCH", f"{ASSETS}/asset-1", whole(console) | {"changed": []})
    result = console.run("import", str(machines))

    assert result.exit_code == 0
    assert console.naps == [900, 900, 900]


def test_a_new_machine_without_credentials_takes_those_of_the_environment_or_is_refused(
    console: Any, tmp_path: Path
) -> None:
    console.answers("GET", ASSETS, {"assets": [], "nextCursor": None})
    console.answers("POST", ASSETS, console.an_asset(1), status=201)
    file = tmp_path / "machines.yaml"
    file.write_text("- ip: 192.168.2.50\n")
    refused = console.run("import", str(file))
    console.environment |= {"IPMI_USERNAME": "root", "IPMI_PASSWORD": "pa55word"}
    taken = console.run("import", str(file))

    assert refused.exit_code == 1
    assert "a new machine needs a username and a password: name it in the row, or set IPMI_USERNAME" in refused.stdout
    assert taken.exit_code == 0
    assert console.bodies("POST") == [{"ipmi": "192.168.2.50", "bmc": {"username": "root", "password": "pa55word"}}]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("machines.txt", b"", "Cannot tell from its name whether"),
        ("machines.csv", b"\xff\xfe", "is not UTF-8 text"),
        ("machines.csv", b"#" * (4 * 2**20 + 1), "larger than 4 MiB"),
        ("machines.csv", b"", "names no machine"),
    ],
)
def test_a_file_that_is_no_list_is_refused(console: Any, tmp_path: Path, name: str, content: bytes, told: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = console.run("import", str(file))

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_byte_order_mark_is_no_part_of_the_header(console: Any, tmp_path: Path) -> None:
    console.answers("GET", ASSETS, {"assets": [whole(console)], "nextCursor": None})
    file = tmp_path / "machines.csv"
    file.write_bytes("\ufeffip,user\r\n192.168.2.50,admin\r\n".encode())

    assert console.run("import", str(file)).stderr == "1 unchanged.\n"


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_what_is_exported_is_imported_without_a_change(console: Any, tmp_path: Path, form: str) -> None:
    asset = whole(console, tags={"rack": "r 1&2"}, hostname="web")
    asset["macs"] = ["52:54:00:77:00:01"]
    console.answers("GET", ASSETS, {"assets": [asset], "nextCursor": None})
    file = tmp_path / f"machines.{form}"
    exported = console.run("export", "-o", str(file))
    result = console.run("import", str(file))

    assert exported.exit_code == 0
    assert result.stderr == "1 unchanged.\n"
    assert console.run("export", "--format", form).stdout == file.read_text()


def test_an_export_with_secrets_wants_a_passphrase_that_is_long_enough(console: Any) -> None:
    none = console.run("export", "--with-secrets")
    console.environment |= {"COLONY_PASSPHRASE": "short"}
    short = console.run("export", "--with-secrets")

    assert (none.exit_code, none.stderr.splitlines()[0]) == (2, "Error: There is no passphrase")
    assert (short.exit_code, short.stderr.splitlines()[0]) == (2, "Error: The passphrase has fewer than 12 characters")
