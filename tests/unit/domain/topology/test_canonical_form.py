"""One spelling for every cluster."""

import pytest
from msgspec.structs import replace

from colony_core.domain.secrets import Secret
from colony_core.domain.topology import canonical
from colony_testkit.topologies import a_civo_request, a_control_plane, a_request, a_spec, a_worker, an_ssh_key


@pytest.mark.parametrize(
    ("ip", "subnet"),
    [
        ("192.168.1.101", "24"),
        ("192.168.1.101", "/24"),
        ("192.168.1.101", "255.255.255.0"),
        ("192.168.1.101", "192.168.1.0/24"),
        ("192.168.1.101/24", None),
        ("192.168.1.101/24", " 24 "),
        ("192.168.1.101/255.255.255.0", ""),
    ],
)
def test_a_subnet_has_many_spellings_and_one_meaning(ip: str, subnet: str | None) -> None:
    nodes = (replace(a_control_plane(1), ip=ip, subnet=subnet),)

    node = a_spec(replace(a_request(), control_planes=nodes)).control_planes[0]

    assert (node.ip, node.prefix) == ("192.168.1.101", 24)


def test_lists_are_split_trimmed_and_freed_of_repetitions() -> None:
    request = replace(a_request(), extra_sans=" API.example.org,, 1.2.3.4/32,api.example.org", ntp=("A", "a ", "b"))

    spec = a_spec(request)

    assert (spec.extra_sans, spec.ntp) == (("api.example.org", "1.2.3.4"), ("a", "b"))


def test_a_time_server_may_be_an_address() -> None:
    spec = a_spec(replace(a_request(), ntp=("192.168.1.5", "Time.example.org", "192.168.1.5")))

    assert spec.ntp == ("192.168.1.5", "time.example.org")
    assert canonical(replace(a_request(), ntp=("127.0.0.1",))).spec is None


def test_servers_that_nobody_names_are_those_of_talos() -> None:
    spec = a_spec(a_request())

    assert (spec.dns, spec.ntp) == (("1.1.1.1", "8.8.8.8"), ("time.cloudflare.com",))


def test_nodes_without_a_name_get_the_lowest_free_number() -> None:
    workers = (a_worker(1), replace(a_worker(2), hostname="Production-Worker-1"), replace(a_worker(3), hostname=""))

    spec = a_spec(replace(a_request(), workers=workers))

    assert [node.hostname for node in spec.control_planes] == [f"production-cp-{n}" for n in (1, 2, 3)]
    assert [node.hostname for node in spec.workers] == [f"production-worker-{n}" for n in (2, 1, 3)]


def test_a_long_name_is_cut_so_that_its_nodes_names_fit() -> None:
    spec = a_spec(replace(a_request(), name="a" * 63))

    assert [len(node.hostname) for node in spec.nodes] == [63] * 5
    assert spec.control_planes[0].hostname.endswith("a-cp-1")


def test_what_a_type_does_not_use_is_not_kept() -> None:
    civo = a_civo_request()

    read = canonical(replace(civo, type="k8s_stack", ssh_public_key=an_ssh_key()))

    assert read.credentials is None
    assert read.spec is not None
    assert (read.spec.region, read.spec.cse_installer_image, read.spec.ssh_public_key) == (None, None, None)


def test_what_a_type_uses_is_kept() -> None:
    civo, k3s = a_spec(a_civo_request()), a_spec(replace(a_request(), flavor="k3s", ssh_public_key=an_ssh_key()))

    assert (civo.region, civo.cse_installer_image) == ("PHX1", "ghcr.io/civo/cse-installer:v1")
    assert (civo.gateway, civo.vip, k3s.ssh_public_key) == ("192.168.1.1", "192.168.1.100", an_ssh_key())


def test_credentials_are_kept_without_blanks() -> None:
    civo = a_civo_request()
    assert civo.credentials is not None
    wrapped = Secret(f" {civo.credentials.gitlab_token.reveal() if civo.credentials.gitlab_token else ''}\n")

    read = canonical(replace(civo, credentials=replace(civo.credentials, gitlab_token=wrapped)))

    assert read.credentials == civo.credentials
