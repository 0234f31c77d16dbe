"""From words to a draft: every field is read by itself, so that one mistake hides no other."""

from enum import StrEnum
from typing import TypeVar

from msgspec.structs import replace

from colony_core.domain.clusters import Cluster, ClusterType, Flavor, Role
from colony_core.domain.topology.addresses import network_of, read_address, read_interface, read_optional_address
from colony_core.domain.topology.credentials import read_region
from colony_core.domain.topology.disk_names import read_disk
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.hostnames import with_hostnames
from colony_core.domain.topology.images import read_image
from colony_core.domain.topology.names import read_cluster_name, read_dns, read_hostname, read_ntp, read_sans
from colony_core.domain.topology.platforms import DEFAULT_DNS, DEFAULT_NTP, PAIRS
from colony_core.domain.topology.request import ClusterRequest, Growth, NodeRequest, as_request
from colony_core.domain.topology.ssh_keys import read_ssh_key
from colony_core.domain.topology.wording import written
from colony_core.domain.validation import Finding, Rule, Severity

PAIR_UNSUPPORTED = Rule(
    id="cluster.type.unsupported",
    severity=Severity.ERROR,
    summary="Type and flavor are a pair that exists.",
    reason="Each pair is installed in its own way; the Civo stack exists for Talos only.",
    hint="Choose one of the pairs that the message lists.",
)
ASSET_ID_MISSING = Rule(
    id="asset.id.missing",
    severity=Severity.ERROR,
    summary="Every node names its asset.",
    reason="A node is a machine, and a machine is never chosen by chance: its disk is wiped.",
    hint="Give the id of an available asset, as GET /assets lists it.",
)

_Choice = TypeVar("_Choice", bound=StrEnum)


def read_cluster(request: ClusterRequest, *, notes: list[Finding]) -> Draft:
    """Return *request* as far as it can be read, with defaults and host names filled in."""
    kind, flavor = _read_pair(request.type.strip(), request.flavor.strip(), notes=notes)
    draft = Draft(
        name=read_cluster_name(request.name, notes=notes),
        type=kind,
        flavor=flavor,
        gateway=read_address(request.gateway, "gateway", notes=notes),
        nodes=_read_nodes(request.control_planes, request.workers, notes=notes),
        extra_sans=read_sans(request.extra_sans, "extraSANs", notes=notes),
        vip=read_optional_address(request.vip, "vip", notes=notes),
        dns=read_dns(request.dns, "dns", notes=notes) or DEFAULT_DNS,
        ntp=read_ntp(request.ntp, "ntp", notes=notes) or DEFAULT_NTP,
        ssh_public_key=None if flavor is Flavor.TALOS else _read_key(request, notes),
    )
    if kind is not ClusterType.K8S_STACK:
        region = read_region(request.region, notes=notes)
        image = read_image(request.cse_installer_image, notes=notes)
        draft = replace(draft, region=region, cse_installer_image=image)
    return with_hostnames(replace(draft, unread=_unread(notes)))


def read_members(cluster: Cluster) -> Draft:
    """Return *cluster* as it stands; its nodes were judged when they came."""
    draft = read_cluster(as_request(cluster.spec), notes=[])
    members = tuple(replace(node, path=f"nodes[{node.asset_id}]", member=True) for node in draft.nodes)
    return replace(draft, nodes=members, cluster_id=cluster.id)


def read_growth(members: Draft, growth: Growth, *, notes: list[Finding]) -> Draft:
    """Return *members* with the nodes of *growth* after them."""
    added = _read_nodes(growth.control_planes, growth.workers, notes=notes)
    return with_hostnames(replace(members, nodes=members.nodes + added, unread=_unread(notes)))


def _read_pair(kind: str, flavor: str, *, notes: list[Finding]) -> tuple[ClusterType | None, Flavor | None]:
    pair = _choice(ClusterType, kind), _choice(Flavor, flavor)
    if pair not in PAIRS:
        allowed = ", ".join(f"{one}/{other}" for one, other in PAIRS)
        path, text = ("type", kind) if pair[0] is None else ("flavor", flavor)
        observed = written(text) if pair[0] is None else f"{written(text)} with type '{kind}'"
        notes.append(PAIR_UNSUPPORTED.broken(path, observed=observed, expected=f"of one of {allowed}"))
    return pair


def _choice(choices: type[_Choice], text: str) -> _Choice | None:
    return next((choice for choice in choices if choice.value == text), None)


def _read_key(request: ClusterRequest, notes: list[Finding]) -> str | None:
    key = (request.ssh_public_key or "").strip()
    return read_ssh_key(key, notes=notes) if key else None


def _read_nodes(
    control_planes: tuple[NodeRequest, ...], workers: tuple[NodeRequest, ...], *, notes: list[Finding]
) -> tuple[DraftNode, ...]:
    placed = [(f"controlPlanes[{i}]", Role.CONTROL_PLANE, node) for i, node in enumerate(control_planes)]
    placed += [(f"workers[{i}]", Role.WORKER, node) for i, node in enumerate(workers)]
    return tuple(_read_node(node, path, role=role, notes=notes) for path, role, node in placed)


def _read_node(node: NodeRequest, path: str, *, role: Role, notes: list[Finding]) -> DraftNode:
    asset_id = node.asset_id.strip()
    if not asset_id:
        notes.append(ASSET_ID_MISSING.broken(f"{path}.assetId", observed="empty", expected="the id of an asset"))
    ip, prefix = read_interface(node.ip, node.subnet, path=path, notes=notes)
    return DraftNode(
        path=path,
        role=role,
        asset_id=asset_id or None,
        ip=ip,
        prefix=prefix,
        network=network_of(ip, prefix),
        hostname=read_hostname(node.hostname, f"{path}.hostname", notes=notes),
        gateway=read_optional_address(node.gateway, f"{path}.gateway", notes=notes),
        dns=read_dns(node.dns, f"{path}.dns", notes=notes),
        ntp=read_ntp(node.ntp, f"{path}.ntp", notes=notes),
        disk_device=read_disk(node.disk_device, f"{path}.diskDevice", notes=notes),
    )


def _unread(notes: list[Finding]) -> frozenset[str]:
    return frozenset(note.path for note in notes if note.severity is Severity.ERROR)
