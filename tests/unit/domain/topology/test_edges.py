"""Where a rule begins to bind: what lies just on the border passes, and a step beyond it does not."""

from base64 import b64decode, b64encode

import pytest
from msgspec.json import encode
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.clusters import ClusterCredentials
from colony_core.domain.hardware import Inventory
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import ClusterRequest, Growth, canonical, review, review_growth
from colony_core.domain.topology.counts import check_workers
from colony_core.domain.topology.images import registry_host, registry_of
from colony_core.domain.topology.names import is_dns_name
from colony_core.domain.topology.platforms import RANGES
from colony_core.domain.topology.ssh_keys import read_ssh_key
from colony_core.domain.validation import Finding
from colony_testkit.topologies import (
    a_civo_request,
    a_cluster,
    a_control_plane,
    a_disk,
    a_pull_secret,
    a_request,
    a_spec,
    a_worker,
    a_world,
    an_inventory,
    an_ssh_key,
)


def found(request: ClusterRequest) -> list[str]:
    """Return every rule that *request* breaks."""
    return [finding.rule for finding in review(request, a_world()).findings]


def in_subnet(prefix: int) -> ClusterRequest:
    """Return the sound request with every node in a subnet of this length."""
    request = a_request(1, 1)
    low = {"a": "192.168.1.9", "b": "192.168.1.11"}
    return replace(
        request,
        vip=None,
        control_planes=(replace(request.control_planes[0], ip=low["a"], subnet=str(prefix)),),
        workers=(replace(request.workers[0], ip=low["b"], subnet=str(prefix)),),
    )


@pytest.mark.parametrize(
    ("prefix", "rules"),
    [
        (16, []),
        (28, []),
        (15, ["node.subnet.unusual"] * 2),
        (29, ["node.subnet.unusual"] * 2),
    ],
)
def test_prefixes_from_16_to_28_are_usual(prefix: int, rules: list[str]) -> None:
    unusual = [rule for rule in found(in_subnet(prefix)) if rule == "node.subnet.unusual"]

    assert unusual == rules


def test_a_name_of_40_characters_leaves_room_for_those_of_its_nodes() -> None:
    assert found(replace(a_request(), name="a" * 40)) == []
    assert found(replace(a_request(), name="a" * 41)) == ["cluster.name.long"]


def test_a_network_of_pods_has_a_range_for_256_nodes() -> None:
    assert {ranges.most_nodes for ranges in RANGES.values()} == {256}


def test_as_many_nodes_as_have_a_range_of_pods_are_not_too_many() -> None:
    def findings(nodes: int) -> list[Finding]:
        draft = canonical(replace(a_request(nodes, 0), vip=None)).draft
        return [one for one in check_workers(draft, a_world()) if one.rule != "workers.none"]

    assert findings(256) == []
    assert [one.message for one in findings(257)] == ["the cluster has 257 nodes; its pod network has room for 256"]


@pytest.mark.parametrize("labels", [4, 5])
def test_a_dns_name_has_at_most_253_characters(labels: int) -> None:
    name = ".".join(["a" * 49] * labels + ["b" * (253 - 50 * labels)])

    assert len(name) == 253
    assert is_dns_name(name)
    assert not is_dns_name(f"{name}b")


@pytest.mark.parametrize(("name", "is_one"), [("a", True), ("a.1b", True), ("1.a", True), ("a.1", False), ("", False)])
def test_a_name_that_ends_in_a_number_is_an_address_that_went_wrong(name: str, *, is_one: bool) -> None:
    assert is_dns_name(name) is is_one


def key_findings(key: str) -> list[str]:
    notes: list[Finding] = []
    read_ssh_key(key, notes=notes)
    return [f"{note.rule}: {note.expected}" for note in notes]


@pytest.mark.parametrize(
    ("bits", "flaws"),
    [
        (3072, []),
        (3064, ["ssh_key.short: at least 3072"]),
        (2048, ["ssh_key.short: at least 3072"]),
        (2040, ["ssh_key.weak: at least 2048"]),
    ],
)
def test_an_rsa_key_is_judged_by_its_bits(bits: int, flaws: list[str]) -> None:
    assert key_findings(an_ssh_key("ssh-rsa", bits=bits)) == flaws


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ssh-ed25519", 2),
        ("ecdsa-sha2-nistp256", 3),
        ("ecdsa-sha2-nistp384", 3),
        ("ecdsa-sha2-nistp521", 3),
        ("sk-ssh-ed25519@openssh.com", 3),
        ("sk-ecdsa-sha2-nistp256@openssh.com", 4),
    ],
)
def test_every_kind_of_key_is_taken_with_as_many_fields_as_its_standard_says(kind: str, fields: int) -> None:
    assert key_findings(a_key(kind, fields)) == []
    assert [flaw.partition(":")[0] for flaw in key_findings(a_key(kind, fields + 1))] == ["ssh_key.malformed"]
    assert [flaw.partition(":")[0] for flaw in key_findings(a_key(kind, fields - 1))] == ["ssh_key.malformed"]


