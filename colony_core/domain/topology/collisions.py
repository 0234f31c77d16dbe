"""Names and addresses that two things would share, in the request or with what lives already."""

from collections.abc import Iterator

from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

NAME_TAKEN = Rule(
    id="cluster.name.taken",
    severity=Severity.ERROR,
    summary="No two living clusters have the same name.",
    reason="Their nodes, kubeconfigs and contexts would be mixed up.",
    hint="Choose another name, or delete the other cluster first.",
)
HOSTNAME_DUPLICATE = Rule(
    id="node.hostname.duplicate",
    severity=Severity.ERROR,
    summary="No two nodes of a cluster have the same host name.",
    reason="Kubernetes would take both for one node.",
    hint="Give one of the two another hostname, or leave it out.",
)
HOSTNAME_TAKEN = Rule(
    id="node.hostname.taken",
    severity=Severity.ERROR,
    summary="No node has the host name of a node in another living cluster.",
    reason="Name servers and people could not tell the two machines apart.",
    hint="Give the node another hostname.",
)
IP_DUPLICATE = Rule(
    id="node.ip.duplicate",
    severity=Severity.ERROR,
    summary="No two nodes have the same address.",
    reason="Each would answer for the other, and both would be reached by chance.",
    hint="Give one of the two another address.",
)
ADDRESS_IN_USE = Rule(
    id="address.in_use",
    severity=Severity.ERROR,
    summary="No node and no VIP has an address that something else is known to have.",
    reason="Two machines on one address are both reached by chance only.",
    hint="Choose an address that is free.",
)
COLLISION_RULES = (ADDRESS_IN_USE, IP_DUPLICATE, HOSTNAME_DUPLICATE, HOSTNAME_TAKEN)


def check_name(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield the living cluster that has this name already."""
    for cluster in world.clusters_besides(draft.cluster_id):
        if cluster.spec.name == draft.name:
            observed = f"'{draft.name}', the name of {cluster.id}"
            yield NAME_TAKEN.broken("name", observed=observed, expected="the name of no living cluster")


def check_hostnames(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield every host name that another node has."""
    others = world.clusters_besides(draft.cluster_id)
    taken = {node.hostname: cluster for cluster in others for node in cluster.nodes}
    first: dict[str, DraftNode] = {}
    for node in draft.members_first:
        if node.hostname is None:
            continue
        path, other, cluster = f"{node.path}.hostname", first.setdefault(node.hostname, node), taken.get(node.hostname)
        if other is not node:
            observed = f"'{node.hostname}' like {other.path}"
            yield HOSTNAME_DUPLICATE.broken(path, observed=observed, expected="the name of one node only")
        if cluster is not None and not node.member:
            observed = f"'{node.hostname}' like a node of cluster '{cluster.spec.name}'"
            yield HOSTNAME_TAKEN.broken(path, observed=observed, expected="the name of one node only")


def check_addresses(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield every address that another node, another cluster, a controller or Colony has."""
    owners = world.owners_of_addresses(besides=draft.cluster_id)
    first: dict[str, DraftNode] = {}
    for node in draft.members_first:
        if node.ip is None:
            continue
        other = first.setdefault(str(node.ip), node)
        if other is not node:
            observed = f"{node.ip} like {other.path}"
            yield IP_DUPLICATE.broken(f"{node.path}.ip", observed=observed, expected="the address of one node only")
    used = [(f"{node.path}.ip", ip) for ip, node in first.items() if not node.member]
    if draft.vip is not None and draft.cluster_id is None:
        used.append(("vip", str(draft.vip)))
    for path, address in used:
        if address in owners:
            observed = f"{address}, the address of {owners[address]}"
            yield ADDRESS_IN_USE.broken(path, observed=observed, expected="an address that is free")
