"""One spelling for every cluster: the same request in other words gives the same spec."""

from ipaddress import IPv4Address

from msgspec import Struct

from colony_core.domain.clusters import ClusterCredentials, ClusterSpec, ClusterType, NodeSpec
from colony_core.domain.topology.credentials import note_unused, read_credentials
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.reading import read_cluster
from colony_core.domain.topology.request import ClusterRequest
from colony_core.domain.topology.ssh_keys import note_presence
from colony_core.domain.validation import Finding, Severity


class Canonical(Struct, frozen=True, kw_only=True):
    """A request in its one spelling; `spec` is None where a field could not be read."""

    spec: ClusterSpec | None
    findings: tuple[Finding, ...]
    draft: Draft
    credentials: ClusterCredentials | None


def canonical(request: ClusterRequest) -> Canonical:
    """Return *request* in its one spelling, and what of it could not be read.

    Subnets become prefixes, lists are split and trimmed, host names filled in. What the cluster would not use
    (the SSH key of a talos, the credentials of a k8s_stack) is left out. Doing it twice changes nothing.
    """
    notes: list[Finding] = []
    draft = read_cluster(request, notes=notes)
    given = bool((request.ssh_public_key or "").strip())
    note_presence(draft.flavor, given=given, notes=notes)
    credentials = None
    if draft.type is ClusterType.CIVO_STACK:
        credentials = read_credentials(request, notes=notes)
    elif draft.type is ClusterType.K8S_STACK:
        note_unused(request, notes=notes)
    readable = all(note.severity is not Severity.ERROR for note in notes)
    spec = spec_of(draft) if readable else None
    return Canonical(spec=spec, findings=tuple(notes), draft=draft, credentials=credentials)


def spec_of(draft: Draft) -> ClusterSpec | None:
    """Return *draft* as a spec, or None while one of its fields is missing."""
    control_planes, workers = _node_specs(draft.control_planes), _node_specs(draft.workers)
    if draft.name is None or draft.type is None or draft.flavor is None or draft.gateway is None:
        return None
    if control_planes is None or workers is None:
        return None
    return ClusterSpec(
        name=draft.name,
        type=draft.type,
        flavor=draft.flavor,
        gateway=str(draft.gateway),
        control_planes=control_planes,
        workers=workers,
        extra_sans=draft.extra_sans,
        vip=_text(draft.vip),
        dns=draft.dns,
        ntp=draft.ntp,
        ssh_public_key=draft.ssh_public_key,
        region=draft.region,
        cse_installer_image=draft.cse_installer_image,
    )


def _node_specs(nodes: tuple[DraftNode, ...]) -> tuple[NodeSpec, ...] | None:
    specs = tuple(spec for node in nodes if (spec := _node_spec(node)) is not None)
    return specs if len(specs) == len(nodes) else None


def _node_spec(node: DraftNode) -> NodeSpec | None:
    if node.asset_id is None or node.ip is None or node.prefix is None or node.hostname is None:
        return None
    return NodeSpec(
        asset_id=node.asset_id,
        ip=str(node.ip),
        prefix=node.prefix,
        hostname=node.hostname,
        gateway=_text(node.gateway),
        dns=node.dns,
        ntp=node.ntp,
        disk_device=node.disk_device,
    )


def _text(address: IPv4Address | None) -> str | None:
    return None if address is None else str(address)