def a_key(kind: str, fields: int) -> str:
    """Return a line with a key of *kind* of so many fields, its type the first of them."""
    parts = [kind.encode(), *[b"k" * 32] * (fields - 1)]
    return f"{kind} {b64encode(b''.join(len(part).to_bytes(4, 'big') + part for part in parts)).decode()}"


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("", None),
        ("talos", "docker.io"),
        ("talos:v1", "docker.io"),
        ("siderolabs/talos", "docker.io"),
        ("docker.io/siderolabs/talos", "docker.io"),
        ("localhost/talos", "localhost"),
        ("registry:5000/talos", "registry:5000"),
        ("ghcr.io/siderolabs/talos", "ghcr.io"),
    ],
)
def test_an_image_is_pulled_from_the_host_that_it_names_or_from_docker_hub(image: str, registry: str | None) -> None:
    assert registry_of(image) == registry


@pytest.mark.parametrize(
    ("login", "usable"),
    [
        ({"username": "u", "password": "p"}, True),
        ({"identitytoken": "t"}, True),
        ({"username": "u"}, False),
        ({"password": "p"}, False),
        ({"auth": b64encode(b"u").decode()}, False),
        ({"auth": b64encode(b"u:p").decode()}, True),
    ],
)
def test_a_login_is_a_pair_or_a_token(login: dict[str, str], *, usable: bool) -> None:
    secret = b64encode(encode({"auths": {"ghcr.io": login}})).decode()

    assert found(with_pull_secret(secret)) == ([] if usable else ["credentials.image_pull_secret.shape"])


def with_pull_secret(secret: str, **changes: object) -> ClusterRequest:
    request = a_civo_request()
    credentials = request.credentials or ClusterCredentials()
    return replace(request, credentials=replace(credentials, image_pull_secret=Secret(secret)), **changes)


def test_the_installers_image_comes_from_a_registry_that_is_logged_in_to_and_without_one_from_any() -> None:
    elsewhere = with_pull_secret(a_pull_secret("quay.io"))

    assert found(elsewhere) == ["credentials.image_pull_secret.registry"]
    assert found(replace(elsewhere, cse_installer_image=None)) == []


def test_what_is_blank_is_not_given() -> None:
    blank = replace(a_request(1, 1), vip=" ", ssh_public_key=" ", region=" ", cse_installer_image=" ")

    assert found(blank) == []
    spec = canonical(blank).spec
    assert spec is not None
    assert (spec.vip, spec.region, spec.cse_installer_image, spec.ssh_public_key) == (None, None, None, None)


@pytest.mark.parametrize("field", ["control_planes", "workers"])
def test_a_request_with_a_node_that_cannot_be_read_is_no_spec(field: str) -> None:
    nodes = getattr(a_request(), field)

    for broken in ({"ip": "here"}, {"subnet": "x"}, {"hostname": "?"}, {"asset_id": ""}):
        read = canonical(replace(a_request(), **{field: (replace(nodes[0], **broken), *nodes[1:])}))

        assert read.spec is None
        assert read.findings


def test_a_nodes_own_gateway_may_not_be_a_pods_address() -> None:
    broken = replace(a_control_plane(1), gateway="10.244.0.1")
    found_ = review(replace(a_request(), control_planes=(broken, *a_request().control_planes[1:])), a_world()).findings

    assert ("network.overlap", "controlPlanes[0].gateway") in [(finding.rule, finding.path) for finding in found_]


def test_a_living_clusters_own_virtual_address_is_no_collision_of_its_growth() -> None:
    cluster = a_cluster(a_spec(a_request(1, 1)))
    taken = a_world(cluster, controller=cluster.spec.vip)

    assert "address.in_use" in [
        finding.rule for finding in review(a_request(1, 1), replace(taken, clusters=())).findings
    ]
    assert review_growth(cluster, Growth(workers=(a_worker(2),)), world=taken).findings == ()


