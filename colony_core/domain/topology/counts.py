"""How many nodes of each role: quorum, and what the documentation of each type asks for."""

from collections.abc import Iterator

from colony_core.domain.clusters import ClusterType
from colony_core.domain.topology.draft import Draft
from colony_core.domain.topology.platforms import CIVO_CONTROL_PLANES, CIVO_WORKERS, RANGES
from colony_core.domain.topology.wording import counted
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

_SENTENCE = "{path} has {observed}; it must have {expected}"
_ADVICE = "{path} has {observed}; it should have {expected}"

CONTROL_PLANES_NONE = Rule(
    id="control_planes.none",
    severity=Severity.ERROR,
    summary="A cluster has a control plane.",
    reason="Without one there is no Kubernetes API.",
    hint="Add one machine, or three, to controlPlanes.",
    sentence=_SENTENCE,
)
CONTROL_PLANES_EVEN = Rule(
    id="control_planes.even",
    severity=Severity.ERROR,
    summary="The number of control planes is odd.",
    reason="etcd needs floor(n/2)+1 members: an even one more adds no tolerance, and two fail when either does.",
    hint="Use 1, 3 or 5 control planes.",
    sentence=_SENTENCE,
)
CONTROL_PLANES_MANY = Rule(
    id="control_planes.many",
    severity=Severity.WARNING,
    summary="There are at most 7 control planes.",
    reason="Every write waits for a majority of them, so that more make the cluster slower.",
    hint="Use 3 or 5 control planes, and make the others workers.",
    sentence=_ADVICE,
)
CONTROL_PLANES_CIVO = Rule(
    id="control_planes.below_civo_minimum",
    severity=Severity.WARNING,
    summary="A civo_stack has at least 3 control planes.",
    reason="That is the documented minimum for production: fewer survive no failure.",
    hint="Add control planes before the cluster carries anything that matters.",
    sentence=_ADVICE,
)
WORKERS_CIVO = Rule(
    id="workers.below_civo_minimum",
    severity=Severity.WARNING,
    summary="A civo_stack has at least 2 workers.",
    reason="That is the documented minimum for production: its storage keeps two copies.",
    hint="Add workers before the cluster carries anything that matters.",
    sentence=_ADVICE,
)
WORKERS_NONE = Rule(
    id="workers.none",
    severity=Severity.WARNING,
    summary="A cluster has a worker.",
    reason="Otherwise its control planes take workloads, which can starve etcd.",
    hint="Add a worker, or accept that the control planes do both.",
    sentence=_ADVICE,
)
NODES_MANY = Rule(
    id="nodes.more_than_pod_ranges",
    severity=Severity.WARNING,
    summary="There are no more nodes than the pod network has ranges for.",
    reason="Each node takes a /24 of the pod network; those that find none run no pods.",
    hint="Build a second cluster.",
    sentence="the cluster has {observed}; its pod network has room for {expected}",
)
COUNT_RULES = (
    CONTROL_PLANES_NONE,
    CONTROL_PLANES_EVEN,
    CONTROL_PLANES_MANY,
    CONTROL_PLANES_CIVO,
    WORKERS_NONE,
    WORKERS_CIVO,
    NODES_MANY,
)


def check_control_planes(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield what is wrong with the number of control planes."""
    number = len(draft.control_planes)
    observed = counted(number, "control plane")
    if number == 0:
        yield CONTROL_PLANES_NONE.broken("controlPlanes", observed="none", expected="an odd number, such as 3")
    elif number % 2 == 0:
        expected = f"an odd number, such as {number - 1} or {number + 1}"
        yield CONTROL_PLANES_EVEN.broken("controlPlanes", observed=observed, expected=expected)
    if number > 7:
        yield CONTROL_PLANES_MANY.broken("controlPlanes", observed=observed, expected="7 or fewer")
    if draft.type is ClusterType.CIVO_STACK and 0 < number < CIVO_CONTROL_PLANES:
        expected = f"at least {CIVO_CONTROL_PLANES}"
        yield CONTROL_PLANES_CIVO.broken("controlPlanes", observed=observed, expected=expected)


def check_workers(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield what is worth knowing about the number of workers, and of nodes in all."""
    number = len(draft.workers)
    if number == 0:
        yield WORKERS_NONE.broken("workers", observed="none", expected="at least 1")
    if draft.type is ClusterType.CIVO_STACK and number < CIVO_WORKERS:
        observed, expected = counted(number, "worker"), f"at least {CIVO_WORKERS}"
        yield WORKERS_CIVO.broken("workers", observed=observed, expected=expected)
    if draft.flavor is not None and len(draft.nodes) > RANGES[draft.flavor].most_nodes:
        observed, most = counted(len(draft.nodes), "node"), str(RANGES[draft.flavor].most_nodes)
        yield NODES_MANY.broken("workers", observed=observed, expected=most)
