"""The wheel as a user meets it: built, then installed where no checkout is in sight."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [Path(package).name for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
pytestmark = pytest.mark.timeout(300)


def run(*command: str | Path, at: Path) -> str:
    done = subprocess.run(command, cwd=at, capture_output=True, check=False, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, as a release is."""
    place = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", place, ROOT, at=place)
    [built] = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock's versions without their hashes: pip refuses to mix those with a wheel built just now."""
    pins = re.findall(r"^[a-z][^ ]*==[^\\\n]*", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    place = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    place.write_text("\n".join(pins))
    return place


def installed(requirement: str, *, at: Path, constraints: Path) -> Path:
    """Return the Python of a new environment that holds *requirement*."""
    run(sys.executable, "-m", "venv", at / "venv", at=at)
    python = at / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "-qq", "--constraint", constraints, requirement, at=at)
    return python


@pytest.fixture(scope="module")
def bare(wheel: Path, constraints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(str(wheel), at=tmp_path_factory.mktemp("bare"), constraints=constraints)


@pytest.fixture(scope="module")
def full(wheel: Path, constraints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(f"{wheel}[all]", at=tmp_path_factory.mktemp("full"), constraints=constraints)


def test_the_wheel_owns_only_its_own_top_level_names(wheel: Path) -> None:
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_holds_every_file_of_its_packages(wheel: Path) -> None:
    tracked = run("git", "ls-files", "colony_core", "adapters", "entrypoints", at=ROOT).split()
    expected = {re.sub(r"^(adapters|entrypoints)/", "", name) for name in tracked}

    assert expected - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_a_bare_install_brings_msgspec_alone(bare: Path) -> None:
    listing = run(bare, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check", at=bare.parent)
    names = {line.partition("==")[0].partition(" ")[0] for line in listing.splitlines()}

    assert names - {"pip", "setuptools"} == {"colony-core", "msgspec"}


def test_a_bare_install_imports_the_core_from_the_wheel(bare: Path) -> None:
    place = run(bare, "-c", "import colony_core; print(colony_core.__file__)", at=bare.parent)

    assert "site-packages" in place


@pytest.mark.parametrize("package", PACKAGES)
def test_a_full_install_imports_every_package(full: Path, package: str) -> None:
    run(full, "-W", "error", "-c", f"import {package}", at=full.parent)


def test_a_full_install_has_a_command_that_runs(full: Path) -> None:
    assert PROJECT["project"]["version"] in run(full.parent / "colony", "version", at=full.parent)


def test_a_full_install_builds_a_first_cluster(full: Path, tmp_path: Path) -> None:
    shown = run(full.parent / "colony", "demo", "--once", "--port", "0", "--simulator-speed", "60", at=tmp_path)

    assert "Cluster demo is ready" in shown


EMBEDDER = """
from colony_core import Asset, Colony, Registration, Secret

async def register(colony: Colony) -> Asset:
    asset = await colony.assets.register(Registration(address="192.168.1.101", password=Secret("x")))
    reveal_type(asset.status)
    return asset.id
"""


def test_an_embedders_type_checker_sees_our_types(bare: Path, tmp_path: Path) -> None:
    program = tmp_path / "embedder.py"
    program.write_text(EMBEDDER)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", str(bare), str(program)]

    checked = subprocess.run(mypy, cwd=tmp_path, capture_output=True, check=False, text=True)

    assert 'Revealed type is "colony_core.domain.assets.AssetStatus"' in checked.stdout
    assert 'Incompatible return value type (got "str", expected "Asset")' in checked.stdout
    assert "Found 1 error in 1 file" in checked.stdout
