"""The report of a run, for people."""

from collections import Counter
from collections.abc import Iterable
from statistics import median

from soak.running import Report


def written(report: Report) -> str:
    """Return *report* as text."""
    course = report.course
    lines = [
        f"seed {course.seed}: {course.servers} servers, {course.workers} workers, {course.machines} machines at"
        f" {course.speed:g} times, takeover within {course.takeover:g} s",
        f"{report.seconds:.0f} s, {report.events} events, workflows: {_counts(report.ended)}",
        f"answers: {_counts(report.statuses)}",
        "",
        "what was done to whom:",
        *_deeds(report),
        "",
        "how long the work of a killed worker lay still:",
        *_takeovers(report),
        "",
        f"workflows that did not complete: {len(report.failed)}",
        *(f"  {words}" for words in report.failed),
        f"what must not be: {len(report.wrong)}",
        *(f"  {words}" for words in report.wrong),
    ]
    return "\n".join(lines)


def _deeds(report: Report) -> Iterable[str]:
    counted = Counter((deed.whom, deed.what) for deed in report.deeds)
    for (whom, what), times in sorted(counted.items()):
        lasted = [deed.lasted for deed in report.deeds if (deed.whom, deed.what) == (whom, what)]
        yield f"  {whom:<12} {what:<28} {times:>3} times, {min(lasted):.1f} to {max(lasted):.1f} s"


def _takeovers(report: Report) -> Iterable[str]:
    for disturbed, when in ((False, "database and other workers there"), (True, "database or other workers away")):
        seconds = [each.seconds for each in report.takeovers if each.disturbed is disturbed]
        if seconds:
            yield (
                f"  {when}: {len(seconds)} times; least {min(seconds):.1f} s, median {median(seconds):.1f} s,"
                f" most {max(seconds):.1f} s"
            )
    if not report.takeovers:
        yield "  no worker was killed with work in its hands"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
