"""Gateways: every node must reach its own directly, and none may be one."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from colony_core.domain.topology.addresses import OUTSIDE_SUBNET
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

IS_GATEWAY = Rule(
    id="node.ip.is_gateway",
    severity=Severity.ERROR,
    summary="No node has the address of a gateway.",
    reason="All traffic to the outside would end at the node.",
    hint="Choose an address that is free.",
)
GATEWAY_OUTSIDE = Rule(
    id="gateway.outside_subnet",
    severity=Severity.ERROR,
    summary="A gateway is inside the subnet of the nodes that use it.",
    reason="A node reaches its gateway directly or not at all.",
    hint="Correct the gateway, or the subnet.",
)
GATEWAY_UNUSABLE = Rule(
    id="gateway.unusable",
    severity=Severity.ERROR,
    summary="No gateway has the network or broadcast address of the subnet.",
    reason="Neither can be a machine's.",
    hint="Correct the gateway: it is often the first address after the network's.",
)
GATEWAY_RULES = (GATEWAY_OUTSIDE, GATEWAY_UNUSABLE, IS_GATEWAY)


def check_shared_gateway(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield where the cluster's gateway and the nodes that use it do not meet.

    A gateway that no node reaches is itself the mistake; one that some reach shows that the others are misplaced.
    """
    gateway = draft.gateway
    using = [node for node in draft.nodes if _uses_shared(draft, node)]
    networks = {node.path: network for node in using if (network := node.network) is not None}
    if gateway is None or not networks:
        return
    outside = [node for node in using if node.path in networks and gateway not in networks[node.path]]
    if len(outside) == len(networks):
        expected = f"inside {next(iter(networks.values()))}"
        yield GATEWAY_OUTSIDE.broken("gateway", observed=str(gateway), expected=expected)
    else:
        for node in outside:
            observed = f"{node.ip} in {networks[node.path]}"
            expected = f"in one subnet with the gateway {gateway}"
            yield OUTSIDE_SUBNET.broken(f"{node.path}.ip", observed=observed, expected=expected)
    yield from _unusable(gateway, "gateway", networks=list(networks.values()))


def check_own_gateways(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every gateway of a single node that this node cannot use."""
    for node in draft.newcomers:
        network, path = node.network, f"{node.path}.gateway"
        if node.gateway is None or network is None:
            continue
        if node.gateway not in network:
            yield GATEWAY_OUTSIDE.broken(path, observed=str(node.gateway), expected=f"inside {network}")
        yield from _unusable(node.gateway, path, networks=[network])


def check_nodes_on_gateways(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every node that has the address of its gateway, or of the cluster's."""
    for node in draft.newcomers:
        if node.ip is not None and node.ip in (draft.gateway, node.gateway):
            observed = f"{node.ip}, the address of the gateway"
            yield IS_GATEWAY.broken(f"{node.path}.ip", observed=observed, expected="another address")


def _uses_shared(draft: Draft, node: DraftNode) -> bool:
    return node.gateway is None and f"{node.path}.gateway" not in draft.unread


def _unusable(gateway: IPv4Address, path: str, *, networks: list[IPv4Network]) -> Iterator[Finding]:
    edges = {edge: one for one in networks for edge in (one.network_address, one.broadcast_address)}
    if gateway in edges:
        observed = f"{gateway}, the first or last address of {edges[gateway]}"
        yield GATEWAY_UNUSABLE.broken(path, observed=observed, expected="an address between the two")
