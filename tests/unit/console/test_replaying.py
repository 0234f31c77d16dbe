"""`colony workflow export` and `colony replay`: from a server's answer to a test that runs anywhere."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from colony_console.menu import cli

JOURNALS = Path(__file__).parent.parent / "journals"
FAILED = JOURNALS / "install-that-never-came-up.journal.json"
CLUSTER = JOURNALS / "cluster-without-a-machine.journal.json"


def run(*args: object, typed: bytes | None = None) -> Result:
    """Run `colony replay` where there is no server and no key."""
    return CliRunner().invoke(cli, ["replay", *map(str, args)], input=typed, prog_name="colony")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A journal that says of one attempt that it was another one."""
    content = json.loads(FAILED.read_bytes())
    content["histories"][0]["happenings"][4]["after"]["step"] = "contact"
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(content))
    return file


def test_a_journal_is_exported_word_for_word(console: Any, tmp_path: Path) -> None:
    journal = FAILED.read_bytes()
    answer = httpx.Response(200, content=journal, headers={"content-type": "application/json"})
    console.answers("GET", "/api/v1/workflows/workflow-1/journal", answer)
    printed = console.run("workflow", "export", "workflow-1")
    console.run("workflow", "export", "workflow-1", "-o", str(tmp_path / "journal.json"))

    assert printed.stdout_bytes == journal
    assert (tmp_path / "journal.json").read_bytes() == journal


def test_what_goes_as_it_went_ends_with_0() -> None:
    result = run(FAILED)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "Everything goes as it went."
    assert result.stdout.startswith("workflow-1 (os-provision): ")
    assert "(FIRST_BOOT_NOT_REPORTED)" in result.stdout


def test_every_workflow_of_a_cluster_is_told() -> None:
    lines = run(CLUSTER).stdout.splitlines()

    assert [line.partition(" ")[0] for line in lines[:3]] == ["workflow-1", "workflow-2", "workflow-3"]


def test_what_goes_another_way_ends_with_1_and_says_where_it_begins(changed: Path) -> None:
    result = run(changed)

    assert result.exit_code == 1
    heading, line = result.stdout.splitlines()[-2:]
    assert heading.split() == ["WORKFLOW", "WHERE", "AT", "FIELD", "RECORDED", "REPLAYED"]
    assert line.split()[:3] == ["workflow-1", "5:", "succeeded"]
    assert line.split()[-3:] == ["step", "contact", "boot-from-network"]
    assert result.stderr == "Error: workflow-1 (os-provision) does not go as it went: see the differences\n"


def test_programs_read_the_same(changed: Path) -> None:
    same, other = json.loads(run(FAILED, "--json").stdout), json.loads(run(changed, "--json").stdout)

    assert (same["same"], same["differences"]) == (True, [])
    assert same["workflows"][0] | {"happenings": 0} == {
        "id": "workflow-1",
        "type": "os-provision",
        "happenings": 0,
        "recorded": "failed",
        "replayed": "failed",
    }
    assert [(found["field"], found["number"]) for found in other["differences"]] == [("step", 5)]


def test_everything_that_happened_can_be_printed() -> None:
    lines = run(FAILED, "--events").stdout.splitlines()

    assert lines[1].split()[:3] == ["1", "2026-01-01T00:00:00Z", "began"]
    assert any("await-first-boot" in line and "running" in line for line in lines)


@pytest.mark.parametrize("data", [b"", b"[]", b"\x00\xff", b'{"format":"colony-journal","version":9}', b'{"a":1}'])
def test_what_is_no_journal_ends_with_2(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    from_file, typed = run(tmp_path / "file"), run("-", typed=data)

    assert (from_file.exit_code, typed.exit_code) == (2, 2)
    assert "is not a journal" in from_file.stderr
    assert "Traceback" not in from_file.stderr
    assert typed.stderr.startswith("Error: standard input is not a journal")


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing")

    assert (result.exit_code, "No such file" in result.stderr) == (2, True)


@pytest.mark.parametrize("journal", sorted(JOURNALS.glob("*.json")), ids=lambda file: str(file.name))
def test_a_journal_becomes_a_test_with_one_command(journal: Path, tmp_path: Path) -> None:
    result = run(journal, "--as-test", tmp_path / "regression")

    assert result.exit_code == 0
    (test,) = (tmp_path / "regression").glob("test_*.py")
    (kept,) = (tmp_path / "regression").glob("*.journal.json")
    assert kept.read_bytes() == journal.read_bytes()
    assert result.stderr == f"Written to {test}\n"
    compile(test.read_text(), str(test), "exec")


def test_the_test_runs_by_itself_and_fails_when_the_end_is_another(tmp_path: Path, changed: Path) -> None:
    run(FAILED, "--as-test", tmp_path / "good")
    run(changed, "--as-test", tmp_path / "bad")

    for folder, code, said in (("good", 0, "1 passed"), ("bad", 1, "1 failed")):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), folder]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr


def test_names_in_a_journal_cannot_write_elsewhere_or_into_the_test(tmp_path: Path) -> None:
    text = FAILED.read_text().replace('"workflow-1"', json.dumps('../../x"""\nimport os\n'))
    file = tmp_path / "journal.json"
    file.write_text(text)
    result = run(file, "--as-test", tmp_path / "regression")

    assert result.exit_code == 0
    (test,) = (tmp_path / "regression").glob("*.py")
    assert test.name == "test_os_provision_x_import_os.py"
    assert "import os\n" not in test.read_text()
    assert test.read_text().count('"""') == 2
