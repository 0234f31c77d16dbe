"""Whose request it is behind proxies: nobody can take another's address, and none that is trusted is in the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_http.forwarding import Proxies

TRUSTED = Proxies.of("127.0.0.1, 10.0.0.0/8,fd00::/8")
addresses = st.ip_addresses().map(str)
strangers = st.ip_addresses(v=4, network="192.0.2.0/24").map(str)
proxies = st.ip_addresses(v=4, network="10.0.0.0/8").map(str)
anything = st.one_of(addresses, st.text(st.characters(max_codepoint=255, exclude_characters=","), max_size=20))


def headers(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode("latin-1")) for value in values]


@given(peer=strangers, said=st.lists(anything, max_size=5))
def test_whoever_is_no_proxy_of_ours_is_taken_for_himself_whatever_he_says(peer: str, said: list[str]) -> None:
    assert TRUSTED.client_of((peer, 1), headers(", ".join(said))) == peer
    assert Proxies().client_of((peer, 1), headers(*said)) == peer


@given(client=strangers, made_up=st.lists(anything, max_size=5), ours=st.lists(proxies, max_size=3))
def test_behind_any_number_of_proxies_the_client_is_found_whatever_it_made_up(
    client: str, made_up: list[str], ours: list[str]
) -> None:
    told = [*made_up, client, *ours]

    assert TRUSTED.client_of(("10.1.2.3", 1), headers(",".join(told))) == client
    assert TRUSTED.client_of(("10.1.2.3", 1), headers(*told)) == client, "one header for each proxy says the same"


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "192.0.2.7:54321", "192.0.2.7"),
        ("::ffff:127.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("fd00::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("fd00::1", "2001:DB8:0::7", "2001:db8::7"),
        ("127.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9"),
        ("127.0.0.1", "192.0.2.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.7, unknown, 10.0.0.8", "10.0.0.8"),
        ("127.0.0.1", "192.0.2.7,", "127.0.0.1"),
    ],
)
def test_forms_of_addresses(peer: str, told: str, client: str) -> None:
    assert TRUSTED.client_of((peer, 1), headers(told) if told else []) == client


def test_a_connection_without_an_address_is_unknown() -> None:
    assert TRUSTED.client_of(None, headers("192.0.2.7")) == "unknown"


def test_of_an_endless_header_the_end_is_read() -> None:
    assert TRUSTED.client_of(("127.0.0.1", 1), headers("192.0.2.66," * 100_000 + "192.0.2.7")) == "192.0.2.7"


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "10.0.0.0/8;127.0.0.1", "*"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"IPv4 or IPv6 network|host bits"):
        Proxies.of(text)