def test_a_machine_with_just_what_is_needed_is_enough() -> None:
    def with_(inventory: Inventory) -> list[str]:
        return [finding.rule for finding in review(a_request(1, 0), a_world(asset_1={"inventory": inventory})).errors]

    assert with_(an_inventory(cores=2)) == []
    assert with_(an_inventory(cores=1)) == ["hardware.cores.floor"]


@pytest.mark.parametrize(
    "login", ["ghcr.io", "https://ghcr.io", "https://GHCR.io/v2/", "http://ghcr.io/v1/users", "ghcr.io/civo"]
)
def test_a_login_is_for_the_host_in_it(login: str) -> None:
    assert registry_host(login) == "ghcr.io"


@pytest.mark.parametrize(
    "login", ["https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io", "docker.io"]
)
def test_docker_hub_has_one_name(login: str) -> None:
    assert registry_host(login) == "docker.io"


def test_an_image_that_is_named_by_its_digest_is_pinned() -> None:
    digest = "ghcr.io/civo/cse@sha256:" + "0a" * 32

    assert found(replace(a_civo_request(), cse_installer_image=digest)) == []
    assert found(replace(a_civo_request(), cse_installer_image=digest[:-60])) == ["credentials.image.invalid"]


@pytest.mark.parametrize(
    "beside",
    [{"cse_installer_image": "ghcr.io/civo/cse:v1"}, {"region": "PHX1"}, {"credentials": a_civo_request().credentials}],
    ids=lambda beside: next(iter(beside)),
)
def test_whatever_a_civo_stack_alone_uses_is_told_to_be_unused_elsewhere(beside: dict[str, object]) -> None:
    assert found(replace(a_request(), **beside)) == ["credentials.unused"]


def test_an_image_may_come_from_a_registry_at_a_port() -> None:
    there = with_pull_secret(a_pull_secret("registry:5000"), cse_installer_image="registry:5000/civo/cse:v1")

    assert found(there) == []
    assert found(replace(there, cse_installer_image="registry:5000/civo/cse")) == ["credentials.image.unpinned"]


def test_a_key_whose_inside_is_of_another_type_is_none() -> None:
    blob = a_key("ssh-ed25519", 3).partition(" ")[2]

    assert [flaw.partition(":")[0] for flaw in key_findings(f"ecdsa-sha2-nistp256 {blob}")] == ["ssh_key.malformed"]


@pytest.mark.parametrize(("prefix", "rule"), [("32", "node.subnet.out_of_range"), ("33", "node.subnet.malformed")])
def test_a_prefix_has_at_most_32_bits(prefix: str, rule: str) -> None:
    nodes = (replace(a_control_plane(1), subnet=prefix), *a_request().control_planes[1:])

    assert rule in found(replace(a_request(), control_planes=nodes))


@pytest.mark.parametrize(
    ("image", "sound"),
    [("cse:v1", True), ("Cse:v1", False), ("civo/cse:v1", True), ("civo/cse:-v1", False), ("-/a", False)],
)
def test_an_image_without_a_host_is_a_name(image: str, *, sound: bool) -> None:
    assert ("credentials.image.invalid" in found(replace(a_civo_request(), cse_installer_image=image))) is not sound


@pytest.mark.parametrize(("control_planes", "rules"), [(1, []), (2, ["control_planes.even", "vip.missing"])])
def test_two_control_planes_need_an_address_that_moves(control_planes: int, rules: list[str]) -> None:
    assert found(replace(a_request(control_planes), vip=None)) == rules


def test_an_interface_without_a_mac_address_is_nothing_in_common() -> None:
    nic = an_inventory().nics[0]
    inventories = [an_inventory(mac=f"52:54:00:00:01:0{number}") for number in (1, 2)]
    one, two = (replace(each, nics=(*each.nics, replace(nic, name="eno2", mac=""))) for each in inventories)

    world = a_world(asset_1={"inventory": one, "macs": ()}, asset_2={"inventory": two, "macs": ()})
    assert review(a_request(), world).findings == ()


def test_a_pull_secret_is_base64_and_nothing_else() -> None:
    assert found(with_pull_secret(f"{a_pull_secret('ghcr.io')}!")) == ["credentials.image_pull_secret.shape"]


def places(request: ClusterRequest, rule: str) -> list[str]:
    """Return where *request* breaks *rule*."""
    return [finding.path for finding in review(request, a_world()).findings if finding.rule == rule]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"gateway": "10.244.0.1"}, "gateway"),
        ({"vip": "10.96.0.1"}, "vip"),
        ({"dns": ("1.1.1.1", "10.244.0.1")}, "dns[1]"),
        ({"ntp": ("10.96.0.1",)}, "ntp[0]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_that_a_cluster_needs_outside_has_an_address_of_its_inside(
    changes: dict[str, object], path: str
) -> None:
    assert places(replace(a_request(), **changes), "network.overlap") == [path]


