"""Clusters to test with: some that nothing is wrong with, and their parts to change."""

from base64 import b64encode
from datetime import UTC, datetime

from msgspec.json import encode
from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.clusters import Cluster, ClusterCredentials, ClusterNode, ClusterSpec, ClusterStatus, NodeStatus
from colony_core.domain.hardware import GB, Bmc, Cpu, Disk, DiskKind, Inventory, Nic, Protocol
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import ClusterRequest, NodeRequest, World, canonical

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_disk(name: str = "/dev/nvme0n1", *, serial: str = "S1", size: int = 1000 * GB, removable: bool = False) -> Disk:
    """Return a disk."""
    kind = DiskKind.NVME if "nvme" in name else DiskKind.HDD
    return Disk(name=name, model="A Disk", serial=serial, wwn="", size_bytes=size, kind=kind, removable=removable)


def an_inventory(
    *, cores: int = 24, memory_mb: int = 65536, disks: tuple[Disk, ...] = (a_disk(),), mac: str = "52:54:00:00:00:01"
) -> Inventory:
    """Return an inventory that is large enough for anything, even a civo_stack in production."""
    return Inventory(
        cpus=(Cpu(model="Intel Xeon", cores=cores, threads=2 * cores),) if cores else (),
        memory_mb=memory_mb,
        disks=disks,
        nics=(Nic(name="eth0", mac=mac, speed_mbps=10_000),) if mac else (),
    )


def a_machine(number: int) -> Asset:
    """Return `asset-<number>` as the reference shows its machines: available, 64 GB, 1 TB of NVMe."""
    return Asset(
        id=f"asset-{number}",
        hostname=f"server{number:02}",
        status=AssetStatus.AVAILABLE,
        bmc=Bmc(protocol=Protocol.IPMI, address=f"192.168.2.{49 + number % 200}", port=623, username="admin"),
        inventory=an_inventory(mac=f"52:54:00:00:{number // 256:02x}:{number % 256:02x}"),
        created_at=NOON,
        updated_at=NOON,
    )


_MACHINES = {machine.id: machine for machine in map(a_machine, range(1, 30))}


def a_control_plane(number: int) -> NodeRequest:
    """Return control plane *number* (from 1), on the asset of that number."""
    return NodeRequest(asset_id=f"asset-{number}", ip=f"192.168.1.{100 + number}", subnet="24")


def a_worker(number: int) -> NodeRequest:
    """Return worker *number* (from 1), on `asset-1<number>`."""
    return NodeRequest(asset_id=f"asset-1{number}", ip=f"192.168.1.{200 + number}", subnet="24")


def a_request(control_planes: int = 3, workers: int = 2) -> ClusterRequest:
    """Return a request of a talos that nothing is wrong with, in `a_world`."""
    return ClusterRequest(
        name="production",
        type="k8s_stack",
        flavor="talos",
        gateway="192.168.1.1",
        control_planes=tuple(map(a_control_plane, range(1, control_planes + 1))),
        workers=tuple(map(a_worker, range(1, workers + 1))),
        vip="192.168.1.100",
    )


def a_civo_request() -> ClusterRequest:
    """Return a request of a civo_stack that nothing is wrong with, in `a_world`."""
    return replace(
        a_request(),
        type="civo_stack",
        credentials=ClusterCredentials(
            gitlab_token=Secret("glpat-" + "x" * 20),
            image_pull_secret=Secret(a_pull_secret("ghcr.io")),
            civo_api_token=Secret("y" * 40),
        ),
        region="PHX1",
        cse_installer_image="ghcr.io/civo/cse-installer:v1",
    )


def a_pull_secret(*registries: str) -> str:
    """Return the base64 of a Docker config that logs in to *registries*."""
    login = b64encode(b"user:password").decode()
    config = {"auths": {registry: {"auth": login} for registry in registries}}
    return b64encode(encode(config)).decode()


def an_ssh_key(kind: str = "ssh-ed25519", *, bits: int = 3072) -> str:
    """Return a public key of *kind*; *bits* is the size of an RSA one."""
    numbers = (b"\x01\x00\x01", (1 << (bits - 1)).to_bytes(bits // 8 + 1, "big"))
    parts = (kind.encode(), *(numbers if kind == "ssh-rsa" else (b"k" * 32,)))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"{kind} {b64encode(blob).decode()} somebody@example.org"


def the_reference_request() -> ClusterRequest:
    """Return the example body of the API reference."""
    return ClusterRequest(
        name="production-cluster",
        type="civo_stack",
        flavor="talos",
        gateway="192.168.1.1",
        control_planes=(NodeRequest(asset_id="asset-1", ip="192.168.1.101", subnet="24"),),
        workers=(NodeRequest(asset_id="asset-2", ip="192.168.1.201", subnet="24"),),
        credentials=ClusterCredentials(
            gitlab_token=Secret("glpat-xxx"),
            image_pull_secret=Secret("base64-encoded-secret"),
            civo_api_token=Secret("api-token"),
        ),
        region="PHX1",
    )


def a_world(*clusters: Cluster, controller: str | None = None, **changed: dict[str, object]) -> World:
    """Return a world of free machines; `asset_1={"status": ...}` changes one of them."""
    assets = dict(_MACHINES)
    for name, changes in changed.items():
        key = name.replace("_", "-")
        assets[key] = replace(assets[key], **changes)
    return World(assets=assets, clusters=clusters, now=NOON, controller=controller)


def a_cluster(spec: ClusterSpec, **statuses: NodeStatus) -> Cluster:
    """Return *spec* as a living cluster whose nodes are ready; `asset_1=NodeStatus.FAILED` changes one."""
    return Cluster(
        id="cluster-1",
        spec=spec,
        status=ClusterStatus.READY,
        nodes=tuple(
            ClusterNode(
                asset_id=node.asset_id,
                role=spec.role_of(node.asset_id),
                ip=node.ip,
                hostname=node.hostname,
                status=statuses.get(node.asset_id.replace("-", "_"), NodeStatus.READY),
            )
            for node in spec.nodes
        ),
        workflow_id=None,
        created_at=NOON,
        updated_at=NOON,
    )


def a_spec(request: ClusterRequest) -> ClusterSpec:
    """Return the spec of a *request* that can be read."""
    spec = canonical(request).spec
    assert spec is not None, canonical(request).findings
    return spec
