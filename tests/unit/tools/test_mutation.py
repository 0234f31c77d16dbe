"""A mutant counts as found only when a test failed or its time was up; a child that crashes says nothing of it."""

import ast
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from mutation.bench import Attempt, Bench, Parts
from mutation.book import DOMAIN, Book, Trial, Verdict, sampled
from mutation.faults import mutants, mutated
from mutation.reach import Reach
from mutation.report import figure, interval
from mutation.sandbox import forked

# The children here do one small thing and end; no lock of another thread is waited for.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

SOURCE = "def least(a, b):\n    return a if a < b else b\n"
TRIALS = [Trial(DOMAIN / "least.py", SOURCE, mutant) for mutant in mutants(SOURCE, {})]
Work = Callable[[], Mapping[str, Any]]


def a_reach() -> Reach:
    """Return what is known of three tests, two of which reach a line."""
    own, page, other = "domain/test_least.py::test_a", "tools/test_pages.py::test_b", "domain/test_other.py::test_c"
    seconds = {own: 0.3, page: 0.2, other: 0.1}
    return Reach({"lines": {str(DOMAIN / "least.py"): {"2": [own, other]}}, "seconds": seconds})


def a_book(folder: Path, *, tests: str = "these", seconds: float = 1) -> Book:
    """Return the book in *folder*, as a run on these tests opens it."""
    return Book(folder / "tried.jsonl", tests=tests, seconds=seconds)


def tried(work: Work, book: Book, **limits: int) -> Bench:
    """Return the bench after one trial whose child did *work*."""
    bench = Bench(a_reach(), book, enums={}, seconds=1)
    bench.judge(Attempt(TRIALS[0], forked(work, **limits)))
    return bench


def ending(code: int, *, by: str | None) -> Work:
    """Return the work of a child in which pytest ended with *code*."""
    return lambda: {"code": code, "by": by}


def spinning() -> NoReturn:
    """Take the processor for ever."""
    while True:
        pass


def waiting() -> NoReturn:
    """Take nothing, for ever."""
    while True:
        signal.pause()


def killed_by(number: int) -> Work:
    """Return the work of a child that a signal ends."""

    def work() -> Mapping[str, Any]:
        os.kill(os.getpid(), number)
        return {"code": 0, "by": None}

    return work


def raising() -> NoReturn:
    """Fail in a way that is no test's."""
    raise BrokenPipeError


@pytest.mark.parametrize(
    ("work", "verdict"),
    [
        (ending(1, by="test_a"), Verdict.KILLED),
        (ending(2, by="test_least.py (import)"), Verdict.KILLED),
        (ending(0, by=None), Verdict.SURVIVED),
        (ending(5, by=None), Verdict.SURVIVED),
    ],
)
def test_what_the_tests_say_is_remembered(work: Work, verdict: Verdict, tmp_path: Path) -> None:
    bench = tried(work, a_book(tmp_path))

    assert not bench.unclear
    assert [entry["verdict"] for entry in a_book(tmp_path).entries(TRIALS)] == [verdict]


@pytest.mark.parametrize(("work", "limits"), [(spinning, {"cpu_seconds": 1}), (waiting, {"wall": 1})])
def test_a_child_whose_time_is_up_never_ended(work: Work, limits: dict[str, int], tmp_path: Path) -> None:
    bench = tried(work, a_book(tmp_path), **limits)

    assert not bench.unclear
    assert [entry["verdict"] for entry in a_book(tmp_path).entries(TRIALS)] == [Verdict.NEVER_ENDED]


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (killed_by(signal.SIGTERM), "ended by SIGTERM"),
        (killed_by(signal.SIGKILL), "ended by SIGKILL"),
        (raising, "ended with 3 and no answer"),
        (ending(1, by=None), "pytest ended with 1"),
        (ending(3, by="test_a"), "pytest ended with 3"),
        (ending(4, by=None), "pytest ended with 4"),
    ],
)
def test_a_crash_is_shown_and_is_neither_found_nor_remembered(work: Work, words: str, tmp_path: Path) -> None:
    book = a_book(tmp_path)

    bench = tried(work, book)

    assert [line.endswith(words) for line in bench.unclear] == [True]
    assert not book.knows(TRIALS[0])
    assert a_book(tmp_path).entries(TRIALS) == []


