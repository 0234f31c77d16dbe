"""A request as far as it could be read: what is malformed is None, so that every other rule can still be checked."""

from ipaddress import IPv4Address, IPv4Network

from msgspec import Struct

from colony_core.domain.clusters import ClusterType, Flavor, Role


class DraftNode(Struct, frozen=True, kw_only=True):
    """One machine; `path` is its place in the request, and `member` says that it is in the cluster already.

    `network` is what address and prefix make together, or None where that is unknown or cannot hold nodes.
    """

    path: str
    role: Role
    asset_id: str | None = None
    ip: IPv4Address | None = None
    prefix: int | None = None
    network: IPv4Network | None = None
    hostname: str | None = None
    gateway: IPv4Address | None = None
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    disk_device: str | None = None
    member: bool = False


class Draft(Struct, frozen=True, kw_only=True):
    """A cluster; `unread` holds the path of every field that was given but could not be read."""

    name: str | None
    type: ClusterType | None
    flavor: Flavor | None
    gateway: IPv4Address | None
    nodes: tuple[DraftNode, ...]
    extra_sans: tuple[str, ...] = ()
    vip: IPv4Address | None = None
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    ssh_public_key: str | None = None
    region: str | None = None
    cse_installer_image: str | None = None
    cluster_id: str | None = None
    unread: frozenset[str] = frozenset()

    @property
    def control_planes(self) -> tuple[DraftNode, ...]:
        """Return the control planes, in the order of the request."""
        return tuple(node for node in self.nodes if node.role is Role.CONTROL_PLANE)

    @property
    def workers(self) -> tuple[DraftNode, ...]:
        """Return the workers, in the order of the request."""
        return tuple(node for node in self.nodes if node.role is Role.WORKER)

    @property
    def newcomers(self) -> tuple[DraftNode, ...]:
        """Return the nodes that are not in the cluster yet."""
        return tuple(node for node in self.nodes if not node.member)

    @property
    def members_first(self) -> tuple[DraftNode, ...]:
        """Return every node so that of two that collide the newcomer is the second."""
        return tuple(sorted(self.nodes, key=lambda node: not node.member))
