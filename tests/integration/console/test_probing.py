"""`colony bmc probe` against controllers on loopback: without a server, and without a database."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colony_console.menu import cli
from colony_core.domain.recordings import decoded
from colony_testkit.ipmi_scripted import PASSWORD as IPMI_PASSWORD
from colony_testkit.ipmi_scripted import USER as IPMI_USER
from colony_testkit.ipmi_scripted import scripted_bmc
from colony_testkit.redfish_tree import PASSWORD, USER, Manners, RedfishTree
from colony_testkit.redfish_trees import IDRAC, V1

Probe = Callable[..., Awaitable[Result]]
WHO = {"IPMI_USERNAME": USER, "IPMI_PASSWORD": PASSWORD}


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """Run the command in an empty folder, beside the event loop of the controller that it asks."""
    monkeypatch.chdir(tmp_path)

    async def run(port: int, *args: str, who: Mapping[str, str | None] = WHO) -> Result:
        words = ["bmc", "probe", "127.0.0.1", "--port", str(port), *args]
        environment = {"IPMI_USERNAME": None, "IPMI_PASSWORD": None, **who}
        return await asyncio.to_thread(CliRunner().invoke, cli, words, env=environment, prog_name="colony")

    return run


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_it_prints_what_was_learnt_and_makes_nothing(probe: Probe, tmp_path: Path) -> None:
    async with RedfishTree(IDRAC) as tree:
        shown = await probe(tree.port, "--insecure")

    assert shown.exit_code == 0, shown.output
    lines = dict(line.split("  ", 1) for line in shown.stdout.splitlines())
    told = {name: value.strip() for name, value in lines.items()}
    assert (told["model"], told["serial"], told["power"]) == ("PowerEdge R650", "7XKJ9M3", "on")
    assert (told["boot targets"], told["boot mode"]) == ("None, Pxe, Hdd, Cd", "UEFI")
    assert told["quirks"].startswith("serial-is-sku: ")
    assert told["interfaces"] == "NIC.Integrated.1-1-1 b4:45:06:aa:bb:01"
    assert tree.opened == tree.closed == 1
    assert files_in(tmp_path) == []


async def test_without_a_user_nobody_logs_in(probe: Probe) -> None:
    async with RedfishTree(IDRAC) as tree:
        shown = await probe(tree.port, "--insecure", who={})

        assert shown.exit_code == 0
        assert "it speaks Redfish" in shown.stdout
        assert "PowerEdge" not in shown.stdout
        assert {(method, path) for method, path, _ in tree.asked} == {("GET", f"{V1}/")}


async def test_json_has_all_of_it_and_no_secret(probe: Probe) -> None:
    async with RedfishTree(
        IDRAC, Manners(answers={f"GET {V1}/Systems/System.Embedded.1/Bios": (403, {}, None)})
    ) as tree:
        shown = await probe(tree.port, "--insecure", "--json")

    told = json.loads(shown.stdout)
    assert (told["protocol"], told["error"], told["tlsFingerprint"]) == ("redfish", None, None)
    assert told["findings"]["inventory"]["memoryMb"] == 131072
    assert [refusal["why"] for refusal in told["findings"]["refused"]] == [
        "status 403: the user may not, or a licence is missing"
    ]
    assert PASSWORD not in shown.output


async def test_a_recording_is_its_owners_alone_and_is_not_written_over(probe: Probe, tmp_path: Path) -> None:
    async with scripted_bmc() as bmc:
        bmc.commands[0, 1] = lambda _: (0, b"\x01\0\0")
        who = {"IPMI_USERNAME": IPMI_USER, "IPMI_PASSWORD": IPMI_PASSWORD}
        port = bmc.access.bmc.port
        first = await probe(port, "--protocol", "ipmi", "--record", "it.json", who=who)
        second = await probe(port, "--protocol", "ipmi", "--record", "it.json", who=who)
        third = await probe(port, "--protocol", "ipmi", "--record", "it.json", "--force", who=who)

    assert [each.exit_code for each in (first, second, third)] == [0, 2, 0]
    assert second.stderr.startswith("Error: There is a file it.json already")
    assert stat.S_IMODE((tmp_path / "it.json").stat().st_mode) == 0o600
    recording = decoded((tmp_path / "it.json").read_bytes())
    assert recording.tool.startswith("colony ")
    assert (0, 1) in {(one.netfn, one.command) for one in recording.ipmi}
    assert "127.0.0.1" not in (tmp_path / "it.json").read_text()


@pytest.mark.parametrize("protocol", ["ipmi", "redfish"])
async def test_refused_credentials_end_with_4_and_what_anybody_is_told(probe: Probe, protocol: str) -> None:
    wrong = {"IPMI_USERNAME": USER, "IPMI_PASSWORD": "wr0ng-password"}
    async with RedfishTree(IDRAC) as tree, scripted_bmc() as bmc:
        port = tree.port if protocol == "redfish" else bmc.access.bmc.port
        shown = await probe(port, "--protocol", protocol, "--insecure", who=wrong)

    assert shown.exit_code == 4
    assert "it speaks" in shown.stdout
    assert "(BMC_REFUSED)" in shown.stderr
    assert "wr0ng-password" not in shown.output


async def test_silence_ends_with_3(probe: Probe) -> None:
    async with scripted_bmc() as bmc:
        port = bmc.access.bmc.port
    shown = await probe(port)

    assert shown.exit_code == 3
    assert "(BMC_UNREACHABLE)" in shown.stderr


async def test_a_protocol_that_is_named_is_asked_for_alone(probe: Probe) -> None:
    async with RedfishTree(IDRAC) as tree:
        shown = await probe(tree.port, "--protocol", "ipmi", "--json")

    assert shown.exit_code == 3
    assert [answer["protocol"] for answer in json.loads(shown.stdout)["answers"]] == ["ipmi"]
    assert tree.asked == []


@pytest.mark.parametrize(
    ("args", "who", "said"),
    [
        (["--record", "it.json"], {}, "Give --username"),
        ([], {"IPMI_USERNAME": USER}, "There is no password"),
        (["--tls-fingerprint", "12"], WHO, "64 hexadecimal digits"),
        (["--protocol", "telnet"], WHO, "telnet"),
        (["--ca-file", "absent.pem"], WHO, "Cannot read absent.pem"),
    ],
)
async def test_wrong_arguments_end_with_2_and_send_nothing(
    probe: Probe, args: list[str], who: dict[str, str], said: str
) -> None:
    async with RedfishTree(IDRAC) as tree:
        shown = await probe(tree.port, *args, who=who)

    assert shown.exit_code == 2
    assert said in shown.output
    assert tree.asked == []