def test_a_network_that_overlaps_is_told_once_and_not_again_for_every_server_in_it() -> None:
    inside = replace(a_worker(1), ip="10.244.1.5", gateway="10.244.1.1")
    request = replace(a_request(1, 0), vip=None, workers=(inside,), dns=("10.244.1.53",))

    assert places(request, "network.overlap") == ["workers[0].ip"]


def first_node(**changes: object) -> ClusterRequest:
    """Return the sound request with its first node changed."""
    request = a_request()
    return replace(request, control_planes=(replace(a_control_plane(1), **changes), *request.control_planes[1:]))


def test_a_node_whose_own_gateway_cannot_be_read_is_not_judged_by_the_clusters() -> None:
    elsewhere = first_node(ip="10.0.0.5", gateway="here")

    assert places(elsewhere, "address.malformed") == ["controlPlanes[0].gateway"]
    assert places(elsewhere, "node.ip.outside_subnet") == []
    assert places(first_node(ip="10.0.0.5"), "node.ip.outside_subnet") == ["controlPlanes[0].ip"]


def test_a_nodes_own_gateway_is_judged_by_its_subnet_where_that_can_be_read() -> None:
    assert found(first_node(gateway="192.168.1.1", subnet="x")) == ["node.subnet.malformed"]
    assert found(first_node(gateway="192.168.1.255")) == ["gateway.unusable"]
    assert found(first_node(gateway="192.168.2.1")) == ["gateway.outside_subnet"]


def test_a_disk_whose_name_cannot_be_read_is_not_judged_as_if_none_had_been_named() -> None:
    two = an_inventory(disks=(a_disk(), a_disk("/dev/nvme1n1", serial="S2")))
    world = a_world(asset_1={"inventory": two})

    assert [one.rule for one in review(first_node(disk_device="/dev/sda1; rm"), world).findings] == ["disk.malformed"]
    assert [one.rule for one in review(first_node(), world).findings] == ["disk.ambiguous"]


def test_seven_control_planes_are_not_too_many_and_nine_are() -> None:
    assert found(a_request(7)) == []
    assert found(a_request(8)) == ["control_planes.even", "control_planes.many"]
    assert found(a_request(9)) == ["control_planes.many"]


def test_a_subnet_that_is_no_network_is_malformed() -> None:
    assert found(first_node(subnet="192.168.1.0/99")) == ["node.subnet.malformed"]


def test_a_time_server_of_ipv6_is_told_to_be_one() -> None:
    assert found(replace(a_request(), ntp=("fd00::1",))) == ["address.ipv6"]


@pytest.mark.parametrize("digit", "0123456789abcdef")
def test_an_address_of_a_group_is_known_by_its_first_octet(digit: str) -> None:
    world = a_world(asset_1={"macs": (f"5{digit}:54:00:77:00:01",)})
    groups = [one.rule for one in review(a_request(), world).findings]

    assert groups == (["asset.mac.multicast"] if int(digit, 16) % 2 else [])


def test_nodes_whose_addresses_cannot_be_read_have_none_in_common() -> None:
    nodes = tuple(replace(a_worker(number), ip="here") for number in (1, 2))

    assert found(replace(a_request(), workers=nodes)) == ["address.malformed"] * 2


def test_with_strictness_what_is_only_worth_reading_refuses() -> None:
    long = replace(a_request(), name="a" * 41)
    usual, strict = review(long, a_world()), review(long, a_world(), strict=True)

    assert (usual.errors, usual.spec is not None) == ((), True)
    assert ([one.rule for one in strict.errors], strict.spec) == (["cluster.name.long"], None)


def test_a_key_is_base64_and_nothing_else() -> None:
    kind, blob, _ = an_ssh_key().split()

    assert [flaw.partition(":")[0] for flaw in key_findings(f"{kind} !{blob}")] == ["ssh_key.malformed"]


def test_a_key_that_is_cut_off_is_none() -> None:
    kind, blob, _ = an_ssh_key().split()
    whole = b64decode(blob)

    assert key_findings(f"{kind} {blob}") == []
    for bytes_ in range(1, len(whole)):
        cut = f"{kind} {b64encode(whole[:bytes_]).decode()}"
        assert [flaw.partition(":")[0] for flaw in key_findings(cut)] == ["ssh_key.malformed"]


