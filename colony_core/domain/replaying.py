"""Runs a journal through today's plans and today's `decide` again, and tells where that leads elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.deciding import decide
from colony_core.domain.histories import (
    Befallen,
    Began,
    CalledIn,
    Happening,
    History,
    Journal,
    Parked,
    Reported,
    Standing,
    changed,
    standing,
    without_ticket,
)
from colony_core.domain.plans import PLANS
from colony_core.domain.steps import Plan
from colony_core.domain.workflows import Run

NOTHING = "nothing"

Plans = Mapping[tuple[str, int], Plan]


class Difference(Struct, frozen=True, kw_only=True):
    """One field in which a replay is not as it was.

    `number` counts the happenings of the run from 1, and `what` is the kind of that one; both are None for a field of
    the run as it is at last.
    """

    run_id: str
    number: int | None = None
    at: datetime | None = None
    what: str | None = None
    field: str
    recorded: str
    replayed: str


class Replay(Struct, frozen=True):
    """How the runs of a journal stand after today's decider, and where that differs.

    Of every run the first happening that differs is told, and then the run as it is at last: what comes between
    follows from the first.
    """

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Tell whether everything went as it did."""
        return not self.differences


def replay(journal: Journal, plans: Plans = PLANS) -> Replay:
    """Return how *journal* goes today; it touches nothing but its arguments."""
    outcomes = [_relived(history, plans) for history in journal.histories]
    return Replay(tuple(run for run, _ in outcomes), tuple(difference for _, found in outcomes for difference in found))


def _relived(history: History, plans: Plans) -> tuple[Run, Sequence[Difference]]:
    run = _beginning(history)
    plan = plans.get((run.plan, run.plan_version))
    strange = _strange(run, plan)
    if plan is None or strange:
        return run, strange
    found: list[Difference] = []
    for number, happening in enumerate(history.happenings, 1):
        run, after = _after(plan, run, happening.what, now=happening.at)
        if not found and after != happening.after:
            found += _astray(run.id, number, happening, after)
    return run, [*found, *_elsewhere(history.run, run)]


def _beginning(history: History) -> Run:
    first = history.happenings[0].what
    assert isinstance(first, Began), "a history begins with the beginning of its run"
    return first.run


def _strange(run: Run, plan: Plan | None) -> list[Difference]:
    """Return why *run* cannot be walked along *plan* at all: it is unknown, or has other steps."""
    if plan is None:
        known = f"{run.plan} version {run.plan_version}"
        return [Difference(run_id=run.id, field="plan", recorded=known, replayed=NOTHING)]
    recorded, today = [state.name for state in run.steps], [step.name for step in plan.steps]
    if recorded == today:
        return []
    return [Difference(run_id=run.id, field="steps", recorded=", ".join(recorded), replayed=", ".join(today))]


def _after(plan: Plan, run: Run, what: Befallen, *, now: datetime) -> tuple[Run, Standing]:
    match what:
        case Began(began):
            return began, standing(began)
        case Reported() | Parked() | CalledIn():
            run = changed(run, what, now=now)
            return run, standing(run)
    decision = decide(plan, run, what, now=now)
    return decision.run, standing(decision.run, decision.effects)


def _astray(run_id: str, number: int, happening: Happening, after: Standing) -> Iterator[Difference]:
    for field, recorded, replayed in _unequal(happening.after, after):
        yield Difference(
            run_id=run_id,
            number=number,
            at=happening.at,
            what=kind_of(happening.what),
            field=field,
            recorded=recorded,
            replayed=replayed,
        )


def _elsewhere(recorded: Run, replayed: Run) -> Iterator[Difference]:
    for field, before, after in _unequal(_comparable(recorded), _comparable(replayed)):
        yield Difference(run_id=recorded.id, field=field, recorded=before, replayed=after)


def kind_of(what: Befallen) -> str:
    """Return the word by which journals call what befell a run."""
    return str(type(what).__struct_config__.tag)


def _comparable(run: Run) -> Run:
    """Return *run* without what no history knows: its ticket, and how often it was stored."""
    return replace(without_ticket(run), revision=0)


def _unequal(recorded: Struct, replayed: Struct) -> Iterator[tuple[str, str, str]]:
    before, after = (dict(_fields(msgspec.to_builtins(value))) for value in (recorded, replayed))
    for field in dict.fromkeys((*before, *after)):
        pair = before.get(field, NOTHING), after.get(field, NOTHING)
        if pair[0] != pair[1]:
            yield field, *pair


def _fields(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every leaf with its path, as in `steps.power-on.attempt`.

    Sentences are for people and may be put better: only the codes of faults are compared.
    """
    match value:
        case dict():
            for name, inner in value.items():
                if name != "message":
                    yield from _fields(inner, f"{path}.{name}" if path else name)
        case list() | tuple():
            for place, inner in enumerate(value):
                name = inner.get("name", place) if isinstance(inner, dict) else place
                yield from _fields(inner, f"{path}.{name}")
        case _:
            yield path, NOTHING if value is None else str(value)
