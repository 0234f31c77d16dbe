"""Where mutants are tried: each in a child of its own, several at once."""

import select
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mutation.book import Book, Trial, Verdict
from mutation.faults import Enums, mutated
from mutation.reach import Reach
from mutation.sandbox import (
    ROOT,
    Child,
    Chosen,
    Crashed,
    Finder,
    FirstFailure,
    NeverEnded,
    answered,
    forked,
    run_tests,
)

NOTICED, NOBODY = (1, 2), (0, 5)
"""How pytest ends when a test failed, or a file could not be imported; and when none failed, or none was left."""


Parts = Sequence[Sequence[str]]
"""The tests of a mutant, in the parts that they are tried in."""


class Attempt(NamedTuple):
    """A mutant that is being tried on some of its tests, and what it is to be tried on if they notice nothing."""

    trial: Trial
    child: Child
    then: Parts = ()


class Bench:
    """Tries mutants, and writes down what became of them; what says nothing of one is `unclear`, and not remembered."""

    def __init__(self, reach: Reach, book: Book, *, enums: Enums, seconds: float) -> None:
        self._reach = reach
        self._book = book
        self._enums = enums
        self._seconds = seconds
        self.unclear: list[str] = []

    def try_all(self, todo: Sequence[Trial], *, jobs: int) -> None:
        """Try *todo* in its order, *jobs* at once."""
        began, done, running = time.monotonic(), 0, dict[int, Attempt]()
        left: list[tuple[Trial, Parts]] = [(trial, ()) for trial in reversed(todo)]
        while left or running:
            while left and len(running) < jobs:
                begun = self._begun(*left.pop())
                running[begun.child.reading] = begun
            for ready in select.select(list(running), [], [])[0]:
                attempt = running.pop(ready)
                then = self.judge(attempt)
                if then:
                    left.append((attempt.trial, then))
                    continue
                done += 1
                if done % 50 == 0:
                    print(f"{done} of {len(todo)} after {time.monotonic() - began:.0f} s", flush=True)

    def judge(self, attempt: Attempt) -> Parts:
        """Wait for the child, and remember what it says of its mutant; return what that is tried on next.

        It is remembered as one that survived when all of its tests were tried.
        """
        trial = attempt.trial
        try:
            verdict, by = judged(answered(attempt.child))
        except NeverEnded:
            verdict, by = Verdict.NEVER_ENDED, None
        except Crashed as error:
            self.unclear.append(f"{trial.module}:{trial.mutant.line}: {trial.mutant.now}: {error}")
            print(self.unclear[-1], file=sys.stderr, flush=True)
            return ()
        if verdict is Verdict.SURVIVED and attempt.then:
            return attempt.then
        self._book.write(trial, verdict, by=by)
        return ()

    def _begun(self, trial: Trial, parts: Parts) -> Attempt:
        first = self._book.killers(trial.module)
        parts = parts or self._reach.tests_for(trial.path, trial.mutant.line, seconds=self._seconds, first=first)
        module = ".".join(trial.path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

        def work() -> Mapping[str, Any]:
            sys.meta_path.insert(0, Finder(module, mutated(trial.source, trial.mutant, self._enums)))
            failure, chosen = FirstFailure(), Chosen(parts[0], known=self._reach.tests)
            return {"code": run_tests(chosen.files(), failure, chosen), "by": failure.test}

        return Attempt(trial, forked(work, cpu_seconds=int(15 + 3 * self._seconds)), parts[1:])


def judged(found: Mapping[str, Any]) -> tuple[Verdict, str | None]:
    """Return what *found* says of a mutant, and the test that noticed it; raise `Crashed` if it says nothing."""
    code, by = found["code"], found["by"]
    if code in NOTICED and by:
        return Verdict.KILLED, str(by)
    if code in NOBODY:
        return Verdict.SURVIVED, None
    raise Crashed(f"pytest ended with {code}")
