"""What became of every mutant that was ever tried, in a file that outlives the run."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from mutation.faults import Mutant
from mutation.sandbox import ROOT

DOMAIN = ROOT / "colony_core" / "domain"


class Verdict(StrEnum):
    """What became of a mutant: all but the last are found."""

    KILLED = "killed"
    NEVER_ENDED = "never ended"
    SURVIVED = "survived"


class Trial(NamedTuple):
    """One mutant of one module."""

    path: Path
    source: str
    mutant: Mutant

    @property
    def module(self) -> str:
        """Return the path of the module in the domain."""
        return str(self.path.relative_to(DOMAIN))

    @property
    def key(self) -> str:
        """Return what it is remembered by: a mutant of another text is another one."""
        digest = hashlib.sha256(self.source.encode()).hexdigest()[:12]
        return f"{self.module} {digest} {self.mutant.place} {self.mutant.variant}"


def sampled(trials: Sequence[Trial], size: int, *, seed: int) -> list[Trial]:
    """Return *size* of *trials* (0: all) in an order of chance that is always the same.

    What was tried when a run is stopped is a sample too, and a larger sample contains the smaller one. Each has its
    place for itself, so that a change of one module leaves the sample of the others as it was.
    """

    def chance(trial: Trial) -> bytes:
        name = f"{seed} {trial.module} {trial.mutant.place} {trial.mutant.variant}"
        return hashlib.sha256(name.encode()).digest()

    return sorted(trials, key=chance)[: size or None]


class Book:
    """Verdicts by mutant; one that survived is tried again once the tests change, or with more time for them."""

    def __init__(self, path: Path, *, tests: str, seconds: float) -> None:
        self._path = path
        self._now = {"tests": tests, "seconds": seconds}
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._entries: dict[str, Mapping[str, Any]] = {entry["key"]: entry for entry in map(json.loads, lines)}
        self._killers = Counter((one["module"], one["by"]) for one in self._entries.values() if one["by"])

    def knows(self, trial: Trial) -> bool:
        """Tell whether trying it again would teach nothing."""
        entry = self._entries.get(trial.key)
        if entry is None or entry["verdict"] != Verdict.SURVIVED:
            return entry is not None
        return bool(entry["tests"] == self._now["tests"] and entry["seconds"] >= self._now["seconds"])

    def write(self, trial: Trial, verdict: Verdict, *, by: str | None) -> None:
        """Remember what became of *trial*."""
        told = {"line": trial.mutant.line, "was": trial.mutant.was, "now": trial.mutant.now}
        entry = {"key": trial.key, "module": trial.module, **told, "verdict": verdict, "by": by, **self._now}
        self._entries[trial.key] = entry
        if by:
            self._killers[trial.module, by] += 1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as book:
            book.write(json.dumps(entry) + "\n")

    def killers(self, module: str) -> list[str]:
        """Return the tests that found mutants of *module*, those that found most first."""
        return [by for (of, by), _ in self._killers.most_common() if of == module]

    def entries(self, trials: Sequence[Trial]) -> list[Mapping[str, Any]]:
        """Return what became of those of *trials* that were tried."""
        return [self._entries[trial.key] for trial in trials if trial.key in self._entries]
