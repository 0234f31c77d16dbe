"""`colony add-ipmi`."""

from typing import Any

ASSETS = "/api/v1/assets"
NEW = {"status": "discovering", "specs": None, "workflowId": "workflow-1"}


def test_a_machine_is_registered_by_its_controller(console: Any) -> None:
    console.answers("POST", ASSETS, console.an_asset(1, **NEW), status=201)
    who = ["--username", "admin", "--password", "pa55word"]
    result = console.run("add-ipmi", "--ip", "192.168.2.50", *who, "--port", "6230", "--tag", "rack:7")

    assert result.exit_code == 0
    bmc = {"username": "admin", "password": "pa55word", "port": 6230}
    assert console.bodies("POST") == [{"ipmi": "192.168.2.50", "bmc": bmc, "tags": {"rack": "7"}}]
    assert result.stderr == "It is being discovered. Watch it: colony workflow watch workflow-1\n"
    assert "pa55word" not in result.output


def test_credentials_may_come_from_the_environment(console: Any, monkeypatch: Any) -> None:
    console.answers("POST", ASSETS, console.an_asset(1, **NEW), status=201)
    console.environment |= {"IPMI_USERNAME": "root", "IPMI_PASSWORD": "pa55word"}
    console.run("add-ipmi", "--ip", "192.168.2.50", "--protocol", "redfish", "--no-verify-tls")

    bmc = {"protocol": "redfish", "username": "root", "password": "pa55word", "verifyTls": False}
    assert console.bodies("POST") == [{"ipmi": "192.168.2.50", "bmc": bmc}]


def test_a_flag_beats_the_environment(console: Any) -> None:
    console.answers("POST", ASSETS, console.an_asset(1, **NEW), status=201)
    console.environment |= {"IPMI_USERNAME": "root", "IPMI_PASSWORD": "pa55word"}
    console.run("add-ipmi", "--ip", "192.168.2.50", "--username", "admin")

    assert console.bodies("POST")[0]["bmc"]["username"] == "admin"


def test_without_a_terminal_nobody_is_asked_for_a_password(console: Any) -> None:
    result = console.run("add-ipmi", "--ip", "192.168.2.50", "--username", "admin")

    assert result.exit_code == 2
    assert result.stderr == "Error: There is no password\n  Set IPMI_PASSWORD, or give --password.\n"


def test_a_password_of_the_environment_is_not_in_the_help(console: Any) -> None:
    console.environment |= {"IPMI_PASSWORD": "pa55word"}

    assert "pa55word" not in console.run("add-ipmi", "--help").output


def test_a_tag_without_a_value_is_refused(console: Any) -> None:
    result = console.run("add-ipmi", "--ip", "a", "--username", "b", "--password", "c", "--tag", "rack")

    assert result.exit_code == 2
    assert "key:value" in result.stderr


def test_auto_discover_shows_what_was_found(console: Any) -> None:
    console.answers("POST", ASSETS, console.an_asset(1, **NEW), status=201)
    console.answers("GET", "/api/v1/workflows/workflow-1", console.a_run(status="completed", currentStep=None))
    console.answers("GET", f"{ASSETS}/asset-1", console.an_asset(1))
    result = console.run("add-ipmi", "--ip", "a", "--username", "b", "--password", "c", "--auto-discover")

    assert result.exit_code == 0
    assert "cpu         Intel Xeon" in result.stdout


def test_whose_certificate_is_believed_is_said_by_flags(console: Any, tmp_path: Any) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----")
    console.environment |= {"IPMI_USERNAME": "root", "IPMI_PASSWORD": "pa55word"}
    for flags in (["--ca-file", str(authority)], ["--tls-fingerprint", "ab:cd"], ["--insecure"]):
        console.answers("POST", ASSETS, console.an_asset(1, **NEW), status=201)
        console.run("add-ipmi", "--ip", "192.168.2.50", "--protocol", "redfish", *flags)

    told = [{name: body["bmc"][name] for name in body["bmc"]} for body in console.bodies("POST")]
    assert [body.get("caCertificate") for body in told] == ["-----BEGIN CERTIFICATE-----", None, None]
    assert [body.get("tlsFingerprint") for body in told] == [None, "ab:cd", None]
    assert [body.get("verifyTls") for body in told] == [None, None, False]
