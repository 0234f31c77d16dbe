"""The worked example of a third-party adapter works, as its README says, in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3] / "docs" / "example-adapter"
README = (PROJECT / "README.md").read_text()
COMMANDS = [line.split("#")[0].split() for line in re.findall(r"^    (pytest.*)$", README, re.MULTILINE)]


def test_the_readme_says_how_to_test_it() -> None:
    assert [command[0] for command in COMMANDS] == ["pytest", "pytest"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_project_passes(command: list[str], tmp_path: Path) -> None:
    python = [
        sys.executable,
        "-B",
        "-m",
        *command,
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        "--basetemp",
        str(tmp_path),
    ]
    environment = {"PATH": "", "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis")}
    done = subprocess.run(python, cwd=PROJECT, env=environment, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)


def test_the_contract_counts_as_many_tests_as_the_readme_says() -> None:
    python = [sys.executable, "-B", "-m", *COMMANDS[1], "-p", "no:cacheprovider", "--co", "-q"]
    listed = subprocess.run(python, cwd=PROJECT, env={"PATH": ""}, capture_output=True, check=True, text=True).stdout

    promised = re.search(r"(\d+) tests that it did not have to write", README)
    assert promised is not None
    assert f"{promised[1]} tests collected" in listed
