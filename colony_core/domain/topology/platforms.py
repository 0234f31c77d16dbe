"""What each kind of cluster brings along and demands, as figures; docs/topology-rules.md says what becomes of them."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from types import MappingProxyType

from msgspec import Struct

from colony_core.domain.clusters import ClusterType, Flavor, Role
from colony_core.domain.hardware import GB, GIB

PAIRS = (
    (ClusterType.CIVO_STACK, Flavor.TALOS),
    (ClusterType.K8S_STACK, Flavor.TALOS),
    (ClusterType.K8S_STACK, Flavor.K3S),
)
"""The types of cluster, each with a flavour it can be built of."""

DEFAULT_DNS = ("1.1.1.1", "8.8.8.8")
"""Where no DNS server is named: what Talos itself falls back to. An isolated site must name its own."""

DEFAULT_NTP = ("time.cloudflare.com",)
"""Where no time server is named: what Talos itself falls back to. An isolated site must name its own."""

MEMORY_SLACK = 0.05
"""The share of its memory that a machine's firmware may keep: a box sold as 8 GB reports about 7.8 GiB."""


class Ranges(Struct, frozen=True, kw_only=True):
    """The addresses that a distribution uses inside the cluster, unless it is told otherwise."""

    pods: IPv4Network
    services: IPv4Network

    @property
    def most_nodes(self) -> int:
        """Return how many nodes get pod addresses, as each takes a /24."""
        return int(2 ** max(0, 24 - self.pods.prefixlen))


class Size(Struct, frozen=True, kw_only=True):
    """How much machine: physical cores, gibibytes of memory, bytes of disk."""

    cores: int
    memory_gib: float
    disk_bytes: int


RANGES: Mapping[Flavor, Ranges] = MappingProxyType(
    {
        Flavor.TALOS: Ranges(pods=IPv4Network("10.244.0.0/16"), services=IPv4Network("10.96.0.0/12")),
        Flavor.K3S: Ranges(pods=IPv4Network("10.42.0.0/16"), services=IPv4Network("10.43.0.0/16")),
    }
)

_TEN_GIB = 10 * GIB
_CONTROL, _WORKER = Role.CONTROL_PLANE, Role.WORKER

FLOORS: Mapping[tuple[Flavor, Role], Size] = MappingProxyType(
    {
        (Flavor.TALOS, _CONTROL): Size(cores=2, memory_gib=2, disk_bytes=_TEN_GIB),
        (Flavor.TALOS, _WORKER): Size(cores=1, memory_gib=1, disk_bytes=_TEN_GIB),
        (Flavor.K3S, _CONTROL): Size(cores=2, memory_gib=2, disk_bytes=_TEN_GIB),
        (Flavor.K3S, _WORKER): Size(cores=1, memory_gib=0.5, disk_bytes=_TEN_GIB),
    }
)
"""Below this the distribution does not run at all."""

MINIMA: Mapping[tuple[Flavor, Role], Size] = MappingProxyType(
    {
        (Flavor.TALOS, _CONTROL): Size(cores=4, memory_gib=8, disk_bytes=64 * GB),
        (Flavor.TALOS, _WORKER): Size(cores=4, memory_gib=16, disk_bytes=128 * GB),
        (Flavor.K3S, _CONTROL): Size(cores=2, memory_gib=4, disk_bytes=32 * GB),
        (Flavor.K3S, _WORKER): Size(cores=2, memory_gib=4, disk_bytes=64 * GB),
    }
)
"""The documented minimum; civo_stack has the figures of its flavour, talos."""

CIVO_PRODUCTION = Size(cores=24, memory_gib=32, disk_bytes=1000 * GB)
"""What the documentation of civo_stack asks of every machine in production."""

CIVO_CONTROL_PLANES = 3
CIVO_WORKERS = 2
"""The documented production minimum of civo_stack, with `CIVO_CONTROL_PLANES`."""
