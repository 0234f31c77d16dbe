"""The page of the lifecycle and of every plan, made from the tables that the code itself follows."""

from collections.abc import Iterable
from datetime import timedelta

from colony_core.domain.assets import LIFECYCLE, REQUESTS, AssetStatus
from colony_core.domain.outcomes import CLOSING
from colony_core.domain.plans import PLANS
from colony_core.domain.steps import Ask, Await, FanOut, Perform, Plan, Step

HEAD = """\
# The lifecycle of machines, and the plans of work

<!-- Written by tools/write_docs.py out of the tables in colony_core/domain. -->

A machine has one of five statuses. Whoever asks for a move that the table does not have gets a 409 that names the
present status and what is allowed in it. Power, reachability and maintenance are no statuses.
"""

PLANS_HEAD = """\
## Plans

Every workflow walks the steps of a plan, and keeps the plan that it began with. A step that fails is tried again after
a pause that doubles, up to two minutes, and begins where "back to" says. When a whole workflow is tried again, the
steps before the one in "tried again from" are kept. An attempt that the end of the service cut off is no failure: it
is begun anew.
"""


def lifecycle_page() -> str:
    """Return docs/lifecycle.md."""
    plans = "\n".join(_plan(plan) for plan in PLANS.values())
    return f"{HEAD}\n{_diagram()}\n{_moves()}\n{_endings()}\n{PLANS_HEAD}\n{plans}"


def _diagram() -> str:
    lines = [f"    {origin} --> {target}: {move}" for (origin, move), target in LIFECYCLE.items()]
    begin = f"    [*] --> {AssetStatus.DISCOVERING}: register"
    return "\n".join(["```mermaid", "stateDiagram-v2", begin, *lines, "```", ""])


def _moves() -> str:
    rows = [
        (origin, move, target, "a person" if move in REQUESTS else "the end of work")
        for (origin, move), target in LIFECYCLE.items()
    ]
    return "## Moves\n\n" + _table(("From", "Move", "To", "Asked for by"), rows)


def _endings() -> str:
    rows = [(kind, status, move) for (kind, status), move in CLOSING.items()]
    head = "## How work ends\n\nAn end that is not here leaves the status as it is.\n\n"
    return head + _table(("Workflow", "Ends", "Move"), rows)


def _plan(plan: Plan) -> str:
    least, most = (_span(each) for each in plan.typical)
    parts = [f"### {plan.key}, version {plan.version}\n\nUsually takes {least} to {most}.\n", _steps(plan.steps)]
    for words, steps in (("a failure", plan.after_failure), ("a cancel", plan.after_cancel)):
        if steps:
            parts.append(
                f"After {words}: {', '.join(f'`{step.name}`' for step in steps)} ({steps[0].title.lower()}).\n"
            )
    return "\n".join(parts)


def _steps(steps: tuple[Step, ...]) -> str:
    rows = [
        (
            f"`{step.name}`",
            step.title,
            _doing(step),
            _span(step.within),
            str(step.tries),
            f"`{step.back_to}`" if step.back_to else "",
            f"`{step.resume_at or step.back_to or step.name}`",
        )
        for step in steps
    ]
    return _table(("Step", "Title", "Does", "Within", "Tries", "Back to", "Tried again from"), rows)


def _doing(step: Step) -> str:
    match step.do:
        case Perform(action):
            return f"performs `{action}`"
        case Await(signal):
            return f"waits for `{signal}`"
        case Ask(chore):
            return f"asks a person to `{chore}`"
        case FanOut():
            return "one workflow for each machine"


def _span(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)
