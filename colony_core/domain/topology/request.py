"""What was asked for, word by word: raw strings, so that a wrong one becomes a finding."""

from msgspec import Struct

from colony_core.domain.clusters import ClusterCredentials, ClusterSpec, NodeSpec

Listed = str | tuple[str, ...] | None
"""A list as people write it: comma-separated in one string, or in pieces, or not at all."""


class NodeRequest(Struct, frozen=True, kw_only=True):
    """One machine as it was asked for; `ip` may be in CIDR form, `subnet` a prefix, a mask or a network."""

    asset_id: str
    ip: str
    subnet: str | None = None
    gateway: str | None = None
    dns: Listed = None
    ntp: Listed = None
    disk_device: str | None = None
    hostname: str | None = None


class ClusterRequest(Struct, frozen=True, kw_only=True):
    """A cluster as it was asked for.

    On the wire `region` and `cse_installer_image` sit inside the credentials; they are no secrets, so they
    stand apart here.
    """

    name: str
    type: str
    flavor: str
    gateway: str
    control_planes: tuple[NodeRequest, ...]
    workers: tuple[NodeRequest, ...] = ()
    extra_sans: Listed = None
    vip: str | None = None
    dns: Listed = None
    ntp: Listed = None
    ssh_public_key: str | None = None
    credentials: ClusterCredentials | None = None
    region: str | None = None
    cse_installer_image: str | None = None


class Growth(Struct, frozen=True, kw_only=True):
    """Machines to be added to a living cluster."""

    control_planes: tuple[NodeRequest, ...] = ()
    workers: tuple[NodeRequest, ...] = ()


def as_request(spec: ClusterSpec, credentials: ClusterCredentials | None = None) -> ClusterRequest:
    """Return the request that asks for exactly *spec*; its canonical form is *spec* again."""
    return ClusterRequest(
        name=spec.name,
        type=spec.type.value,
        flavor=spec.flavor.value,
        gateway=spec.gateway,
        control_planes=tuple(map(_as_node_request, spec.control_planes)),
        workers=tuple(map(_as_node_request, spec.workers)),
        extra_sans=spec.extra_sans,
        vip=spec.vip,
        dns=spec.dns,
        ntp=spec.ntp,
        ssh_public_key=spec.ssh_public_key,
        credentials=credentials,
        region=spec.region,
        cse_installer_image=spec.cse_installer_image,
    )


def _as_node_request(node: NodeSpec) -> NodeRequest:
    return NodeRequest(
        asset_id=node.asset_id,
        ip=node.ip,
        subnet=str(node.prefix),
        gateway=node.gateway,
        dns=node.dns,
        ntp=node.ntp,
        disk_device=node.disk_device,
        hostname=node.hostname,
    )
