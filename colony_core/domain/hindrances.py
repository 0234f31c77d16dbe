"""What holds a machine up, since when, and what can be done about it now."""

from datetime import datetime

from msgspec import Struct

from colony_core.domain.assets import Asset, AssetStatus, maintenance_at
from colony_core.domain.plans import plan_of
from colony_core.domain.workflows import Run, StepState


class Hindrance(Struct, frozen=True, kw_only=True):
    """Why a machine does not get on. `step` is the blocking step, None where no work is under way.

    `remedies` are sentences that each name one thing that can be done now.
    """

    since: datetime
    workflow_id: str | None = None
    step: str | None = None
    code: str
    message: str
    remedies: tuple[str, ...]


def hindrance(asset: Asset, run: Run | None, *, now: datetime) -> Hindrance | None:
    """Return what holds *asset* up; *run* is the one that holds it. None while all goes its usual way.

    A machine is held up when its discovery has failed, when its work takes longer than it usually does, or when a
    step of it is at its last try.
    """
    if run is None:
        return _undiscovered(asset, now=now) if asset.status is AssetStatus.DISCOVERING else None
    state = run.current
    if state is None or run.parked:
        return None
    plan = plan_of(run)
    step = plan.step(state.name)
    began = run.started_at or run.created_at
    if state.error is not None and state.failures and state.failures >= step.tries - 1:
        tries = f"'{step.title}' has failed {state.failures} of {step.tries} times"
        return _working(run, state, since=state.started_at or began, message=f"{tries}: {state.error.message}")
    if now - began > plan.typical[1]:
        usual = round(plan.typical[1].total_seconds() / 60)
        message = f"The work goes on for longer than the usual {usual} minutes, at '{step.title}'"
        return _working(run, state, since=began + plan.typical[1], message=message)
    return None


def _undiscovered(asset: Asset, *, now: datetime) -> Hindrance:
    error = asset.last_error
    remedies = [f"Correct the cause, then discover it again: POST /api/v1/assets/{asset.id}/discover"]
    if maintenance_at(asset, now) is not None:
        remedies.append(f"Lift its maintenance first: PATCH /api/v1/assets/{asset.id}")
    if error is not None and error.code.startswith("BMC_"):
        remedies.append(f"Change the controller's credentials: PATCH /api/v1/assets/{asset.id}")
    remedies.append(f"Forget it: DELETE /api/v1/assets/{asset.id}")
    return Hindrance(
        since=error.at if error else asset.updated_at,
        code=error.code if error else "NOT_DISCOVERED",
        message=error.message if error else "The machine is not discovered, and nobody works on it",
        remedies=tuple(remedies),
    )


def _working(run: Run, state: StepState, *, since: datetime, message: str) -> Hindrance:
    ends = f"Wait: the step is given up at {state.deadline:%H:%M:%S} UTC at the latest" if state.deadline else None
    top = run.parent_id or run.id
    remedies = (
        ends or "Wait: the step is tried again by itself",
        f"Stop the work: POST /api/v1/workflows/{top}/cancel",
        f"Give the machine up: DELETE /api/v1/assets/{run.asset_id}?force=true",
    )
    return Hindrance(
        since=since,
        workflow_id=run.id,
        step=state.name,
        code=state.error.code if state.error else "SLOW",
        message=message,
        remedies=remedies,
    )
