"""What is printed: the machine, and one table for each kind of figure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from benchmarks.machine import Machine
from benchmarks.provisioning import Provisioning
from benchmarks.waiting import Waiting
from benchmarks.wire import Comparison


class Report(Struct, frozen=True, kw_only=True):
    """Everything that one run found out."""

    at: datetime
    machine: Machine
    wire: tuple[Comparison, ...] = ()
    provisioning: tuple[Provisioning, ...] = ()
    waiting: tuple[Waiting, ...] = ()


def as_text(report: Report) -> str:
    """Return the report for people; its tables are Markdown too."""
    parts = [about(report.at, report.machine)]
    if report.wire:
        parts.append(table(_WIRE_HEAD, [_wire_row(one) for one in report.wire]))
    if report.provisioning:
        parts.append(table(_PROVISIONING_HEAD, [_provisioning_row(one) for one in report.provisioning]))
    if report.waiting:
        parts.append(table(_WAITING_HEAD, [_waiting_row(one) for one in report.waiting]))
    return "\n\n".join(parts) + "\n"


def about(at: datetime, machine: Machine) -> str:
    """Return when and where figures were taken, in four lines."""
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    facts = (
        f"{at:%Y-%m-%d %H:%M} UTC, {machine.cores} cores ({machine.processor})",
        f"load {machine.load:.1f} before the run, Linux {machine.kernel}, {machine.file_system}",
        f"{machine.python}, SQLite {machine.sqlite}",
        libraries,
    )
    return "\n".join(facts)


_WIRE_HEAD = (
    "request",
    "assets",
    "floor req/s",
    "req/s",
    "of floor",
    "of smallest",
    "floor p99 ms",
    "p50 ms",
    "p99 ms",
    "floor CPU ms",
    "CPU ms",
    "bytes",
    "failed",
)


def _wire_row(one: Comparison) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.assets:,}",
        f"{one.floor.per_second:,.0f}",
        f"{one.product.per_second:,.0f}",
        f"{one.share_of_floor:.2f}",
        f"{one.share_of_smallest:.2f}",
        f"{one.floor.p99:.1f}",
        f"{one.product.p50:.1f}",
        f"{one.product.p99:.1f}",
        f"{one.floor.cpu_ms:.2f}",
        f"{one.product.cpu_ms:.2f}",
        f"{one.product.body_bytes:,}",
        f"{one.floor.failures + one.product.failures}",
    )


_PROVISIONING_HEAD = (
    "machines at once",
    "provisioned",
    "real s",
    "per s",
    "CPU ms each",
    "simulated min",
    "bare commits/s",
)


def _provisioning_row(one: Provisioning) -> tuple[str, ...]:
    return (
        f"{one.machines:,}",
        f"{one.provisioned:,}",
        f"{one.seconds:.2f}",
        f"{one.rate:.0f}",
        f"{1000 * one.cpu_seconds / one.machines:.1f}",
        f"{one.simulated_seconds / 60:.0f}",
        f"{one.commits_per_second:,.0f}",
    )


_WAITING_HEAD = (
    "assets",
    "waiting",
    "start s",
    "of empty",
    "CPU s to idle",
    "RSS MB",
    "bytes each",
    "idle CPU %",
    "/metrics ms",
)


def _waiting_row(one: Waiting) -> tuple[str, ...]:
    start = one.start
    return (
        f"{one.assets:,}",
        f"{one.waiting:,}",
        f"{start.seconds:.2f}",
        f"{one.slower:.2f}",
        f"{start.cpu_seconds:.2f}",
        f"{start.memory_bytes / 1e6:.1f}",
        "" if one.bytes_each is None else f"{one.bytes_each:,.0f}",
        f"{100 * start.idle_cpu:.1f}",
        f"{1000 * start.metrics_seconds:.1f}",
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose figures stand under each other."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = [_line(row, widths) for row in (head, *rows)]
    rule = "| " + " | ".join("-" * (width - 1) + (":" if place else "-") for place, width in enumerate(widths)) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join(cells) + " |"