@pytest.mark.parametrize(("field", "most"), [("dns", 3), ("ntp", 4), ("extra_sans", 100)])
def test_a_list_holds_as_many_entries_as_are_used(field: str, most: int) -> None:
    entries = tuple(f"192.168.{5 + number // 100}.{1 + number % 100}" for number in range(most + 1))

    assert found(replace(a_request(), **{field: entries[:most]})) == []
    assert [rule.rpartition(".")[2] for rule in found(replace(a_request(), **{field: entries}))] == ["many"]


def test_an_image_is_named_with_at_most_512_characters() -> None:
    name = "ghcr.io/" + "a" * (512 - len("ghcr.io/:v1")) + ":v1"

    assert found(replace(a_civo_request(), cse_installer_image=name)) == []
    assert found(replace(a_civo_request(), cse_installer_image=f"{name}2")) == ["credentials.image.invalid"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"gateway": "here"}, "address.malformed"),
        ({"flavor": "another"}, "cluster.type.unsupported"),
        ({"type": "another"}, "cluster.type.unsupported"),
        ({"vip": "here"}, "address.malformed"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_judged_by_it(changes: dict[str, object], rule: str) -> None:
    assert found(replace(a_request(), **changes)) == [rule]
    if "type" in changes:
        assert found(replace(a_civo_request(), **changes)) == [rule], "whether credentials are used is not known"


def test_a_cluster_whose_nodes_all_have_gateways_of_their_own_has_none_that_is_shared() -> None:
    request = a_request(1, 1)
    nodes = [replace(node, gateway="192.168.1.2") for node in (*request.control_planes, *request.workers)]

    own = replace(request, vip=None, gateway="10.1.1.1", control_planes=tuple(nodes[:1]), workers=tuple(nodes[1:]))
    assert found(own) == []


def test_a_node_elsewhere_is_told_to_be_so_if_any_of_the_two_has_a_gateway_of_its_own() -> None:
    there, here = a_worker(1), replace(a_worker(2), ip="192.168.7.5", gateway="192.168.7.1")

    for nodes in ((there, here), (here, there)):
        request = replace(a_request(1, 0), vip=None, control_planes=nodes[:1], workers=nodes[1:])
        assert places(request, "nodes.networks_differ") == ["workers[0].ip"]


def test_a_node_without_a_machine_is_told_to_lack_one_and_nothing_else() -> None:
    nodes = tuple(replace(a_control_plane(number), asset_id="") for number in (1, 2, 3))

    assert found(first_node(asset_id="")) == ["asset.id.missing"]
    assert found(replace(a_request(), control_planes=nodes)) == ["asset.id.missing"] * 3


def test_a_machine_that_is_not_free_is_told_to_be_unavailable_and_nothing_else() -> None:
    unknown: dict[str, object] = {"status": AssetStatus.DISCOVERING, "inventory": None, "macs": ("52:54:00:00:00:01",)}
    at_work: dict[str, object] = {"status": AssetStatus.PROVISIONING, "held_by": "workflow-7"}

    for changes in (unknown, at_work):
        found_ = review(a_request(), a_world(asset_1=changes)).findings
        assert [finding.rule for finding in found_] == ["asset.unavailable"]


@pytest.mark.parametrize(("prefix", "possible"), [(7, False), (8, True), (30, True), (31, False)])
def test_nodes_have_networks_from_8_to_30_bits(prefix: int, *, possible: bool) -> None:
    assert ("node.subnet.out_of_range" not in found(in_subnet(prefix))) is possible


def test_nothing_is_asked_of_networks_that_cannot_be_read() -> None:
    nodes = tuple(replace(a_control_plane(number), subnet="x") for number in (1, 2, 3))

    assert found(replace(a_request(3, 0), control_planes=nodes, vip=None)).count("node.subnet.malformed") == 3


def test_every_login_of_a_pull_secret_has_to_be_usable() -> None:
    logins = {"auths": {"ghcr.io": {"auth": b64encode(b"u:p").decode()}, "quay.io": {"username": "u"}}}

    assert found(with_pull_secret(b64encode(encode(logins)).decode())) == ["credentials.image_pull_secret.shape"]


@pytest.mark.parametrize(("size", "rules"), [(2**20, []), (2**20 + 1, ["credentials.image_pull_secret.shape"])])
def test_a_pull_secret_has_at_most_a_mebibyte(size: int, rules: list[str]) -> None:
    config = encode({"auths": {"ghcr.io": {"auth": b64encode(b"u:p").decode()}}}).ljust(size)

    assert found(with_pull_secret(b64encode(config).decode())) == rules
