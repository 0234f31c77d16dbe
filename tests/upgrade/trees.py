"""The code of two versions beside each other: the one of a commit before, and the present one with a newer schema."""

import os
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("colony_core", "adapters", "entrypoints")

PREVIOUS = ":/^Let processes on PostgreSQL share one simulated rack"
"""What is upgraded from: the first commit whose simulated rack can be shared. Once there is a release, it is that."""

# What the version before can live without knowing: columns with a default, an index, a table.
EXPANDED = """-- serves from: {serves_from}
ALTER TABLE assets ADD COLUMN planted text NOT NULL DEFAULT 'planted';
ALTER TABLE runs ADD COLUMN planted integer;
ALTER TABLE journal ADD COLUMN planted integer;
CREATE INDEX assets_by_planted ON assets (planted, seq);
CREATE TABLE planted (id text PRIMARY KEY);
"""


def previous_version(folder: Path) -> Path:
    """Return the code of the version before, as its commit has it."""
    if _git("rev-parse", "--is-shallow-repository").stdout.strip() != b"false":
        pytest.skip("this checkout has no history to take the version before from: git fetch --unshallow")
    commit = _git("rev-parse", os.environ.get("COLONY_TEST_PREVIOUS", PREVIOUS)).stdout.decode().strip()
    made = _git("archive", commit, *PARTS)
    assert made.returncode == 0, made.stderr
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, check=False)


def next_version(folder: Path) -> Path:
    """Return a copy of the present code that has one migration more."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    number = newest_migration(folder) + 1
    (migrations(folder) / f"{number:04}_planted.sql").write_text(EXPANDED.format(serves_from=number - 1))
    return folder


def newest_migration(tree: Path) -> int:
    """Return the number of the last migration that a version knows."""
    return max(int(path.name[:4]) for path in migrations(tree).glob("[0-9]*.sql"))


def migrations(tree: Path) -> Path:
    """Return where a version keeps its migrations."""
    return tree / "adapters/colony_store/postgres/migrations"


def python_path(tree: Path) -> str:
    """Return what makes Python import a version, and not what is installed."""
    return os.pathsep.join(map(str, (tree, tree / "adapters", tree / "entrypoints")))
