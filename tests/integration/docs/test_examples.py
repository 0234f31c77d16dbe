"""The programs that the README shows are these files, and they run."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()


def test_the_embedding_example_provisions_a_machine(tmp_path: Path) -> None:
    shown = _run("docs/embed.py", str(tmp_path / "embedded.db"))

    assert shown.splitlines()[-1].endswith("Workflow completed")


def test_the_embedding_example_is_short() -> None:
    assert len((ROOT / "docs/embed.py").read_text().splitlines()) <= 25


def test_the_simulator_example_shows_why_a_machine_was_not_installed() -> None:
    assert "never asked for its boot script" in _run("docs/rack.py")


@pytest.mark.parametrize("program", ["docs/embed.py", "docs/rack.py"])
def test_the_readme_shows_the_program_that_runs(program: str) -> None:
    assert (ROOT / program).read_text() in README


def _run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100).stdout
