"""For every topology rule a cluster that breaks just that one: examples, and a guard that no rule is idle."""

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus, Maintenance
from colony_core.domain.clusters import ClusterCredentials, NodeStatus
from colony_core.domain.hardware import GB
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import (
    ClusterRequest,
    Finding,
    Growth,
    NodeRequest,
    World,
    removal_findings,
    review,
    review_growth,
)
from colony_testkit.topologies import (
    NOON,
    a_civo_request,
    a_cluster,
    a_control_plane,
    a_disk,
    a_machine,
    a_pull_secret,
    a_request,
    a_spec,
    a_worker,
    a_world,
    an_inventory,
    an_ssh_key,
)


class Example(Struct, frozen=True):
    """What is found must be exactly *rule* at *path*."""

    rule: str
    path: str
    found: Callable[[], tuple[Finding, ...]]

    @property
    def name(self) -> str:
        """Return how the example is called in a report."""
        return f"{self.rule}@{self.path}"


def _cluster(
    rule: str, path: str, *, base: ClusterRequest | None = None, world: World | None = None, **changes: object
) -> Example:
    request = replace(base or a_request(), **changes)
    return Example(rule, path, lambda: review(request, world or a_world()).findings)


def _node(rule: str, field: str, *, world: World | None = None, **changes: object) -> Example:
    others = a_request().control_planes[1:]
    changed = replace(a_control_plane(1), **changes)
    return _cluster(rule, f"controlPlanes[0].{field}", world=world, control_planes=(changed, *others))


def _machine(rule: str, field: str = "assetId", **changes: object) -> Example:
    return _cluster(rule, f"controlPlanes[0].{field}", world=a_world(asset_1=changes))


def _inventory(rule: str, field: str = "assetId", **changes: object) -> Example:
    return _machine(rule, field, inventory=replace(an_inventory(), **changes))


def _key(rule: str, key: str | None) -> Example:
    return _cluster(rule, "sshPublicKey", flavor="k3s", ssh_public_key=key)


def _civo(rule: str, field: str, **changes: object) -> Example:
    return _cluster(rule, f"credentials{field}", base=replace(a_civo_request(), **changes))


def _secret(rule: str, field: str, **changes: Secret | None) -> Example:
    credentials = a_civo_request().credentials or ClusterCredentials()
    return _civo(rule, field, credentials=replace(credentials, **changes))


def _grown(rule: str, path: str, growth: Growth, *, base: ClusterRequest | None = None) -> Example:
    cluster = a_cluster(a_spec(base or a_request()))
    return Example(rule, path, lambda: review_growth(cluster, growth, world=a_world(cluster)).findings)


def _removed(rule: str, request: ClusterRequest, **statuses: NodeStatus) -> Example:
    cluster = a_cluster(a_spec(request), **statuses)
    return Example(rule, "nodes[asset-1]", lambda: removal_findings(cluster, "asset-1"))


def _moved(start: str, prefix: str) -> ClusterRequest:
    """Return the sound request with every address under *start*."""

    def moved(node: NodeRequest) -> NodeRequest:
        return replace(node, ip=node.ip.replace("192.168.1.", start), subnet=prefix)

    request = a_request()
    return replace(
        request,
        gateway=f"{start}1",
        vip=f"{start}100",
        control_planes=tuple(map(moved, request.control_planes)),
        workers=tuple(map(moved, request.workers)),
    )


_LIVING = a_cluster(a_spec(replace(a_request(1, 0), name="living", vip="192.168.1.150")))
_LIVING_NODE = replace(
    a_spec(a_request(1, 0)).control_planes[0], asset_id="asset-29", ip="192.168.1.50", hostname="living-1"
)


def _beside(**changes: object) -> World:
    spec = replace(_LIVING.spec, control_planes=(replace(_LIVING_NODE, **changes),), gateway="192.168.1.254")
    cluster = a_cluster(spec)
    return a_world(cluster, asset_29={"cluster_id": cluster.id})


_ELSEWHERE = replace(a_worker(1), ip="10.0.0.5", gateway="10.0.0.1")
_NEAR = replace(a_machine(2).bmc, address="192.168.1.9")
_SOME_DISKS = (a_disk(), a_disk("/dev/sda", serial="S2"), a_disk("/dev/sdb", serial="S3", removable=True))

