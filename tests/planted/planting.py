"""Copies the code, plants a fault in the copy, and runs suites against the copy instead of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.planted.faults import Edit

ROOT = Path(__file__).resolve().parents[2]
FACTORIES = ROOT / "tests" / "integration" / "testkit"

FIRST = "--hypothesis-profile=first"

SUITES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lives": (f"{ROOT}/tests/unit/testkit/test_service_machine.py", "-kTestService", FIRST),
        "contract of stores": ("--colony-adapter=factories:sqlite",),
        "contract of limiters": ("--colony-adapter=factories:limiter",),
    }
)
"""What users of the test kit run on embeddings and adapters of their own, by name; any other name is a unit test's."""

LIVES = "400"
"""How many lives are looked at before a fault counts as one that is not found."""

OPTIONS = (
    "--quiet",
    "--no-header",
    "--tb=no",
    "--maxfail=3",
    "-pno:cacheprovider",
    "-pno:schemathesis",
    "-prun_from_the_copy",
    f"-c{ROOT / 'pyproject.toml'}",
    f"--rootdir={ROOT}",
)

GUARD = """
from pathlib import Path
import colony_core, colony_store, colony_testkit
HERE = str(Path(__file__).parent)
assert all(one.__file__.startswith(HERE) for one in (colony_core, colony_store, colony_testkit)), "not the copy"
"""

FOUND = re.compile(r"^(?:FAILED|ERROR) (?P<test>.*?)(?: - (?P<words>.*))?$", re.MULTILINE)
"""A test that failed, and the first line of why."""


class Found(NamedTuple):
    """What one suite says of a copy: nothing, if it is green."""

    suite: str
    tests: tuple[str, ...]
    words: str


class Stale(AssertionError):
    """A fault cannot be planted, as the code that it changes is not there any more."""


def copied(folder: Path) -> Path:
    """Return a copy of the code in *folder*; what was compiled is copied too, which saves time."""
    for name in ("colony_core", "adapters"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "run_from_the_copy.py").write_text(GUARD, encoding="utf-8")
    return folder


def plant(copy: Path, edit: Edit) -> None:
    """Make one change in *copy*; raise `Stale` unless its place is found exactly once."""
    path = copy / edit.path
    text = path.read_text(encoding="utf-8")
    if text.count(edit.was) != 1:
        raise Stale(f"{edit.path} has {text.count(edit.was)} times, and not once: {edit.was}")
    path.write_text(text.replace(edit.was, edit.now), encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def looked_at(copy: Path, suite: str) -> Found:
    """Run one suite on *copy*; a suite that cannot run at all is an error, and no find."""
    done = _run(copy, SUITES.get(suite) or [FIRST, *map(str, (ROOT / "tests" / "unit").rglob(suite))])
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{suite} did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    found = [(match["test"], match["words"] or "") for match in FOUND.finditer(done.stdout)]
    assert bool(found) == (done.returncode == 1), done.stdout[-2000:]
    tests = tuple(test.rpartition("/")[2] for test, _ in found)
    return Found(suite, tests, found[0][1] if found else "")


def _run(copy: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= {
        "PYTHONPATH": os.pathsep.join(map(str, (copy, copy / "adapters", FACTORIES))),
        "COLONY_LAWS_EXAMPLES": LIVES,
        "COLUMNS": "400",
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, "-P", "-m", "pytest", *OPTIONS, *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
