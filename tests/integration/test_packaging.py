"""The wheel's list of packages, the lock and the tracked files keep what docs/adr/0002 and 0003 promise."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
IMPORTING_THE_CORE = """
import json, sys
import msgspec  # with whatever it finds beside itself: typing_extensions, where that is installed
before = set(sys.modules)
import colony_core
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""
# Written in two halves, so that this file does not hold what it forbids.
REGISTRY_HOSTS = re.compile(
    "|".join(
        rf"{name}\.{end}"
        for name, end in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "(org|com)"),
            ("deb.debian", "org"),
            ("crates", "io"),
            ("proxy.golang", "org"),
        ]
    )
)


def listed_packages() -> list[str]:
    packages: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return packages


def package_folders() -> list[str]:
    layers = [ROOT / "adapters", ROOT / "entrypoints"]
    children = [child for layer in layers for child in layer.iterdir() if any(child.glob("**/*.py"))]
    return ["colony_core", *(child.relative_to(ROOT).as_posix() for child in children)]


def import_names() -> list[str]:
    return [Path(package).name for package in listed_packages()]


def test_the_wheel_lists_every_package_folder() -> None:
    assert sorted(listed_packages()) == sorted(package_folders())


@pytest.mark.parametrize("folder", ["adapters", "entrypoints"])
def test_a_layer_is_a_folder_and_not_a_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_import_linter_watches_every_package() -> None:
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == sorted(import_names())


def test_coverage_counts_every_package() -> None:
    assert sorted(PROJECT["tool"]["coverage"]["run"]["source_pkgs"]) == sorted(import_names())


@pytest.mark.parametrize("package", listed_packages())
def test_a_package_is_typed_and_says_what_it_is(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    assert (ROOT / package / "__init__.py").read_text().startswith('"""')


def test_the_extra_all_holds_every_other_extra() -> None:
    extras: dict[str, list[str]] = dict(PROJECT["project"]["optional-dependencies"])
    [everything] = extras.pop("all")

    assert everything == f"colony-core[{','.join(extras)}]"


def test_importing_the_core_loads_msgspec_and_the_standard_library_alone() -> None:
    python = [sys.executable, "-c", IMPORTING_THE_CORE]
    loaded = set(json.loads(subprocess.run(python, capture_output=True, check=True, text=True).stdout))

    assert loaded - sys.stdlib_module_names <= {"colony_core", "msgspec"}


def test_every_pin_of_the_lock_has_a_hash() -> None:
    pins = re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text())

    assert [pin for pin in pins if "==" in pin and "--hash=sha256:" not in pin] == []


def test_no_tracked_file_names_a_registry_host() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]

    assert [path for path in files if REGISTRY_HOSTS.search(path.read_text(errors="replace"))] == []
