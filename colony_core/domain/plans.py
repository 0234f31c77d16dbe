"""Every workflow there is, as literal tuples of steps.

A plan never changes once it has been released: a better one gets the next version beside it, because a run keeps
the plan that it began with. The steps are those a real machine goes through; `typical` durations are from the
documents of the original, and deadlines leave about twice that.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.hardware import Protocol
from colony_core.domain.manual_plans import MANUAL_PLANS
from colony_core.domain.workflows import (
    Action,
    Await,
    FanOut,
    Perform,
    Plan,
    Run,
    Signal,
    Step,
    StepStatus,
    WorkflowType,
)


def _minutes(least: float, most: float) -> tuple[timedelta, timedelta]:
    return timedelta(minutes=least), timedelta(minutes=most)


CONTACT = Step(
    name="contact",
    title="Reach the management controller",
    do=Perform(Action.CONTACT),
    within=timedelta(seconds=30),
    tries=4,
)
INSPECT = Step(
    name="inspect",
    title="Ask the management controller what the machine is made of",
    do=Perform(Action.INSPECT),
    within=timedelta(seconds=90),
    tries=3,
    optional=True,
)
POWER_OFF = Step(
    name="power-off",
    title="Power the machine off",
    do=Perform(Action.POWER_OFF),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
)
BOOT_FROM_NETWORK = Step(
    name="boot-from-network",
    title="Set the boot device to network",
    do=Perform(Action.BOOT_FROM_NETWORK),
    within=timedelta(seconds=30),
    tries=4,
    resume_at="power-off",
)
POWER_ON = Step(
    name="power-on",
    title="Power the machine on",
    do=Perform(Action.POWER_ON),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
    resume_at="power-off",
)
AWAIT_BOOT = Step(
    name="await-boot-request",
    title="Wait for the machine to ask for its boot script",
    do=Await(
        Signal.ASKED_FOR_BOOT,
        overrun=(
            "BOOT_NOT_REQUESTED",
            "BMC accepted boot device pxe but the machine never asked for its boot script: check its network boot"
            " setting, cabling and DHCP",
        ),
    ),
    within=timedelta(minutes=10),
    tries=3,
    back_to="power-off",
)
AWAIT_INVENTORY = Step(
    name="await-inventory",
    title="Wait for the machine's inventory",
    do=Await(
        Signal.SENT_INVENTORY,
        overrun=("INVENTORY_NOT_SENT", "The machine asked for its boot script but never sent its inventory"),
    ),
    within=timedelta(minutes=10),
    tries=3,
    back_to="power-off",
)
AWAIT_INSTALL = Step(
    name="await-install",
    title="Wait for the installation",
    do=Await(
        Signal.INSTALLED,
        overrun=("INSTALL_NOT_REPORTED", "The machine never reported the end of its installation"),
    ),
    within=timedelta(minutes=45),
    tries=2,
    back_to="power-off",
)
AWAIT_WIPE = Step(
    name="await-wipe",
    title="Wait for the disks to be erased",
    do=Await(Signal.WIPED, overrun=("WIPE_NOT_REPORTED", "The machine never reported that its disks are erased")),
    within=timedelta(hours=12),
    tries=2,
    back_to="power-off",
)
STOP_AFTER_INSTALL = Step(
    name="stop-after-install",
    title="Power the machine off after the installation",
    do=Perform(Action.POWER_OFF),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
)
BOOT_FROM_DISK = Step(
    name="boot-from-disk",
    title="Set the boot device to disk",
    do=Perform(Action.BOOT_FROM_DISK),
    within=timedelta(seconds=30),
    tries=4,
)
START_INSTALLED = Step(
    name="start-installed",
    title="Start the installed system",
    do=Perform(Action.POWER_ON),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
    resume_at="boot-from-disk",
)
AWAIT_FIRST_BOOT = Step(
    name="await-first-boot",
    title="Wait for the installed system to come up",
    do=Await(
        Signal.BOOTED,
        overrun=("FIRST_BOOT_NOT_REPORTED", "The installed system never reported that it is up"),
    ),
    within=timedelta(minutes=20),
    tries=2,
    back_to="stop-after-install",
)
TURN_OFF = Step(
    name="turn-off",
    title="Power the machine off",
    do=Perform(Action.POWER_OFF),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
)
LEAVE_OFF = Step(
    name="leave-off",
    title="Leave the machine powered off",
    do=Perform(Action.POWER_OFF),
    within=timedelta(seconds=30),
    tries=3,
    pause=timedelta(seconds=2),
)

SETTLE_PASSWORD = Step(
    name="settle-password",
    title="Find out which password holds, if that is in doubt",
    do=Perform(Action.SETTLE_PASSWORD),
    within=timedelta(minutes=1),
    tries=4,
    pause=timedelta(seconds=30),
)

INTO_AGENT = (CONTACT, POWER_OFF, BOOT_FROM_NETWORK, POWER_ON, AWAIT_BOOT, AWAIT_INVENTORY)
"""How every machine is brought under control: it boots our agent from the network, and the agent reports."""

ONTO_DISK = (STOP_AFTER_INSTALL, BOOT_FROM_DISK, START_INSTALLED, AWAIT_FIRST_BOOT)
"""How an installed machine gets into its own system."""

ASSET_DISCOVERY_1 = Plan(
    key="asset-discovery",
    version=1,
    type=WorkflowType.ASSET_DISCOVERY,
    steps=(*INTO_AGENT, TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=_minutes(3, 8),
)
ASSET_DISCOVERY = Plan(
    key="asset-discovery",
    version=2,
    type=WorkflowType.ASSET_DISCOVERY,
    # A machine whose controller tells all of it is done after the second step, and is left as it runs.
    steps=(CONTACT, INSPECT, *INTO_AGENT[1:], TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=_minutes(3, 8),
)
OS_PROVISION = Plan(
    key="os-provision",
    version=1,
    type=WorkflowType.OS_PROVISION,
    steps=(*INTO_AGENT, AWAIT_INSTALL, *ONTO_DISK),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=_minutes(14, 23),
)
DISK_WIPE = Plan(
    key="disk-wipe",
    version=1,
    type=WorkflowType.DISK_WIPE,
    steps=(*INTO_AGENT, AWAIT_WIPE, TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=_minutes(5, 10),
)
ASSET_REBOOT = Plan(
    key="asset-reboot",
    version=1,
    type=WorkflowType.ASSET_REBOOT,
    steps=(
        CONTACT,
        Step(
            name="set-boot-device",
            title="Set the boot device that was asked for",
            do=Perform(Action.SET_ASKED_BOOT_DEVICE),
            within=timedelta(seconds=30),
            tries=4,
        ),
        Step(
            name="restart",
            title="Restart the machine",
            do=Perform(Action.RESTART),
            within=timedelta(seconds=30),
            tries=3,
        ),
        Step(
            name="confirm-power",
            title="Confirm that the machine has power",
            do=Perform(Action.POWER_ON),
            within=timedelta(seconds=30),
            tries=8,
            pause=timedelta(seconds=2),
        ),
    ),
    typical=_minutes(0.2, 1),
)

BMC_ROTATION = Plan(
    key="bmc-rotation",
    version=1,
    type=WorkflowType.BMC_ROTATION,
    steps=(
        Step(
            name="change-password",
            title="Change the password on the controller, and log in with the new one",
            do=Perform(Action.CHANGE_PASSWORD),
            within=timedelta(minutes=3),
            tries=4,
            pause=timedelta(seconds=15),
        ),
    ),
    after_failure=(SETTLE_PASSWORD,),
    after_cancel=(SETTLE_PASSWORD,),
    typical=_minutes(0.1, 0.5),
)

CREATE_AUTHORITY = Step(
    name="create-authority",
    title="Create the cluster's certificate authority",
    do=Perform(Action.CREATE_AUTHORITY),
    within=timedelta(minutes=10),
    tries=3,
    # Seconds of processor time that a restart throws away, and that harm nobody.
    interruptions=250,
)
INSTALL_NODES = Step(
    name="install-nodes",
    title="Install every machine",
    do=FanOut(),
    within=timedelta(hours=24),
)
BOOTSTRAP = Step(
    name="bootstrap",
    title="Bootstrap the control plane",
    do=Perform(Action.BOOTSTRAP),
    within=timedelta(minutes=1),
    tries=30,
    pause=timedelta(seconds=10),
)
CHECK_API = Step(
    name="check-api",
    title="Wait for the Kubernetes API",
    do=Perform(Action.CHECK_API),
    within=timedelta(minutes=1),
    tries=60,
    pause=timedelta(seconds=10),
)
CHECK_NODES = Step(
    name="check-nodes",
    title="Wait for every node to register",
    do=Perform(Action.CHECK_NODES),
    within=timedelta(minutes=1),
    tries=60,
    pause=timedelta(seconds=10),
)
INSTALL_STACK = Step(
    name="install-stack",
    title="Start the installer of the Civo stack",
    do=Perform(Action.INSTALL_STACK),
    within=timedelta(minutes=2),
    tries=10,
    pause=timedelta(seconds=10),
)
CHECK_STACK = Step(
    name="check-stack",
    title="Wait for the Civo stack to be installed",
    do=Perform(Action.CHECK_STACK),
    within=timedelta(minutes=1),
    tries=90,
    pause=timedelta(seconds=30),
)

TALOS = Plan(
    key="cluster-provision/k8s_stack/talos",
    version=1,
    type=WorkflowType.CLUSTER_PROVISION,
    steps=(CREATE_AUTHORITY, INSTALL_NODES, BOOTSTRAP, CHECK_API, CHECK_NODES),
    typical=_minutes(10, 15),
)
K3S = Plan(
    key="cluster-provision/k8s_stack/k3s",
    version=1,
    type=WorkflowType.CLUSTER_PROVISION,
    steps=(CREATE_AUTHORITY, INSTALL_NODES, CHECK_API, CHECK_NODES),
    typical=_minutes(10, 15),
)
CIVO = Plan(
    key="cluster-provision/civo_stack/talos",
    version=1,
    type=WorkflowType.CLUSTER_PROVISION,
    steps=(CREATE_AUTHORITY, INSTALL_NODES, BOOTSTRAP, CHECK_API, CHECK_NODES, INSTALL_STACK, CHECK_STACK),
    typical=_minutes(40, 60),
)
GROW = Plan(
    key="cluster-scale/grow",
    version=1,
    type=WorkflowType.CLUSTER_SCALE,
    steps=(INSTALL_NODES, CHECK_API, CHECK_NODES),
    typical=_minutes(8, 13),
)
REMOVE_NODE = Step(
    name="remove-node",
    title="Take the node out of the cluster",
    do=Perform(Action.REMOVE_NODE),
    within=timedelta(minutes=5),
    tries=6,
    pause=timedelta(seconds=10),
)
SHRINK = Plan(
    key="cluster-scale/shrink",
    version=1,
    type=WorkflowType.CLUSTER_SCALE,
    steps=(
        REMOVE_NODE,
        Step(
            name="power-off-removed",
            title="Power the removed machine off",
            do=Perform(Action.POWER_OFF_REMOVED),
            within=timedelta(seconds=30),
            tries=8,
            pause=timedelta(seconds=2),
        ),
    ),
    typical=_minutes(1, 5),
)

PLANS: Mapping[tuple[str, int], Plan] = MappingProxyType(
    {
        (plan.key, plan.version): plan
        for plan in (
            *(ASSET_DISCOVERY_1, ASSET_DISCOVERY, OS_PROVISION, DISK_WIPE, ASSET_REBOOT, BMC_ROTATION),
            *(TALOS, K3S, CIVO, GROW, SHRINK),
            *MANUAL_PLANS.values(),
        )
    }
)
"""Every plan that a stored run may name."""


def plan_of(run: Run) -> Plan:
    """Return the plan that *run* began with."""
    return PLANS[(run.plan, run.plan_version)]


def performs(run: Run) -> bool:
    """Tell whether a process is at the present step of *run*: it was begun, and is none that waits for others.

    Any begun step of a plan that this release does not know may be one.
    """
    state, plan = run.current, PLANS.get((run.plan, run.plan_version))
    if state is None or state.status is not StepStatus.RUNNING:
        return False
    return plan is None or isinstance(plan.step(state.name).do, Perform)


MACHINE_PLANS: Mapping[WorkflowType, Plan] = MappingProxyType(
    {plan.type: plan for plan in (ASSET_DISCOVERY, OS_PROVISION, DISK_WIPE, ASSET_REBOOT)}
)
"""Today's plan of each kind of work on one machine with a controller."""


def suited(plan: Plan, protocol: Protocol) -> Plan:
    """Return how the work of *plan* is done on a machine whose controller speaks *protocol*."""
    return MANUAL_PLANS[plan.type] if protocol is Protocol.MANUAL else plan


def cluster_plan(kind: ClusterType, flavor: Flavor) -> Plan:
    """Return how a cluster of this type and flavour is built today."""
    if kind is ClusterType.CIVO_STACK:
        return CIVO
    return TALOS if flavor is Flavor.TALOS else K3S
