"""Prints, at the end, which suites found which fault, and by which law or test."""

from collections.abc import Iterator

import pytest

FOUND_BY = "found by"


@pytest.fixture
def found_by(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Give the test a list to say in who found its fault; what is in it goes with the report to whoever prints."""
    lines: list[str] = []
    yield lines
    request.node.user_properties.append((FOUND_BY, lines))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what each suite says of each fault."""
    reports = [report for kind in ("passed", "failed", "") for report in terminalreporter.getreports(kind)]
    found = {
        report.nodeid.partition("[")[2].rstrip("]"): lines
        for report in reports
        for name, lines in getattr(report, "user_properties", ())
        if name == FOUND_BY
    }
    terminalreporter.section("planted faults, and what each suite says of them")
    for title, (*tests, words) in sorted(found.items()):
        more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        terminalreporter.write_line(f"{title} | {tests[0] if tests else 'NOT FOUND'}{more} | {words[:150]}")
