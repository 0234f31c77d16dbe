"""Runs tests in a child process that is forked before the code under test is imported, with one module changed.

What costs time (pytest, Hypothesis, the plugins) is imported once by the parent; every child imports Colony Core anew,
so that a changed table or class is as good as a changed function.
"""

import ast
import importlib.machinery
import json
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import _hypothesis_pytestplugin
import hypothesis
import hypothesis.stateful
import hypothesis.strategies
import pytest
import pytest_asyncio.plugin
import pytest_timeout

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 20
"""How many examples a property is tried on."""

CPU_SECONDS = 40
"""What a child may take before it counts as one that never ends."""

PLUGINS = (pytest_asyncio.plugin, pytest_timeout, _hypothesis_pytestplugin)
OPTIONS = (
    "--quiet",
    "--exitfirst",
    "-pno:cacheprovider",
    "--hypothesis-profile=mutation",
    f"--rootdir={ROOT}",
    f"-c{ROOT / 'pyproject.toml'}",
)


def prepare() -> None:
    """Make this process one that children can be forked from."""
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "true"}
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "mutation", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=phases
    )
    assert "colony_core" not in sys.modules, "the children must import it themselves"


class FirstFailure:
    """A pytest plugin that remembers which test failed first."""

    def __init__(self) -> None:
        self.test: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at one part of one test."""
        if report.failed and self.test is None:
            self.test = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Look at one file: a mutant may not even be importable."""
        if report.failed and self.test is None:
            self.test = f"{report.nodeid} (import)"


def run_tests(tests: Sequence[str], *plugins: object) -> int:
    """Run *tests* in this process, and return pytest's exit code."""
    return int(pytest.main([*OPTIONS, *tests], plugins=[*PLUGINS, *plugins]))


class Mutating(importlib.machinery.SourceFileLoader):
    """Loads a changed tree in the place of a module's source."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader has one module
        """Return the code of the changed tree."""
        return compile(self._tree, self.path, "exec")


class Finder:
    """Puts a changed tree in the place of one module, before anybody has imported it."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self._module = module
        self._tree = tree

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of the changed module, and None for any other."""
        if name != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = Mutating(name, spec.origin, self._tree)
        return spec


def forked(work: Callable[[], Mapping[str, Any]], *, cpu_seconds: int = CPU_SECONDS) -> tuple[int, int]:
    """Do *work* in a child that is ended after *cpu_seconds*; return its process and where its answer can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        with os.fdopen(writing, "w") as answer:
            json.dump(work(), answer)
    finally:
        os._exit(0)


def answered(child: int, reading: int) -> dict[str, Any] | None:
    """Wait for a child, and return its answer; None for one that never ended by itself."""
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(text) if text else {}
    return found or None
