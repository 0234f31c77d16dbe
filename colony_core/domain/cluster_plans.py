"""How clusters are built and changed, as literal tuples of steps."""

from datetime import timedelta

from msgspec.structs import replace

from colony_core.domain.machine_plans import POWER_OFF, minutes
from colony_core.domain.steps import Action, FanOut, Perform, Plan, Step, WorkflowType

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
    typical=minutes(10, 15),
)
K3S = Plan(
    key="cluster-provision/k8s_stack/k3s",
    version=1,
    type=WorkflowType.CLUSTER_PROVISION,
    steps=(CREATE_AUTHORITY, INSTALL_NODES, CHECK_API, CHECK_NODES),
    typical=minutes(10, 15),
)
CIVO = Plan(
    key="cluster-provision/civo_stack/talos",
    version=1,
    type=WorkflowType.CLUSTER_PROVISION,
    steps=(CREATE_AUTHORITY, INSTALL_NODES, BOOTSTRAP, CHECK_API, CHECK_NODES, INSTALL_STACK, CHECK_STACK),
    typical=minutes(40, 60),
)
GROW = Plan(
    key="cluster-scale/grow",
    version=1,
    type=WorkflowType.CLUSTER_SCALE,
    steps=(INSTALL_NODES, CHECK_API, CHECK_NODES),
    typical=minutes(8, 13),
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
        replace(
            POWER_OFF,
            name="power-off-removed",
            title="Power the removed machine off",
            do=Perform(Action.POWER_OFF_REMOVED),
        ),
    ),
    typical=minutes(1, 5),
)
