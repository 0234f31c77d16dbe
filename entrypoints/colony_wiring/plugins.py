"""Finds adapters by entry point: only the one that is wanted is loaded, and a missing extra is named."""

from importlib.metadata import entry_points
from typing import Any

from colony_core.errors import ColonyError

EXTRAS = {
    ("colony_core.store", "sqlite"): "sqlite",
    ("colony_core.store", "postgresql"): "postgres",
    ("colony_core.dispatch", "postgresql"): "postgres",
    ("colony_core.rate_limits", "postgresql"): "postgres",
    ("colony_core.bmc_locks", "postgresql"): "postgres",
    ("colony_core.duties", "postgresql"): "postgres",
    ("colony_core.schema", "sqlite"): "sqlite",
    ("colony_core.schema", "postgresql"): "postgres",
    ("colony_core.copy", "sqlite"): "sqlite",
    ("colony_core.copy", "postgresql"): "postgres",
    ("colony_core.hardware", "ipmi"): "ipmi",
    ("colony_core.hardware", "redfish"): "redfish",
}
"""Which extra of the distribution brings what an in-tree adapter imports."""


class AdapterMissing(ColonyError):
    """No installed package offers the adapter, or what it needs is not installed."""

    code = "ADAPTER_MISSING"
    summary = "Adapter is not installed"
    advice = "Install the extra that the details name, or a package that offers the adapter."


def load(group: str, name: str) -> Any:
    """Return the object that the entry point *name* of *group* names; raise `AdapterMissing` when it cannot be had."""
    extra = EXTRAS.get((group, name))
    advice = f"pip install 'colony-core[{extra}]'" if extra else f"install a package with an entry point in {group}"
    found = tuple(entry_points(group=group, name=name))
    if not found:
        known = ", ".join(sorted(entry_points(group=group).names)) or "none"
        raise AdapterMissing(f"There is no adapter '{name}' in {group} (known: {known}): {advice}")
    try:
        return found[0].load()
    except ImportError as error:
        raise AdapterMissing(f"The adapter '{name}' needs the module '{error.name}': {advice}") from error
