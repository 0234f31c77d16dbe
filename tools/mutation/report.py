"""The figure, in words and as a table."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mutation.book import Verdict

NORMAL = 1.96
"""Within so many standard deviations lie 95 % of a normal distribution."""


def figure(entries: Sequence[Mapping[str, Any]], *, made: int) -> str:
    """Return how many of *entries* were found, by module, and every one that was not; *made* is how many there are."""
    survivors = [entry for entry in entries if entry["verdict"] == Verdict.SURVIVED]
    modules = sorted({str(entry["module"]) for entry in entries})
    lines = ["| module | tried | found | survived |", "| --- | ---: | ---: | ---: |"]
    for module in modules:
        of_it = [entry for entry in entries if entry["module"] == module]
        alive = sum(entry in survivors for entry in of_it)
        lines.append(f"| {module} | {len(of_it)} | {len(of_it) - alive} | {alive} |")
    lines += ["", *(f"{one['module']}:{one['line']}: {one['was']}  ->  {one['now']}" for one in survivors), ""]
    found = len(entries) - len(survivors)
    share = 100 * found / len(entries) if entries else 100.0
    low, high = (100 * bound for bound in interval(found, len(entries), made=made))
    between = f"95 % interval {low:.1f} to {high:.1f}" if len(entries) < made else "all there are"
    tried = f"{found} of {len(entries)} mutants found ({share:.1f} %; {between}); {made} can be made."
    never = sum(entry["verdict"] == Verdict.NEVER_ENDED for entry in entries)
    return "\n".join([*lines, f"{tried} Of those found, {never} never ended."])


def interval(found: int, tried: int, *, made: int) -> tuple[float, float]:
    """Return between which shares that of all *made* is, by a random sample of *tried* (Wilson's interval, 95 %).

    A sample that is most of what can be made leaves little to chance: it counts as a larger one.
    """
    if not tried:
        return 0.0, 1.0
    size = tried * (made - 1) / (made - tried) if tried < made else math.inf
    share, spread = found / tried, NORMAL**2 / size
    middle, width = share + spread / 2, NORMAL * math.sqrt(share * (1 - share) / size + spread / size / 4)
    return (middle - width) / (1 + spread), (middle + width) / (1 + spread)
