"""What a cluster's creation would do, as `dryRun` shows it."""

from datetime import timedelta

from msgspec import Struct

from colony_core.domain.building import BuildPlan, MachinePlan
from colony_core.domain.clusters import Advice, Role
from colony_core.domain.plan_hashes import plan_hash
from colony_core.domain.steps import Step
from colony_http.shapes_workflows import DiskIdentityView


class PlannedStepView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One step; `withinSeconds` bounds one of its `tries` attempts."""

    name: str
    title: str
    within_seconds: int
    tries: int

    @classmethod
    def of(cls, step: Step) -> "PlannedStepView":
        """Return *step* as clients see it."""
        return cls(name=step.name, title=step.title, within_seconds=_seconds(step.within), tries=step.tries)


class PlannedMachineView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What would happen to one machine: everything on `disk` would be destroyed."""

    asset_id: str
    role: Role
    hostname: str
    ip: str | None
    subnet: str | None
    gateway: str | None
    disk: DiskIdentityView
    destroys: str
    steps: tuple[PlannedStepView, ...]

    @classmethod
    def of(cls, machine: MachinePlan) -> "PlannedMachineView":
        """Return *machine* as clients see it."""
        install, network = machine.install, machine.install.network
        disk = install.disk
        return cls(
            asset_id=machine.asset_id,
            role=machine.role,
            hostname=install.hostname,
            ip=network.ip if network else None,
            subnet=str(network.prefix) if network else None,
            gateway=network.gateway if network else None,
            disk=DiskIdentityView.of(disk),
            destroys=f"everything on {disk.name} ({disk.model}, serial {disk.serial})",
            steps=tuple(map(PlannedStepView.of, machine.steps)),
        )


class EstimateView(Struct, frozen=True, rename="camel"):
    """How long it usually takes, at least and at most."""

    least_seconds: int
    most_seconds: int


class PlanView(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the same request without `dryRun` would do; nothing of it has been done."""

    name: str
    dry_run: bool
    plan_hash: str
    machines: tuple[PlannedMachineView, ...]
    steps: tuple[PlannedStepView, ...]
    warnings: tuple[Advice, ...]
    estimate: EstimateView

    @classmethod
    def of(cls, plan: BuildPlan) -> "PlanView":
        """Return *plan* as clients see it."""
        return cls(
            name=plan.spec.name,
            dry_run=True,
            plan_hash=plan_hash(plan),
            machines=tuple(map(PlannedMachineView.of, plan.machines)),
            steps=tuple(map(PlannedStepView.of, plan.steps)),
            warnings=plan.warnings,
            estimate=EstimateView(*map(_seconds, plan.estimate)),
        )


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
