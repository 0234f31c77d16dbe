"""The VIP: one address that moves between the control planes, so that the API outlives any of them."""

from collections.abc import Iterator

from colony_core.domain.topology.draft import Draft
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

_ADVICE = "{path} is {observed}; it should be {expected}"

VIP_MISSING = Rule(
    id="vip.missing",
    severity=Severity.WARNING,
    summary="A cluster of several control planes has a VIP.",
    reason="Otherwise its kubeconfig points at one of them, and is useless while that one is down.",
    hint="Add an unused address of the control planes' subnet as vip.",
    sentence=_ADVICE,
)
VIP_SINGLE = Rule(
    id="vip.single_control_plane",
    severity=Severity.WARNING,
    summary="A VIP stands for several control planes.",
    reason="With one control plane it can move nowhere, and is one thing more that can fail.",
    hint="Leave the vip out, unless more control planes are to follow.",
    sentence=_ADVICE,
)
VIP_OUTSIDE = Rule(
    id="vip.outside_subnet",
    severity=Severity.ERROR,
    summary="The VIP is inside the subnet of every control plane.",
    reason="It moves by ARP, which no router passes on.",
    hint="Choose an unused address of the control planes' subnet.",
)
VIP_UNUSABLE = Rule(
    id="vip.unusable",
    severity=Severity.ERROR,
    summary="The VIP is not the gateway, the network or the broadcast address.",
    reason="None of them can move between control planes.",
    hint="Choose an unused address of the control planes' subnet.",
)
IS_VIP = Rule(
    id="node.ip.is_vip",
    severity=Severity.ERROR,
    summary="No node has the address of the VIP.",
    reason="The VIP moves between the control planes; a node's own address must not.",
    hint="Choose another address for the node or for the VIP.",
)
VIP_RULES = (VIP_MISSING, VIP_SINGLE, VIP_OUTSIDE, VIP_UNUSABLE, IS_VIP)


def check_vip_count(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield whether the VIP suits the number of control planes."""
    number = len(draft.control_planes)
    if number > 1 and draft.vip is None and "vip" not in draft.unread:
        observed, expected = f"missing with {number} control planes", "an address that moves between them"
        yield VIP_MISSING.broken("vip", observed=observed, expected=expected)
    if number == 1 and draft.vip is not None:
        observed = f"{draft.vip} with one control plane"
        yield VIP_SINGLE.broken("vip", observed=observed, expected="left out, or shared by three")


def check_vip_place(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield where the VIP cannot be carried by a control plane."""
    networks = [network for node in draft.control_planes if (network := node.network) is not None]
    if draft.vip is None:
        return
    elsewhere = next((network for network in networks if draft.vip not in network), None)
    if elsewhere is not None:
        yield VIP_OUTSIDE.broken("vip", observed=str(draft.vip), expected=f"inside {elsewhere}")
    edges = {edge for network in networks for edge in (network.network_address, network.broadcast_address)}
    if draft.vip in edges or draft.vip == draft.gateway:
        what = "the gateway's address" if draft.vip == draft.gateway else "the first or last of its subnet"
        yield VIP_UNUSABLE.broken("vip", observed=f"{draft.vip}, {what}", expected="an unused address")


def check_nodes_on_vip(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every node that has the address of the VIP."""
    for node in draft.newcomers:
        if node.ip is not None and node.ip == draft.vip:
            observed = f"{node.ip}, the address of the VIP"
            yield IS_VIP.broken(f"{node.path}.ip", observed=observed, expected="another address")
