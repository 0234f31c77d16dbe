"""The figure, in words and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any


def figure(entries: Sequence[Mapping[str, Any]], *, made: int) -> str:
    """Return how many of *entries* were found, by module, and every one that was not; *made* is how many there are."""
    survivors = [entry for entry in entries if entry["verdict"] == "survived"]
    modules = sorted({str(entry["module"]) for entry in entries})
    lines = ["| module | tried | found | survived |", "| --- | ---: | ---: | ---: |"]
    for module in modules:
        of_it = [entry for entry in entries if entry["module"] == module]
        alive = sum(entry in survivors for entry in of_it)
        lines.append(f"| {module} | {len(of_it)} | {len(of_it) - alive} | {alive} |")
    lines += ["", *(f"{one['module']}:{one['line']}: {one['was']}  ->  {one['now']}" for one in survivors), ""]
    found = len(entries) - len(survivors)
    share = 100 * found / len(entries) if entries else 100.0
    return "\n".join([*lines, f"{found} of {len(entries)} mutants found ({share:.1f} %); {made} can be made."])
