"""Which test reaches which line of the domain, and how long it takes: learnt once from a run of all of them."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import coverage
import pytest

from mutation.sandbox import ROOT, answered, forked, run_tests

SUITES = ("tests/unit/domain", "tests/unit/application", "tests/unit/journals", "tests/unit/tools/test_pages.py")
UNKNOWN = 9.0
"""Seconds that a test is thought to take that was never seen."""

KILLERS = 5
"""How many of the tests that found most mutants of a module go before all others."""

PAGES = ("test_page", "test_words", "test_validation")
"""What compares tables, words and rules with pages in docs and with lists: it reads what no function touches."""


class Reach:
    """What is known of the tests."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._lines: Mapping[str, Mapping[str, Sequence[str]]] = found["lines"]
        self._seconds: Mapping[str, float] = found["seconds"]

    @property
    def tests(self) -> Collection[str]:
        """Return every test there is."""
        return self._seconds.keys()

    def tests_for(self, path: Path, line: int, *, seconds: float, first: Sequence[str] = ()) -> list[list[str]]:
        """Return the tests that reach *line* of the module at *path*, in two parts, of which each fits into *seconds*.

        First come those of *first*, those of the module's own file and those of PAGES, which find most and are in few
        files; then the others, the quickest first. What runs while a module is imported is reached by every test that
        reaches the module (or by all), by those of its own file, and by those of PAGES.
        """
        lines = self._lines.get(str(path), {})
        files = (f"test_{path.stem}.py", *PAGES)
        reached = set(lines.get(str(line), ())) or self._of_imports(lines, files)
        best = {test: place for place, test in enumerate(first[:KILLERS])}
        near = {test for test in reached if test in best or any(file in test for file in files)}
        ordered = sorted(
            reached,
            key=lambda test: (test not in near, best.get(test, KILLERS), self._seconds.get(test, UNKNOWN)),
        )
        parts = ([test for test in ordered if (test in near) is here] for here in (True, False))
        return [part for part in (self._fitting(part, seconds) for part in parts) if part]

    def _fitting(self, tests: Sequence[str], seconds: float) -> list[str]:
        """Return those of *tests* that fit into *seconds* together, and the first in any case."""
        chosen, left = list[str](), seconds
        for test in tests:
            left -= self._seconds.get(test, UNKNOWN)
            if not chosen or left >= 0:
                chosen.append(test)
        return chosen

    def _of_imports(self, lines: Mapping[str, Sequence[str]], files: Sequence[str]) -> set[str]:
        of_module = {test for tests in lines.values() for test in tests} or set(self._seconds)
        return of_module | {test for test in self._seconds if any(file in test for file in files)}


class Contexts:
    """A pytest plugin that tells coverage which test runs, and takes its time."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Name the test, and note what it takes of the processor, as a busy machine says nothing about a test."""
        self._measured.switch_context(item.nodeid)
        began = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - began
            self._measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what failed."""
        if report.failed:
            self.failed.append(report.nodeid)


def learnt(folder: Path, domain: Path) -> Reach:
    """Return what is known of the tests as they are now, from *folder* if it was learnt before."""
    known = folder / f"reach-{digest_of_tests()}.json"
    if not known.exists():
        found = answered(forked(lambda: _measured(domain), cpu_seconds=1200, wall=7200))
        if found["failed"]:
            raise SystemExit(f"The tests must pass before mutants can fail them: {found['failed']}")
        folder.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps(found), encoding="utf-8")
    return Reach(json.loads(known.read_text(encoding="utf-8")))


def digest_of_tests() -> str:
    """Return a digest of every test, of what they use, and of the code that they test."""
    digest = hashlib.sha256()
    for folder in (*SUITES, "adapters/colony_testkit", "adapters/colony_simulator", "colony_core"):
        place = ROOT / folder
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _measured(domain: Path) -> Mapping[str, Any]:
    measured = coverage.Coverage(data_file=None, source=[str(domain)], branch=False, config_file=False)
    contexts = Contexts(measured)
    measured.start()
    code = run_tests([str(ROOT / suite) for suite in SUITES], contexts)
    measured.stop()
    data = measured.get_data()
    lines = {
        path: {str(line): [test for test in tests if test] for line, tests in data.contexts_by_lineno(path).items()}
        for path in data.measured_files()
    }
    failed = contexts.failed if code == 0 or contexts.failed else [f"pytest ended with {code}"]
    return {"lines": lines, "seconds": contexts.seconds, "failed": failed}
