"""Runs tests in a child process that is forked before the code under test is imported, with one module changed.

What costs time (pytest, Hypothesis, the plugins) is imported once by the parent; every child imports Colony Core anew,
so that a changed table or class is as good as a changed function.
"""

import ast
import gc
import importlib.machinery
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import _hypothesis_pytestplugin
import hypothesis
import hypothesis.stateful
import hypothesis.strategies
import pytest
import pytest_asyncio.plugin
import pytest_timeout

ROOT = Path(__file__).resolve().parents[2]
COMPILED = ROOT / "build" / "mutants" / "compiled"
"""Where the compiled modules are kept from child to child, whatever the environment says of that."""

EXAMPLES = 20
"""How many examples a property is tried on."""

CPU_SECONDS = 15
"""What a child may take of the processor before it counts as one that never ends: several times what any needs."""

WALL_SECONDS = 900
"""How long a child may stand still: one that waits for nothing takes no processor time. Long, as machines are busy."""

MEMORY = 4 << 30
"""Bytes that a child may ask for, so that a loop that collects does not take the machine with it."""

PLUGINS = (pytest_asyncio.plugin, pytest_timeout, _hypothesis_pytestplugin)
OPTIONS = (
    "--quiet",
    "--exitfirst",
    "-pno:cacheprovider",
    "--timeout=0",  # the limits below count instead: a busy machine is no fault
    "--hypothesis-profile=mutation",
    f"--rootdir={ROOT}",
    f"-c{ROOT / 'pyproject.toml'}",
)


def prepare() -> None:
    """Make this process one that children can be forked from."""
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "true"}
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(COMPILED)  # else every child compiles everything
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "mutation", max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=phases
    )
    assert "colony_core" not in sys.modules, "the children must import it themselves"
    gc.freeze()  # what is here stays, so that no child looks through it, and copies it by doing so


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


class Chosen:
    """A pytest plugin that runs *tests* in their order, and of a test with parameters also those that a mutant adds.

    Naming the tests to pytest would not do: a mutant that changes a parameter changes the test's id, and an id that is
    not found ends pytest as if something had failed.
    """

    def __init__(self, tests: Sequence[str], *, known: Collection[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}
        self._places_of_all = {test.partition("[")[0]: place for place, test in enumerate(tests)}
        self._known = known

    def files(self) -> list[str]:
        """Return the files that the tests are in."""
        return list(dict.fromkeys(test.partition("::")[0] for test in self._places))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep what was chosen."""
        places = {item.nodeid: self._place(item.nodeid) for item in items}
        items[:] = sorted((item for item in items if places[item.nodeid] >= 0), key=lambda item: places[item.nodeid])

    def _place(self, test: str) -> int:
        if test in self._known:
            return self._places.get(test, -1)
        return self._places_of_all.get(test.partition("[")[0], -1)


def run_tests(paths: Sequence[str], *plugins: object) -> int:
    """Run the tests in *paths* in this process, and return pytest's exit code."""
    return int(pytest.main([*OPTIONS, *paths], plugins=[*PLUGINS, *plugins]))


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


class Child(NamedTuple):
    """A process that was forked, and where its answer can be read."""

    process: int
    reading: int


class NeverEnded(Exception):
    """A child took more of the processor, or of time, than it was given."""


class Crashed(Exception):
    """A child ended in a way that says nothing about its work."""


def forked(work: Callable[[], Mapping[str, Any]], *, cpu_seconds: int = CPU_SECONDS, wall: int = WALL_SECONDS) -> Child:
    """Do *work* in a child that is ended after so many seconds of the processor, or of the clock on the wall."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return Child(child, reading)
    try:
        os.close(reading)
        _limited(cpu_seconds, wall)
        with os.fdopen(writing, "w") as answer:
            json.dump(work(), answer)
    except BaseException as error:  # noqa: BLE001 - the parent is told by the exit code, whatever it was
        os._exit(3 if isinstance(error, Exception) else 4)
    os._exit(0)


def _limited(cpu_seconds: int, wall: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(wall)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)


def answered(child: Child) -> dict[str, Any]:
    """Wait for *child*, and return its answer; raise `NeverEnded` if its time was up, `Crashed` if it has none."""
    with os.fdopen(child.reading) as answer:
        text = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child.process, 0)[1])
    if code in (-signal.SIGXCPU, -signal.SIGALRM):
        raise NeverEnded(signal.Signals(-code).name)
    if code or not text:
        raise Crashed(f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code} and no answer")
    found: dict[str, Any] = json.loads(text)
    return found
