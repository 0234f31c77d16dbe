"""Tries mutants of `colony_core/domain` on the tests, prints the figure, and lists those that nobody noticed.

make mutants                    every module, what was tried before is not tried again
make mutants ONLY=deciding      modules whose path contains this
make mutants SAMPLE=300         so many mutants of them, always the same ones
"""

import argparse
import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mutation.faults import Enums, Mutant, enums_of, mutants, mutated
from mutation.reach import Reach, digest_of_tests, learnt
from mutation.report import figure
from mutation.sandbox import ROOT, Finder, FirstFailure, answered, forked, prepare, run_tests

DOMAIN = ROOT / "colony_core" / "domain"
FOLDER = ROOT / "build" / "mutants"


class Trial(NamedTuple):
    """One mutant of one module."""

    path: Path
    source: str
    mutant: Mutant

    @property
    def key(self) -> str:
        """Return what it is remembered by: a mutant of another text is another one."""
        digest = hashlib.sha256(self.source.encode()).hexdigest()[:12]
        return f"{self.path.relative_to(DOMAIN)} {digest} {self.mutant.place} {self.mutant.variant}"


def main() -> None:
    """Try what is asked for."""
    arguments = _arguments()
    prepare()
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(DOMAIN.rglob("*.py"))}
    enums = enums_of(tuple(sources.values()))
    trials = [
        Trial(path, source, mutant)
        for path, source in sources.items()
        if arguments.only in str(path.relative_to(DOMAIN))
        for mutant in mutants(source, enums)
    ]
    chosen = _sampled(trials, arguments.sample, seed=arguments.seed)
    reach = learnt(FOLDER, DOMAIN)
    book = Book(FOLDER / "tried.jsonl")
    todo = [trial for trial in chosen if not book.knows(trial)]
    _try_all(todo, book, reach=reach, enums=enums, jobs=arguments.jobs)
    print(figure([book.entry(trial) for trial in chosen], made=len(trials)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--only", default="", help="modules whose path contains this")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants; 0 is all of them")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    return parser.parse_args()


def _sampled(trials: list[Trial], size: int, *, seed: int) -> list[Trial]:
    if not size or size >= len(trials):
        return trials
    places = sorted(random.Random(seed).sample(range(len(trials)), size))
    return [trials[place] for place in places]


class Book:
    """What became of every mutant that was ever tried; one that survived is tried again once the tests change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests = digest_of_tests()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._entries: dict[str, dict[str, Any]] = {entry["key"]: entry for entry in map(json.loads, lines)}

    def knows(self, trial: Trial) -> bool:
        """Tell whether trying it again would teach nothing."""
        entry = self._entries.get(trial.key)
        return entry is not None and (entry["verdict"] != "survived" or entry["tests"] == self._tests)

    def write(self, trial: Trial, verdict: str, *, by: str | None) -> None:
        """Remember what became of *trial*."""
        entry = {
            "key": trial.key,
            "module": str(trial.path.relative_to(DOMAIN)),
            "line": trial.mutant.line,
            "was": trial.mutant.was,
            "now": trial.mutant.now,
            "verdict": verdict,
            "by": by,
            "tests": self._tests,
        }
        self._entries[trial.key] = entry
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as book:
            book.write(json.dumps(entry) + "\n")

    def entry(self, trial: Trial) -> Mapping[str, Any]:
        """Return what became of *trial*."""
        return self._entries[trial.key]


def _try_all(todo: list[Trial], book: Book, *, reach: Reach, enums: Enums, jobs: int) -> None:
    began, running = time.monotonic(), list[tuple[Trial, int, int]]()
    queue: Iterator[Trial] = iter(todo)
    for number in range(len(todo) + jobs):
        trial = next(queue, None)
        if trial is not None:
            running.append((trial, *_begun(trial, reach, enums)))
        if running and (trial is None or len(running) >= jobs):
            done, child, reading = running.pop(0)
            found = answered(child, reading)
            verdict = "never ended" if found is None else "survived" if found["code"] == 0 else "killed"
            book.write(done, verdict, by=found["by"] if found else None)
        if number % 50 == 49:
            print(f"{number + 1} of {len(todo)} after {time.monotonic() - began:.0f} s", flush=True)


def _begun(trial: Trial, reach: Reach, enums: Enums) -> tuple[int, int]:
    tests = reach.tests_for(trial.path, trial.mutant.line)
    module = ".".join(trial.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    def work() -> Mapping[str, Any]:

        sys.meta_path.insert(0, Finder(module, mutated(trial.source, trial.mutant, enums)))
        first = FirstFailure()
        return {"code": run_tests(tests, first), "by": first.test}

    return forked(work)


if __name__ == "__main__":
    main()
