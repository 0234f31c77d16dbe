"""Tries mutants of `colony_core/domain` on the tests, prints the figure, and lists those that nobody noticed.

make mutants                    every module, what was tried before is not tried again
make mutants ONLY=deciding      modules whose path contains this
make mutants SAMPLE=300         so many mutants of them; a larger sample contains the smaller one
make mutants PROCESSOR=20       seconds of it for the tests of each: what survived with less is tried again

Ctrl-C, or SIGTERM, ends it with the figure of what was tried so far.
"""

import argparse
import os
import signal
import sys
from contextlib import suppress

from mutation.bench import Bench
from mutation.book import DOMAIN, Book, Trial, sampled
from mutation.faults import enums_of, mutants
from mutation.reach import digest_of_tests, learnt
from mutation.report import figure
from mutation.sandbox import ROOT, prepare

FOLDER = ROOT / "build" / "mutants"


def main() -> int:
    """Try what is asked for; return 1 if a trial said nothing."""
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
    chosen = sampled(trials, arguments.sample, seed=arguments.seed)
    reach = learnt(FOLDER, DOMAIN)
    book = Book(FOLDER / "tried.jsonl", tests=digest_of_tests(), seconds=arguments.seconds)
    bench = Bench(reach, book, enums=enums, seconds=arguments.seconds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        bench.try_all([trial for trial in chosen if not book.knows(trial)], jobs=arguments.jobs)
    print(figure(book.entries(chosen), made=len(trials)))
    print("\n".join(bench.unclear), file=sys.stderr)
    return 1 if bench.unclear else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--only", default="", help="modules whose path contains this")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants; 0 is all of them")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--seconds", type=float, default=2.5, help="of the processor, for the tests of one mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
