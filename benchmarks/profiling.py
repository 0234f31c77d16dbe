"""Where the time of a provisioning goes, by the part of the house that spends it."""

from collections import defaultdict
from pstats import Stats

PARTS = (
    ("store", "/colony_store/"),
    ("decide", "/colony_core/domain/"),
    ("run and act", "/colony_core/application/"),
    ("simulated rack", "/colony_simulator/"),
    ("sealing", "/colony_crypto/"),
    ("event loop", "/asyncio/"),
)

BUILT_IN = "~"
"""What the profiler calls the file of functions that are not written in Python; their callers pay for them."""


def split(stats: Stats) -> str:
    """Return the share of each part in the work of the event loop's thread; what other threads do is not in it."""
    spent: defaultdict[str, float] = defaultdict(float)
    for (file, _, _), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if file == BUILT_IN and callers:
            for (caller, _, _), (_, _, share, _) in callers.items():
                spent[_part(caller)] += share
        else:
            spent[_part(file)] += own
    whole = sum(spent.values())
    ordered = sorted(spent.items(), key=lambda each: -each[1])
    return "\n".join(f"  {100 * seconds / whole:5.1f} %  {part}" for part, seconds in ordered)


def _part(file: str) -> str:
    return next((part for part, folder in PARTS if folder in file), "the rest")