OF_CLUSTERS = (
    _cluster("cluster.name.invalid", "name", name="Production"),
    _cluster("cluster.name.invalid", "name", name="a" * 64),
    _cluster("cluster.name.invalid", "name", name=""),
    _cluster("cluster.name.long", "name", name="a" * 41),
    _cluster("cluster.name.taken", "name", world=a_world(replace(_LIVING, nodes=())), name="living"),
    _cluster("cluster.type.unsupported", "type", type="k8s"),
    _cluster("cluster.type.unsupported", "flavor", flavor="kubeadm"),
    _cluster("cluster.type.unsupported", "flavor", base=a_civo_request(), flavor="k3s", ssh_public_key=an_ssh_key()),
    _cluster("control_planes.none", "controlPlanes", control_planes=(), vip=None),
    _cluster("control_planes.even", "controlPlanes", base=a_request(2)),
    _cluster("control_planes.many", "controlPlanes", base=a_request(9)),
    _cluster("control_planes.below_civo_minimum", "controlPlanes", base=a_civo_request(),
             control_planes=(a_control_plane(1),), vip=None),
    _cluster("workers.none", "workers", base=a_request(3, 0)),
    _cluster("workers.below_civo_minimum", "workers", base=a_civo_request(), workers=(a_worker(1),)),
    _cluster("vip.missing", "vip", vip=None),
    _cluster("vip.single_control_plane", "vip", base=a_request(1)),
    _cluster("vip.outside_subnet", "vip", vip="192.168.2.5"),
    _cluster("vip.unusable", "vip", vip="192.168.1.1"),
    _cluster("vip.unusable", "vip", vip="192.168.1.255"),
    _cluster("dns.many", "dns", dns="1.1.1.1,1.0.0.1,8.8.8.8,8.8.4.4"),
    _cluster("address.malformed", "dns[1]", dns="1.1.1.1,one.one"),
    _cluster("ntp.invalid", "ntp[0]", ntp=("not a host",)),
    _cluster("ntp.invalid", "ntp[1]", ntp="192.168.1.1,192.168.1.300"),
    _cluster("ntp.many", "ntp", ntp="a,b,c,d,e"),
    _cluster("san.invalid", "extraSANs[1]", extra_sans="api.example.org,https://api.example.org"),
    _cluster("san.invalid", "extraSANs[0]", extra_sans="api.*.org"),
    _cluster("san.prefix_dropped", "extraSANs[1]", extra_sans=("api.example.org", "1.2.3.5/32")),
    _cluster("san.many", "extraSANs", extra_sans=",".join(f"a{i}" for i in range(101))),
    _cluster("address.ipv6", "extraSANs[0]", extra_sans="fe80::1"),
)  # fmt: skip
"""Mistakes of the cluster as a whole."""

OF_MACHINES = (
    _node("asset.id.missing", "assetId", asset_id=" "),
    _cluster("asset.duplicate", "workers[0].assetId", workers=(replace(a_worker(1), asset_id="asset-1"),)),
    _node("asset.unknown", "assetId", asset_id="asset-99"),
    _node("asset.in_cluster", "assetId", asset_id="asset-29", world=_beside()),
    _machine("asset.unavailable", status=AssetStatus.PROVISIONED),
    _machine("asset.held", held_by="workflow-1"),
    _machine("asset.maintenance", maintenance=Maintenance(reason="fan", by="ann", until=NOON + timedelta(hours=1))),
    _machine("asset.no_inventory", inventory=None, macs=("52:54:00:00:00:01",)),
    _inventory("asset.mac.missing", nics=()),
    _machine("asset.mac.multicast", macs=("53:54:00:00:00:01",)),
    _cluster("asset.mac.shared", "controlPlanes[1].assetId", world=a_world(asset_2={"inventory": an_inventory()})),
    _machine("hardware.cores.floor", inventory=an_inventory(cores=1)),
    _machine("hardware.cores.minimum", inventory=an_inventory(cores=2)),
    _inventory("hardware.memory.floor", memory_mb=1900),
    _inventory("hardware.memory.minimum", memory_mb=7700),
    _inventory("hardware.disk.minimum", "diskDevice", disks=(a_disk(size=20 * GB),)),
    _cluster("hardware.below_civo_production", "controlPlanes[0].assetId", base=a_civo_request(),
             world=a_world(asset_1={"inventory": an_inventory(cores=16)})),
    _node("disk.malformed", "diskDevice", disk_device="/dev/sda1"),
    _node("disk.malformed", "diskDevice", disk_device="/dev/../etc"),
    _node("disk.absent", "diskDevice", disk_device="/dev/sdz"),
    _inventory("disk.absent", "diskDevice", disks=()),
    _inventory("disk.ambiguous", "diskDevice", disks=_SOME_DISKS),
    _inventory("disk.removable", "diskDevice", disks=_SOME_DISKS[2:]),
    _inventory("disk.too_small", "diskDevice", disks=(a_disk(size=8 * GB),)),
)  # fmt: skip
"""Machines that cannot be had, or are not large enough."""

