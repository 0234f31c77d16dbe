"""What the page of the test kit names is there."""

import importlib
import re
from pathlib import Path

import pytest

import colony_simulator
import colony_testkit
from colony_testkit.faults import FAULTS

PAGE = (Path(__file__).parents[3] / "docs" / "testkit.md").read_text()
MODULES = sorted(set(re.findall(r"`(?:colony_testkit\.)?(\w+_contract)\.\w+`|`colony_testkit\.(\w+)[.`]", PAGE)))


@pytest.mark.parametrize("name", sorted({name for pair in MODULES for name in pair if name}))
def test_every_module_that_is_named_can_be_imported(name: str) -> None:
    importlib.import_module(f"colony_testkit.{name}")


@pytest.mark.parametrize(("module", "name"), sorted(set(re.findall(r"`(\w+_contract)\.(\w+)`", PAGE))))
def test_every_contract_that_is_named_exists(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(f"colony_testkit.{module}"), name)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named(fault: type) -> None:
    assert f"`{fault.__name__}`" in PAGE
    assert hasattr(colony_simulator, fault.__name__)


def test_every_module_that_the_package_names_is_there() -> None:
    folder = Path(str(colony_testkit.__file__)).parent
    named = re.findall(r"^    (?! )([a-z_, ]+?)(?:  |$)", colony_testkit.__doc__ or "", re.MULTILINE)
    names = {name.strip() for line in named for name in line.split(",") if name.strip()}

    assert {"service_machine", "faults", "values", "lab", "memory_store"} <= names
    assert names <= {path.stem for path in folder.glob("*.py")}
