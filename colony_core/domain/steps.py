"""What plans are made of: steps, and what each of them does, waits for or asks a person for."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct


class WorkflowType(StrEnum):
    """What a workflow does, as the API names it."""

    ASSET_DISCOVERY = "asset-discovery"
    OS_PROVISION = "os-provision"
    DISK_WIPE = "disk-wipe"
    ASSET_REBOOT = "asset-reboot"
    CLUSTER_PROVISION = "cluster-provision"
    CLUSTER_SCALE = "cluster-scale"
    BMC_ROTATION = "bmc-rotation"


class Action(StrEnum):
    """What a step asks of a port; the answer is its outcome. Every action is safe to repeat."""

    CONTACT = "contact"
    INSPECT = "inspect"
    POWER_OFF = "power-off"
    POWER_ON = "power-on"
    RESTART = "restart"
    BOOT_FROM_NETWORK = "boot-from-network"
    BOOT_FROM_DISK = "boot-from-disk"
    SET_ASKED_BOOT_DEVICE = "set-asked-boot-device"
    CREATE_AUTHORITY = "create-authority"
    BOOTSTRAP = "bootstrap"
    CHECK_API = "check-api"
    CHECK_NODES = "check-nodes"
    INSTALL_STACK = "install-stack"
    CHECK_STACK = "check-stack"
    REMOVE_NODE = "remove-node"
    POWER_OFF_REMOVED = "power-off-removed"
    CHANGE_PASSWORD = "change-password"  # noqa: S105 - an action, not a password
    SETTLE_PASSWORD = "settle-password"  # noqa: S105 - an action, not a password


class Signal(StrEnum):
    """What a machine says of its own accord."""

    ASKED_FOR_BOOT = "asked-for-boot"
    SENT_INVENTORY = "sent-inventory"
    INSTALLED = "installed"
    WIPED = "wiped"
    BOOTED = "booted"


class Chore(StrEnum):
    """What a person is asked to do to a machine that has no controller."""

    START_FROM_NETWORK = "start-from-network"
    START_FROM_DISK = "start-from-disk"
    RESTART = "restart"


class Perform(Struct, frozen=True, tag="perform"):
    """A step that acts."""

    action: Action


class Await(Struct, frozen=True, tag="await"):
    """A step that waits for the machine to say something. A wait that overran fails with `overrun`."""

    signal: Signal
    overrun: tuple[str, str]


class Ask(Struct, frozen=True, tag="ask"):
    """A step that a person does and confirms; a machine that says one of `evidence` has confirmed it by itself."""

    chore: Chore
    evidence: tuple[Signal, ...] = ()


class FanOut(Struct, frozen=True, tag="fan-out"):
    """A step that starts one child run per machine and waits for them all."""


class Step(Struct, frozen=True, kw_only=True):
    """One step of a plan.

    `within` bounds one attempt. After a failure the step is tried again, up to `tries` attempts, beginning at step
    `back_to` (itself unless named) after `pause`, doubled each time up to `LONGEST_PAUSE`. An attempt that was cut
    off by the end of its process is no failure; it is repeated up to `interruptions` times. When a whole run is
    retried after this step failed, it begins at `resume_at` (where `back_to` points, unless named). A step that is
    `optional` is passed over when its last attempt failed.
    """

    name: str
    title: str
    do: Perform | Await | Ask | FanOut
    within: timedelta
    tries: int = 1
    pause: timedelta = timedelta(seconds=5)
    back_to: str | None = None
    resume_at: str | None = None
    interruptions: int = 25
    optional: bool = False


LONGEST_PAUSE = timedelta(minutes=2)


class Plan(Struct, frozen=True, kw_only=True):
    """All steps of one kind of work, with what is done after a failure or a cancel. Step names are unique in it.

    `key` and `version` name the plan for good: a run keeps the plan it began with. `typical` is how long it usually
    takes on real machines, from the documents of the original.
    """

    key: str
    version: int
    type: WorkflowType
    steps: tuple[Step, ...]
    after_failure: tuple[Step, ...] = ()
    after_cancel: tuple[Step, ...] = ()
    typical: tuple[timedelta, timedelta]

    def step(self, name: str) -> Step:
        """Return the step called *name*, wherever it stands in the plan."""
        return next(step for step in (*self.steps, *self.after_failure, *self.after_cancel) if step.name == name)