OF_ADDRESSES = (
    _node("address.malformed", "ip", ip="192.168.1"),
    _node("address.malformed", "ip", ip="192.168.01.5"),
    _node("address.ipv6", "ip", ip="fe80::1/64", subnet=None),
    _node("address.reserved", "ip", ip="169.254.1.1"),
    _node("address.malformed", "dns[0]", dns="here"),
    _node("address.malformed", "gateway", gateway="here"),
    _cluster("address.malformed", "gateway", gateway=""),
    _cluster("address.ipv6", "vip", vip="::1"),
    _cluster("address.in_use", "vip", vip="192.168.1.50", world=_beside()),
    _node("address.in_use", "ip", ip="192.168.1.50", world=_beside()),
    _node("address.in_use", "ip", ip="192.168.1.150", world=_beside()),
    _node("address.in_use", "ip", ip="192.168.1.254", world=_beside()),
    _node("address.in_use", "ip", ip="192.168.1.9", world=a_world(controller="192.168.1.9")),
    _node("address.in_use", "ip", ip="192.168.1.9", world=a_world(asset_2={"bmc": _NEAR})),
    _node("node.subnet.malformed", "subnet", subnet="255.0.255.0"),
    _node("node.subnet.malformed", "ip", ip="192.168.1.101/x"),
    _node("node.subnet.missing", "subnet", subnet=None),
    _node("node.subnet.conflict", "subnet", ip="192.168.1.101/24", subnet="25"),
    _node("node.subnet.out_of_range", "subnet", subnet="31"),
    _node("node.subnet.out_of_range", "subnet", subnet="7"),
    _grown("node.subnet.unusual", "workers[0].subnet", Growth(workers=(replace(a_worker(3), subnet="15"),)),
           base=_moved("192.168.1.", "15")),
    _node("node.ip.outside_subnet", "ip", subnet="192.168.2.0/24"),
    _cluster("node.ip.outside_subnet", "workers[0].ip", workers=(replace(_ELSEWHERE, gateway=None),)),
    _node("node.ip.network_address", "ip", ip="192.168.1.0"),
    _node("node.ip.broadcast_address", "ip", ip="192.168.1.255"),
    _node("node.ip.is_gateway", "ip", ip="192.168.1.1"),
    _node("node.ip.is_vip", "ip", ip="192.168.1.100"),
    _cluster("node.ip.duplicate", "workers[0].ip", workers=(replace(a_worker(1), ip="192.168.1.101"),)),
    _node("node.hostname.invalid", "hostname", hostname="a_b"),
    _cluster("node.hostname.duplicate", "workers[1].hostname",
             workers=(replace(a_worker(1), hostname="w"), replace(a_worker(2), hostname="W"))),
    _node("node.hostname.taken", "hostname", hostname="living-1", world=_beside()),
    _cluster("gateway.outside_subnet", "gateway", gateway="192.168.7.1"),
    _node("gateway.outside_subnet", "gateway", gateway="192.168.7.1"),
    _cluster("gateway.unusable", "gateway", gateway="192.168.1.255"),
    _cluster("nodes.prefixes_differ", "workers[0].subnet", workers=(replace(a_worker(1), subnet="23"),)),
    _cluster("nodes.networks_differ", "workers[0].ip", workers=(_ELSEWHERE,)),
    _cluster("network.overlap", "dns[0]", dns="10.96.0.10"),
    _cluster("network.overlap", "controlPlanes[0].ip", base=_moved("10.244.1.", "24")),
    _cluster("network.overlap", "controlPlanes[0].ip", base=_moved("10.111.255.", "24")),
    _cluster("network.overlap", "controlPlanes[0].ip", base=_moved("10.42.9.", "24"), flavor="k3s",
             ssh_public_key=an_ssh_key()),
)  # fmt: skip
"""Addresses that do not fit each other, the pods, or what lives already."""

