"""Subnets and the addresses in them: whether each node can be where it is asked to be, and see the others."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from colony_core.domain.topology.addresses import LONGEST_PREFIX, SHORTEST_PREFIX
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

_ADVICE = "{path} is {observed}; it should be {expected}"

PREFIX_RANGE = Rule(
    id="node.subnet.out_of_range",
    severity=Severity.ERROR,
    summary="A prefix length is from 8 to 30.",
    reason="A longer one has no room for a gateway, a shorter one no meaning in a data centre.",
    hint="Give the prefix of the machines' network, usually 24.",
)
PREFIX_UNUSUAL = Rule(
    id="node.subnet.unusual",
    severity=Severity.WARNING,
    summary="A prefix length is from 16 to 28.",
    reason="A very large or very small network is more often a mistake than meant.",
    hint="Check it against the gateway's own.",
    sentence=_ADVICE,
)
IS_NETWORK = Rule(
    id="node.ip.network_address",
    severity=Severity.ERROR,
    summary="No node has the network address of its subnet.",
    reason="The first address names the network itself.",
    hint="Choose an address between the first and the last of the subnet.",
)
IS_BROADCAST = Rule(
    id="node.ip.broadcast_address",
    severity=Severity.ERROR,
    summary="No node has the broadcast address of its subnet.",
    reason="What is sent to the last address reaches every machine.",
    hint="Choose an address between the first and the last of the subnet.",
)
PREFIXES_DIFFER = Rule(
    id="nodes.prefixes_differ",
    severity=Severity.ERROR,
    summary="Nodes whose subnets overlap have the same prefix length.",
    reason="One takes the other for a neighbour, and the other answers by way of the gateway.",
    hint="Give every node of one network the same subnet.",
)
NETWORKS_DIFFER = Rule(
    id="nodes.networks_differ",
    severity=Severity.WARNING,
    summary="All nodes are in one network.",
    reason="The documentation asks for one broadcast domain; across routers the pod network is slower.",
    hint="Use addresses of one subnet, if the machines share a switch.",
    sentence=_ADVICE,
)
SUBNET_RULES = (PREFIX_RANGE, PREFIX_UNUSUAL, IS_NETWORK, IS_BROADCAST, PREFIXES_DIFFER, NETWORKS_DIFFER)


def check_prefixes(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every prefix length that cannot be meant, or hardly."""
    for node in draft.newcomers:
        if node.prefix is None:
            continue
        path, observed = f"{node.path}.subnet", f"/{node.prefix}"
        if not SHORTEST_PREFIX <= node.prefix <= LONGEST_PREFIX:
            expected = f"from {SHORTEST_PREFIX} to {LONGEST_PREFIX}"
            yield PREFIX_RANGE.broken(path, observed=observed, expected=expected)
        elif not 16 <= node.prefix <= 28:
            yield PREFIX_UNUSUAL.broken(path, observed=observed, expected="from 16 to 28")


def check_edges(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every node on the first or the last address of its subnet."""
    for node in draft.newcomers:
        network, path = node.network, f"{node.path}.ip"
        if network is None:
            continue
        if node.ip == network.network_address:
            observed = f"{node.ip}, the network address of {network}"
            yield IS_NETWORK.broken(path, observed=observed, expected=_between(network))
        if node.ip == network.broadcast_address:
            observed = f"{node.ip}, the broadcast address of {network}"
            yield IS_BROADCAST.broken(path, observed=observed, expected=_between(network))


def check_one_network(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every node that does not share the first one's network."""
    placed = [(node, node.network) for node in draft.members_first]
    first = next(((node, network) for node, network in placed if network is not None), None)
    if first is None:
        return
    for node, network in placed:
        if network is not None and network != first[1]:
            yield from _apart(node, network, first=first)


def _apart(node: DraftNode, network: IPv4Network, *, first: tuple[DraftNode, IPv4Network]) -> Iterator[Finding]:
    other, home = first
    if network.overlaps(home):
        observed, expected = f"/{network.prefixlen} in the network of {other.path}", f"/{home.prefixlen} like there"
        yield PREFIXES_DIFFER.broken(f"{node.path}.subnet", observed=observed, expected=expected)
    elif node.gateway is not None or other.gateway is not None:
        # Without a gateway of its own the node is outside its gateway's subnet, which is said elsewhere.
        observed, expected = f"{node.ip} in {network}", f"in {home} like {other.path}"
        yield NETWORKS_DIFFER.broken(f"{node.path}.ip", observed=observed, expected=expected)


def _between(network: IPv4Network) -> str:
    return f"from {network.network_address + 1} to {network.broadcast_address - 1}"
