"""Every workflow there is, and which one is meant.

A plan never changes once it has been released: a better one gets the next version beside it, because a run keeps
the plan that it began with.
"""

from collections.abc import Mapping
from types import MappingProxyType

from colony_core.domain.cluster_plans import CIVO, GROW, K3S, SHRINK, TALOS
from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.hardware import Protocol
from colony_core.domain.machine_plans import ASSET_DISCOVERY_1, BMC_ROTATION, MACHINE_PLANS
from colony_core.domain.manual_plans import MANUAL_PLANS
from colony_core.domain.steps import Perform, Plan
from colony_core.domain.workflows import Run, StepStatus

PLANS: Mapping[tuple[str, int], Plan] = MappingProxyType(
    {
        (plan.key, plan.version): plan
        for plan in (
            *(ASSET_DISCOVERY_1, *MACHINE_PLANS.values(), BMC_ROTATION),
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


def suited(plan: Plan, protocol: Protocol) -> Plan:
    """Return how the work of *plan* is done on a machine whose controller speaks *protocol*."""
    return MANUAL_PLANS[plan.type] if protocol is Protocol.MANUAL else plan


def cluster_plan(kind: ClusterType, flavor: Flavor) -> Plan:
    """Return how a cluster of this type and flavour is built today."""
    if kind is ClusterType.CIVO_STACK:
        return CIVO
    return TALOS if flavor is Flavor.TALOS else K3S