OF_KEYS_AND_CREDENTIALS = (
    _key("ssh_key.malformed", "ssh-ed25519"),
    _key("ssh_key.malformed", "ssh-ed25519 AAAA"),
    _key("ssh_key.malformed", 'command="sh" ' + an_ssh_key()),
    _key("ssh_key.malformed", an_ssh_key() + "\n" + an_ssh_key()),
    _key("ssh_key.private", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"),
    _key("ssh_key.unsupported", an_ssh_key("ssh-dss")),
    _key("ssh_key.weak", an_ssh_key("ssh-rsa", bits=1024)),
    _key("ssh_key.short", an_ssh_key("ssh-rsa", bits=2048)),
    _key("ssh_key.missing", None),
    _cluster("ssh_key.unused", "sshPublicKey", ssh_public_key=an_ssh_key()),
    _secret("credentials.missing", ".gitlabToken", gitlab_token=None),
    _secret("credentials.missing", ".civoApiToken", civo_api_token=Secret("  ")),
    _secret("credentials.missing", ".imagePullSecret", image_pull_secret=None),
    _civo("credentials.missing", ".region", region=None),
    _cluster("credentials.missing", "credentials", base=a_civo_request(), credentials=None, region=None),
    _cluster("credentials.unused", "credentials", region="PHX1"),
    _secret("credentials.gitlab_token.shape", ".gitlabToken", gitlab_token=Secret("glpat-xxx")),
    _secret("credentials.image_pull_secret.shape", ".imagePullSecret", image_pull_secret=Secret("e30=")),
    _secret("credentials.image_pull_secret.shape", ".imagePullSecret", image_pull_secret=Secret('{"auths": {}}')),
    _secret("credentials.image_pull_secret.registry", ".imagePullSecret",
          image_pull_secret=Secret(a_pull_secret("gcr.io"))),
    _secret("credentials.civo_api_token.shape", ".civoApiToken", civo_api_token=Secret("two words")),
    _civo("credentials.region.invalid", ".region", region="-"),
    _civo("credentials.image.invalid", ".cseInstallerImage", cse_installer_image="ghcr.io/Civo:v1"),
    _civo("credentials.image.unpinned", ".cseInstallerImage", cse_installer_image="ghcr.io/civo/cse:latest"),
)  # fmt: skip
"""Keys and credentials of the wrong kind, too many, or missing."""

OF_CHANGES = (
    _grown("growth.empty", "workers", Growth()),
    _grown("control_planes.even", "controlPlanes", Growth(control_planes=(a_control_plane(4),))),
    _grown("node.ip.duplicate", "workers[0].ip", Growth(workers=(replace(a_worker(3), ip="192.168.1.101"),))),
    _grown("asset.duplicate", "workers[0].assetId", Growth(workers=(replace(a_worker(3), asset_id="asset-1"),))),
    _grown("node.ip.outside_subnet", "workers[0].ip", Growth(workers=(replace(a_worker(3), ip="192.168.2.7"),))),
    _grown("vip.missing", "vip", Growth(control_planes=(a_control_plane(2), a_control_plane(3))),
           base=replace(a_request(1), vip=None)),
    _removed("removal.last_control_plane", a_request(1)),
    _removed("removal.quorum", a_request(3), asset_2=NodeStatus.FAILED),
    _removed("removal.last_spare", a_request(3)),
)  # fmt: skip
"""Nodes that cannot be added or removed."""


def _crowd(number: int) -> ClusterRequest:
    workers = tuple(
        NodeRequest(asset_id=f"crowd-{i}", ip=f"172.16.{i // 250 + 1}.{i % 250 + 1}", subnet="16")
        for i in range(number)
    )
    return replace(a_request(), gateway="172.16.0.1", control_planes=workers[:3], workers=workers[3:], vip="172.16.0.9")


def _crowded() -> tuple[Finding, ...]:
    found = review(_crowd(257), a_world()).findings
    return tuple(finding for finding in found if finding.rule != "asset.unknown")


EXAMPLES = (
    *OF_CLUSTERS,
    *OF_MACHINES,
    *OF_ADDRESSES,
    *OF_KEYS_AND_CREDENTIALS,
    *OF_CHANGES,
    Example("nodes.more_than_pod_ranges", "workers", _crowded),
)
"""Every example there is."""
