"""Addresses that would mean something else inside the cluster: its pod and service networks."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from colony_core.domain.topology.addresses import ipv4
from colony_core.domain.topology.draft import Draft
from colony_core.domain.topology.platforms import RANGES
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

OVERLAP = Rule(
    id="network.overlap",
    severity=Severity.ERROR,
    summary="Nothing outside the cluster has an address of its pod or service network.",
    reason="Inside the cluster those addresses mean pods and services: the outside one is out of reach.",
    hint="Use other addresses: talos takes 10.244.0.0/16 and 10.96.0.0/12, k3s 10.42.0.0/16 and 10.43.0.0/16.",
)


def check_overlaps(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every network and every server that pods could not reach."""
    if draft.flavor is None:
        return
    ranges = RANGES[draft.flavor]
    inner = (("pod", ranges.pods), ("service", ranges.services))
    for path, outer in _outside(draft):
        for kind, network in inner:
            if outer.overlaps(network):
                observed = f"in {outer}, which overlaps the {kind} network {network} of {draft.flavor.value}"
                yield OVERLAP.broken(path, observed=observed, expected=f"outside {network}")


def _outside(draft: Draft) -> Iterator[tuple[str, IPv4Network]]:
    """Yield each network once, at its first node, and each server, gateway and VIP that is in none of them."""
    networks: dict[IPv4Network, str] = {}
    for node in draft.members_first:
        if node.network is not None:
            networks.setdefault(node.network, f"{node.path}.ip")
    yield from ((path, network) for network, path in networks.items())
    for path, text in _servers(draft):
        address = ipv4(text)
        if address is not None and not any(address in network for network in networks):
            yield path, IPv4Network(address)


def _servers(draft: Draft) -> Iterator[tuple[str, str]]:
    lists = [("dns", draft.dns), ("ntp", draft.ntp)]
    for node in draft.nodes:
        lists += [(f"{node.path}.dns", node.dns), (f"{node.path}.ntp", node.ntp)]
        if node.gateway is not None:
            yield f"{node.path}.gateway", str(node.gateway)
    yield from ((f"{path}[{index}]", server) for path, servers in lists for index, server in enumerate(servers))
    yield from ((path, str(one)) for path, one in (("gateway", draft.gateway), ("vip", draft.vip)) if one is not None)
