"""The menu: what it costs to look at it, and how a command ends."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from colony_console import version
from colony_console.menu import MENU, cli

LOOKING = """
import sys
from colony_console.main import main
sys.argv = ["colony", *{args}]
try:
    main()
except SystemExit:
    pass
print(*sorted(name for name in sys.modules), file=sys.stderr)
"""


def modules_after(*args: str) -> set[str]:
    command = [sys.executable, "-c", LOOKING.format(args=args)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_imports_none_of_the_commands_and_nothing_heavy() -> None:
    modules = modules_after("--help")

    ours = {name for name in modules if name.startswith("colony_")}
    assert ours == {"colony_console"} | {f"colony_console.{name}" for name in ("failures", "main", "menu", "wording")}
    assert not {name.partition(".")[0] for name in modules} & {
        "asyncio",
        "httpx",
        "litestar",
        "msgspec",
        "ssl",
        "uvicorn",
    }


def test_a_command_of_the_api_imports_nothing_of_the_server() -> None:
    tops = {name.partition(".")[0] for name in modules_after("assets", "--help")}

    assert "httpx" in tops
    assert not tops & {"colony_core", "colony_http", "colony_store", "litestar", "msgspec", "uvicorn"}


def test_the_menu_says_of_a_command_what_the_command_says_of_itself() -> None:
    context = click.Context(cli)

    for name, entry in MENU.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.get_short_help_str(200).rstrip(".") == entry.line.rstrip(".")


def test_every_command_of_the_contract_is_there() -> None:
    expected = {"serve", "demo", "worker", "api-key", "add-ipmi", "assets", "reboot", "deprovision", "cluster"}

    assert expected | {"workflow", "doctor", "version"} <= set(MENU)


@pytest.mark.parametrize("args", [["nonsense"], ["assets", "--nonsense"], ["reboot"], ["cluster", "nonsense"], []])
def test_wrong_arguments_end_with_2(args: list[str]) -> None:
    assert CliRunner().invoke(cli, args).exit_code == 2


def test_ctrl_c_ends_with_130_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(version, "version", interrupted)
    result = CliRunner().invoke(cli, ["version"])

    assert result.exit_code == 130
    assert "Traceback" not in result.output


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'httpx'", name="httpx")

    monkeypatch.setattr("colony_console.menu.importlib.import_module", import_module)
    result = CliRunner().invoke(cli, ["assets"])

    assert result.exit_code == 1
    assert result.stderr == "Error: `colony assets` needs the module 'httpx': pip install 'colony-core[console]'\n"


def test_without_the_console_extra_the_command_says_how_to_get_it() -> None:
    program = "import sys; sys.modules['click'] = None; from colony_console.main import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "Error: the colony command needs the module 'click': pip install 'colony-core[console]'\n"


def test_the_version_is_that_of_the_distribution() -> None:
    told = json.loads(CliRunner().invoke(cli, ["version", "--json"]).stdout)

    assert f'version = "{told["version"]}"' in (Path(__file__).parents[3] / "pyproject.toml").read_text()
    assert CliRunner().invoke(cli, ["version"]).stdout.startswith(f"colony {told['version']} (Python 3.")


@pytest.mark.parametrize("shell", ["zsh", "fish", "bash"])
def test_completion_scripts_call_the_command(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])

    assert result.exit_code == 0
    assert f"_COLONY_COMPLETE={shell}_complete" in result.stdout


def test_completion_knows_commands_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"_COLONY_COMPLETE": "bash_complete", "COMP_WORDS": "colony work", "COMP_CWORD": "1"}
    result = CliRunner().invoke(cli, [], env=environment, prog_name="colony")

    assert result.stdout.split() == ["plain,worker", "plain,workflow"]