def test_what_survived_is_tried_again_when_the_tests_change_or_have_more_time(tmp_path: Path) -> None:
    a_book(tmp_path).write(TRIALS[0], Verdict.SURVIVED, by=None)
    a_book(tmp_path).write(TRIALS[1], Verdict.KILLED, by="test_a")

    for known, book in (
        (True, a_book(tmp_path)),
        (False, a_book(tmp_path, tests="others")),
        (False, a_book(tmp_path, seconds=9)),
    ):
        assert book.knows(TRIALS[0]) is known
        assert book.knows(TRIALS[1])


def test_a_larger_sample_contains_the_smaller_one_and_no_module_moves_another() -> None:
    others = [trial._replace(path=DOMAIN / "other.py") for trial in TRIALS]
    small, large = (sampled(TRIALS, size, seed=1) for size in (2, 0))

    assert large[:2] == small
    assert sorted(large) == sorted(TRIALS)
    assert [trial for trial in sampled(TRIALS + others, 0, seed=1) if trial in TRIALS] == large


def test_the_tests_of_the_modules_own_file_and_those_that_found_most_go_before_the_others() -> None:
    own, page, other = a_reach().tests

    def parts(line: int, *first: str) -> list[list[str]]:
        return a_reach().tests_for(DOMAIN / "least.py", line, seconds=1, first=first)

    assert parts(2) == [[own], [other]]
    assert parts(2, other) == [[other, own]]
    assert parts(1) == [[page, own], [other]], "what runs at import is compared with the pages of docs too"


def test_what_the_first_tests_do_not_notice_is_tried_on_the_others(tmp_path: Path) -> None:
    book = a_book(tmp_path)
    bench = Bench(a_reach(), book, enums={}, seconds=1)

    def after(work: Work) -> Parts:
        return bench.judge(Attempt(TRIALS[0], forked(work), then=[["test_b"]]))

    assert after(ending(0, by=None)) == [["test_b"]]
    assert not book.knows(TRIALS[0])
    assert after(ending(1, by="test_a")) == ()
    assert book.knows(TRIALS[0])


def test_mutants_are_small_changes_of_what_a_program_decides_by() -> None:
    changed = [(trial.mutant.was, trial.mutant.now) for trial in TRIALS]

    assert ("a < b", "a <= b") in changed
    assert ("a if a < b else b", "a if True else b") in changed
    assert all(ast.unparse(mutated(SOURCE, trial.mutant, {})) != ast.unparse(ast.parse(SOURCE)) for trial in TRIALS)


def test_the_figure_has_an_interval_unless_everything_was_tried(tmp_path: Path) -> None:
    book = a_book(tmp_path)
    for trial in TRIALS:
        book.write(trial, Verdict.KILLED, by="test_a")

    assert "95 % interval" in figure(book.entries(TRIALS[:1]), made=len(TRIALS))
    assert "(100.0 %; all there are)" in figure(book.entries(TRIALS), made=len(TRIALS))
    assert interval(50, 100, made=10**9) == pytest.approx((0.404, 0.596), abs=0.001)
    assert interval(50, 100, made=100) == (0.5, 0.5)


def test_a_statement_that_is_lost_is_tried_on_the_tests_that_reach_it() -> None:
    source = "def told(a, log):\n    if a:\n        log.append(a)\n        log.append(2)\n"
    lost = [mutant for mutant in mutants(source, {}) if "pass" in mutant.now]

    assert [(mutant.line, mutant.was) for mutant in lost] == [(3, "log.append(a)"), (4, "log.append(2)")]


def test_each_part_has_its_own_time_and_the_first_of_its_tests_in_any_case() -> None:
    own, page, other = a_reach().tests

    assert a_reach().tests_for(DOMAIN / "least.py", 1, seconds=0.2) == [[page], [other]]
    assert a_reach().tests_for(DOMAIN / "least.py", 1, seconds=0.01) == [[page], [other]]
    assert a_reach().tests_for(DOMAIN / "least.py", 1, seconds=0.5) == [[page, own], [other]]
