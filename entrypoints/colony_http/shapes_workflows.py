"""A workflow as clients see it: its steps with their titles, how far it has come, and what it leaves behind."""

from datetime import datetime

import msgspec
from msgspec import UNSET, Struct, UnsetType

from colony_core import Run, RunStatus, WipeMethod, WorkflowType
from colony_core.domain.decisions import Level
from colony_core.domain.events import Entry
from colony_core.domain.orders import DiskIdentity
from colony_core.domain.plans import plan_of
from colony_core.domain.reports import InstallReceipt, Report, WipeCertificate
from colony_core.domain.steps import Plan
from colony_core.domain.workflows import StepState, StepStatus, progress
from colony_core.ports.persistence import RunFilter
from colony_http.shapes_paging import PagingQuery


class ProgressView(Struct, frozen=True):
    """How far the work has come, in steps; those of a cluster's machines count too."""

    done: int
    total: int
    percent: int


class FaultView(Struct, frozen=True):
    """Why something failed: a stable code, and a sentence that says what to do."""

    code: str
    message: str


class StepView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One step. `kept` marks one that an earlier run had finished and this one took over."""

    name: str
    title: str
    status: StepStatus
    attempt: int
    kept: bool
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None
    error: FaultView | None

    @classmethod
    def of(cls, state: StepState, plan: Plan) -> "StepView":
        """Return a step in *state*, with the title that *plan* gives it."""
        return cls(
            name=state.name,
            title=plan.step(state.name).title,
            status=state.status,
            attempt=state.attempt,
            kept=state.kept,
            started_at=state.started_at,
            finished_at=state.finished_at,
            deadline=state.deadline,
            error=_fault(state.error),
        )


class ChildView(Struct, frozen=True, kw_only=True, rename="camel"):
    """The workflow of one machine of a cluster."""

    workflow_id: str
    asset_id: str
    status: RunStatus


class DiskIdentityView(Struct, frozen=True, rename="camel"):
    """One disk, named so that no other can be meant."""

    name: str
    model: str
    serial: str
    wwn: str
    size_bytes: int

    @classmethod
    def of(cls, disk: DiskIdentity) -> "DiskIdentityView":
        """Return *disk* as clients see it."""
        return msgspec.convert(disk, cls, from_attributes=True)


class ErasureView(Struct, frozen=True, rename="camel"):
    """How one disk was erased; `verified`: it was read back and found empty, `bytesVerified` of it."""

    disk: DiskIdentityView
    method: WipeMethod
    bytes_erased: int
    verified: bool
    bytes_verified: int


class WipeCertificateView(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="wipe"):
    """What was erased, disk by disk."""

    disks: tuple[ErasureView, ...]
    at: datetime


class InstallReceiptView(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="install"):
    """What was installed, and where."""

    template: str
    disk: DiskIdentityView
    bytes_written: int
    at: datetime


class WorkflowView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One piece of work. `currentStep` names the step that it stands at; `report` is the proof that it leaves."""

    id: str
    type: WorkflowType
    status: RunStatus
    asset_id: str | None
    cluster_id: str | None
    parent_id: str | None
    retry_of: str | None
    progress: ProgressView
    current_step: str | None
    steps: tuple[StepView, ...]
    children: tuple[ChildView, ...]
    cancel_requested: bool
    error: FaultView | None
    report: WipeCertificateView | InstallReceiptView | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_seconds: float | None

    @classmethod
    def of(cls, run: Run, children: tuple[Run, ...] = (), *, now: datetime) -> "WorkflowView":
        """Return *run* as clients see it at *now*."""
        plan = plan_of(run)
        return cls(
            id=run.id,
            type=run.type,
            status=run.status,
            asset_id=run.asset_id,
            cluster_id=run.cluster_id,
            parent_id=run.parent_id,
            retry_of=run.retry_of,
            progress=progress_view(run, children),
            current_step=run.current.name if run.current else None,
            steps=tuple(StepView.of(state, plan) for state in run.steps),
            children=tuple(
                ChildView(workflow_id=child.run_id, asset_id=child.asset_id, status=child.status)
                for child in run.children
            ),
            cancel_requested=run.cancel_requested,
            error=_fault(run.error),
            report=_report(run.report),
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            duration_seconds=_duration(run, now),
        )


class WorkflowList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the workflows, oldest first; `nextCursor` is null on the last page."""

    workflows: tuple[WorkflowView, ...]
    next_cursor: str | None = None


class WorkflowQuery(PagingQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which workflows."""

    status: RunStatus | UnsetType = UNSET
    type: WorkflowType | UnsetType = UNSET
    asset_id: str | UnsetType = UNSET
    cluster_id: str | UnsetType = UNSET

    def where(self) -> RunFilter:
        """Return the filter in the words of the core."""
        return RunFilter(
            status=self.status.value if self.status else None,
            type=self.type.value if self.type else None,
            asset_id=_given(self.asset_id),
            cluster_id=_given(self.cluster_id),
        )


class LogView(Struct, frozen=True):
    """One line of a workflow's log."""

    at: datetime
    step: str | None
    level: Level
    message: str

    @classmethod
    def of(cls, entry: Entry) -> "LogView":
        """Return *entry* as a line of a log."""
        return cls(entry.at, entry.step, entry.level, entry.message)


class LogList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of a workflow's log, oldest first; `nextCursor` is null on the last page."""

    logs: tuple[LogView, ...]
    next_cursor: str | None = None


def progress_view(run: Run, children: tuple[Run, ...]) -> ProgressView:
    """Return how far *run* and its *children* have come."""
    steps = progress(run, children)
    return ProgressView(steps.done, steps.total, steps.percent)


def _given(text: str | UnsetType) -> str | None:
    return None if text is UNSET else text


def _fault(fault: object) -> FaultView | None:
    return msgspec.convert(fault, FaultView | None, from_attributes=True)


def _report(report: Report | None) -> WipeCertificateView | InstallReceiptView | None:
    match report:
        case WipeCertificate(disks=disks, at=at):
            erasures = tuple(
                ErasureView(
                    DiskIdentityView.of(one.disk), one.method, one.bytes_erased, one.verified, one.bytes_verified
                )
                for one in disks
            )
            return WipeCertificateView(disks=erasures, at=at)
        case InstallReceipt(template=template, disk=disk, bytes_written=written, at=at):
            shown = DiskIdentityView.of(disk)
            return InstallReceiptView(template=template, disk=shown, bytes_written=written, at=at)
    return None


def _duration(run: Run, now: datetime) -> float | None:
    if run.started_at is None:
        return None
    return round(max(0.0, ((run.finished_at or now) - run.started_at).total_seconds()), 3)
