"""`pytest --colony-adapter package:factory` runs the contract of the right port, and costs nothing when nobody asks."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

WHAT_THE_PLUGIN_IMPORTS = """
import sys
import pytest
before = set(sys.modules)
import colony_testkit.pytest_plugin
print(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names))
"""


def run(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {"PYTHONPATH": str(HERE), "PATH": ""}
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, check=False, text=True)


@pytest.mark.parametrize(
    ("adapter", "contract"),
    [
        ("colony_system.clock:SystemClock", "TestClock"),
        ("colony_system.chance:SystemChance", "TestChance"),
        ("factories:limiter", "TestRateLimiter"),
        ("factories:virtual_clock", "TestClock"),
        ("factories:rack_hardware", "TestController"),
        ("factories:rack_platform", "TestPlatform"),
    ],
)
def test_the_contract_of_the_port_is_run(adapter: str, contract: str, tmp_path: Path) -> None:
    done = run("--colony-adapter", adapter, "-rA", at=tmp_path)

    assert done.returncode == 0, done.stdout
    assert f"PASSED ::{contract}" in done.stdout


def test_a_store_is_recognised_by_what_its_opener_gives(tmp_path: Path) -> None:
    done = run("--colony-adapter", "factories:sqlite", "-k", "test_a_cursor or test_next_id", "--co", at=tmp_path)

    assert "::TestStore" in done.stdout


def test_a_stranger_who_breaks_a_promise_is_found(tmp_path: Path) -> None:
    done = run("--colony-adapter", "factories:Shouting", at=tmp_path)

    assert done.returncode == 1
    assert "test_a_token_is_lower_case_hexadecimal" in done.stdout


def test_a_factory_without_annotations_needs_to_say_its_port(tmp_path: Path) -> None:
    unsaid = run("--colony-adapter", "factories:undeclared", at=tmp_path)
    said = run("--colony-adapter", "factories:undeclared", "--colony-port", "chance", at=tmp_path)

    assert (unsaid.returncode, said.returncode) == (4, 0)
    assert "annotate what it returns, or say --colony-port" in unsaid.stderr


@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        ("colony_bmc.ipmi:IpmiHardware", "needs a colony_testkit.cases.HardwareCase"),
        ("factories:nothing", "has no attribute 'nothing'"),
        ("no.such.package:factory", "No module named 'no'"),
        ("factories", "cannot be loaded"),
        ("factories:timedelta.max", "it cannot be called"),
    ],
)
def test_what_cannot_be_tested_is_refused_with_the_reason(adapter: str, words: str, tmp_path: Path) -> None:
    done = run("--colony-adapter", adapter, at=tmp_path)

    assert done.returncode == 4
    assert words in done.stderr


def test_other_tests_that_are_named_are_run_as_well(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine() -> None: ...\n")
    done = run("test_mine.py", "--colony-adapter", "colony_system.chance:SystemChance", at=tmp_path)

    assert "10 passed" in done.stdout


def test_the_plugin_imports_nothing_until_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", WHAT_THE_PLUGIN_IMPORTS], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "['colony_testkit', 'colony_testkit.pytest_plugin']"
