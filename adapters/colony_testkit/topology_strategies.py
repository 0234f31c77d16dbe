"""Every cluster that somebody could ask for: sound ones in all spellings, damaged ones, and pure nonsense."""

from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.clusters import ClusterCredentials
from colony_core.domain.hardware import GB
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import ClusterRequest, NodeRequest, World
from colony_testkit.topologies import (
    a_cluster,
    a_control_plane,
    a_disk,
    a_request,
    a_spec,
    a_worker,
    a_world,
    an_inventory,
    the_reference_request,
)

TEMPTING = (
    "",
    " ",
    "24",
    "/33",
    "255.0.255.0",
    "192.168.1.101/24",
    "192.168.001.1",
    "0.0.0.0",  # noqa: S104 (a text to be refused, bound to nothing)
    "fe80::1%eth0/64",
    "10.96.0.10",
    "a,,b",
    "*.example.org",
    "1.2.3.5/32",
    "{path}",
    "%s",
    "/dev/sda1",
    "/dev/../dev/sda",
    "ssh-rsa AAAA",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
    "-----BEGIN PRIVATE KEY-----",
    "e30=",
    "eyJhdXRocyI6e319",
    "ghcr.io/a@sha256:00",
    "civo_stack",
    "k8s_stack",
    "talos",
    "k3s",
    "asset-1",
)
"""Texts that are nearly right, or that a careless parser trips over."""

texts = st.one_of(st.sampled_from(TEMPTING), st.text(max_size=20))
lists = st.one_of(st.none(), texts, st.lists(texts, max_size=3).map(tuple))
_maybe = st.none() | texts
_secrets = st.none() | texts.map(Secret)

arbitrary_nodes = st.builds(
    NodeRequest,
    asset_id=texts,
    ip=texts,
    subnet=_maybe,
    gateway=_maybe,
    dns=lists,
    ntp=lists,
    disk_device=_maybe,
    hostname=_maybe,
)
"""Nodes with any text in any field."""

arbitrary_credentials = st.builds(
    ClusterCredentials, gitlab_token=_secrets, image_pull_secret=_secrets, civo_api_token=_secrets
)
"""Credentials with any text in any field."""

arbitrary_requests = st.builds(
    ClusterRequest,
    name=texts,
    type=texts,
    flavor=texts,
    gateway=texts,
    control_planes=st.lists(arbitrary_nodes, max_size=2).map(tuple),
    workers=st.lists(arbitrary_nodes, max_size=2).map(tuple),
    extra_sans=lists,
    vip=_maybe,
    dns=lists,
    ntp=lists,
    ssh_public_key=_maybe,
    credentials=st.none() | arbitrary_credentials,
    region=_maybe,
    cse_installer_image=_maybe,
)
"""Requests with any text in any field."""


def _damage(request: ClusterRequest, other: ClusterRequest, fields: set[str]) -> ClusterRequest:
    return replace(request, **{name: getattr(other, name) for name in fields})


def _spelled(entries: tuple[str, ...]) -> st.SearchStrategy[str | tuple[str, ...]]:
    return st.sampled_from((",".join(entries), " , ".join((*entries, "")), entries, (*entries, "", *entries)))


@st.composite
def sound_nodes(draw: st.DrawFn, role: str, number: int) -> NodeRequest:
    """Draw a node that nothing is wrong with, in one of its spellings."""
    node = a_control_plane(number) if role == "cp" else a_worker(number)
    ip, subnet = draw(
        st.sampled_from(
            (
                (node.ip, "24"),
                (f" {node.ip} ", "/24"),
                (node.ip, "255.255.255.0"),
                (node.ip, "192.168.1.0/24"),
                (f"{node.ip}/24", None),
                (f"{node.ip}/24", "24"),
            )
        )
    )
    return replace(
        node,
        ip=ip,
        subnet=subnet,
        gateway=draw(st.sampled_from((None, "", " 192.168.1.1"))),
        disk_device=draw(st.sampled_from((None, "/dev/nvme0n1", " S1 "))),
        hostname=draw(st.sampled_from((None, " ", f"Node-{role}-{number}"))),
        dns=draw(st.none() | _spelled(("192.168.1.2", "192.168.1.3"))),
    )


@st.composite
def sound_requests(draw: st.DrawFn) -> ClusterRequest:
    """Draw a request that nothing is wrong with in `a_world`, in one of its spellings."""
    control_planes = draw(st.sampled_from((3, 5, 7)))
    workers = draw(st.integers(1, 4))
    return replace(
        a_request(),
        name=draw(st.sampled_from(("production", " p ", "a-1", "x" * 40))),
        control_planes=tuple(draw(sound_nodes("cp", number)) for number in range(1, control_planes + 1)),
        workers=tuple(draw(sound_nodes("worker", number)) for number in range(1, workers + 1)),
        extra_sans=draw(st.none() | _spelled(("API.example.org", "*.example.org", "192.168.1.99"))),
        dns=draw(st.none() | _spelled(("192.168.1.2", "9.9.9.9"))),
        ntp=draw(st.none() | _spelled(("Time.example.org", "192.168.1.2"))),
    )


damaged_requests = st.builds(
    _damage,
    st.one_of(sound_requests(), st.builds(the_reference_request)),
    arbitrary_requests,
    st.sets(st.sampled_from(ClusterRequest.__struct_fields__), max_size=3),
)
"""Requests that are sound but for a few fields: they reach the rules that nonsense never does."""


_states = st.fixed_dictionaries(
    {
        "status": st.sampled_from(AssetStatus),
        "inventory": st.none()
        | st.builds(
            an_inventory,
            cores=st.sampled_from((0, 2, 24)),
            memory_mb=st.sampled_from((512, 4096, 65536)),
            disks=st.lists(st.builds(a_disk, size=st.sampled_from((8 * GB, 500 * GB))), max_size=2).map(tuple),
        ),
    }
)
_LIVING = a_cluster(a_spec(a_request(1, 1)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a world in which some of the machines cannot be had, or are too small, or are somebody else's."""
    changed = draw(st.dictionaries(st.sampled_from(("asset_1", "asset_2", "asset_11")), _states, max_size=2))
    clusters = draw(st.sampled_from(((), (_LIVING,))))
    return a_world(*clusters, controller=draw(st.none() | texts), **changed)
