"""A plan's fingerprint, which tells later what of it has changed.

It is `p1` and 12 hexadecimal digits for each part: the cluster, its steps, then each machine's disk and the rest of
its installation, in the order of the plan. So two fingerprints can be compared part by part, and nobody has to keep
the plan itself.
"""

import hashlib

import msgspec
from msgspec.structs import replace

from colony_core.domain.building import BuildPlan, MachinePlan
from colony_core.domain.orders import DiskIdentity
from colony_core.errors import Conflict, Invalid

_VERSION = "p1"
_DIGITS = 12
_NO_DISK = DiskIdentity(name="", model="", serial="", wwn="", size_bytes=0)


class PlanHashInvalid(Invalid):
    """The text is no fingerprint of a plan."""

    code = "PLAN_HASH_INVALID"
    summary = "Invalid plan hash"
    advice = "Use `planHash` of a dry run as it is, or leave it out."


class PlanChanged(Conflict):
    """What would be done now is not what the dry run showed; `changes` says where they differ."""

    code = "PLAN_CHANGED"
    summary = "Plan has changed"
    advice = "Look at a new dry run; if it is still what you want, create the cluster with its planHash."

    def __init__(self, changes: tuple[str, ...]) -> None:
        super().__init__(f"The world has changed since the dry run: {'; '.join(changes)}")
        self.changes = changes


def plan_hash(plan: BuildPlan) -> str:
    """Return the fingerprint of *plan*; equal plans have equal ones."""
    return ".".join([_VERSION, *(digest for _, digest in _parts(plan))])


def require_plan(expected: str, plan: BuildPlan) -> None:
    """Raise `PlanChanged` when *plan* is not the one whose fingerprint is *expected*."""
    version, *digests = expected.split(".")
    if version != _VERSION or not digests or any(len(digest) != _DIGITS for digest in digests):
        raise PlanHashInvalid(f"'{expected[:40]}' is not the planHash of a dry run by this release")
    parts = _parts(plan)
    if len(parts) != len(digests):
        raise PlanChanged((f"it has {len(parts) // 2 - 1} machines now",))
    changes = tuple(words for (words, now), before in zip(parts, digests, strict=True) if now != before)
    if changes:
        raise PlanChanged(changes)


def _parts(plan: BuildPlan) -> tuple[tuple[str, str], ...]:
    """Return each part of *plan*: how it is now in words, and its digest."""
    whole = (
        (f"the cluster '{plan.spec.name}' is asked for differently", _digest(plan.spec)),
        ("its steps are " + ", ".join(step.name for step in plan.steps), _digest(plan.steps)),
    )
    return whole + tuple(part for machine in plan.machines for part in _machine_parts(machine))


def _machine_parts(machine: MachinePlan) -> tuple[tuple[str, str], ...]:
    disk = machine.install.disk
    written = f"{disk.model} serial {disk.serial}, {disk.size_bytes} bytes"
    rest = (machine.asset_id, machine.role, replace(machine.install, disk=_NO_DISK), machine.steps)
    return (
        (f"the disk of {machine.asset_id} that would be written is now {written}", _digest(disk)),
        (f"what would be installed on {machine.asset_id} is different now", _digest(rest)),
    )


def _digest(part: object) -> str:
    return hashlib.sha256(msgspec.json.encode(part, order="deterministic")).hexdigest()[:_DIGITS]
