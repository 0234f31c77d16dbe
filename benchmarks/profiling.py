"""Where the time of a provisioning goes, by the part of the house that spends it."""

from collections import defaultdict
from pstats import Stats

PARTS = (
    ("store", "/colony_store/"),
    ("decide", "/colony_core/domain/"),
    ("run and act", "/colony_core/application/"),
    ("simulated rack", "/colony_simulator/"),
    ("sealing", "/colony_crypto/"),
    ("waiting for the store's threads", "method 'poll'"),
    ("event loop", "/asyncio/"),
)


def split(stats: Stats) -> str:
    """Return the share of each part of the event loop's thread, without what it calls in other parts."""
    spent: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        spent[_part(f"{file} {function}")] += own
    whole = sum(spent.values())
    ordered = sorted(spent.items(), key=lambda each: -each[1])
    return "\n".join(f"  {100 * seconds / whole:5.1f} %  {part}" for part, seconds in ordered)


def _part(place: str) -> str:
    return next((part for part, mark in PARTS if mark in place), "built-in functions, and the rest")
