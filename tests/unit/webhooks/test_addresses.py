"""Which addresses are those of the internet at large."""

from ipaddress import ip_address

import pytest

from colony_webhooks.addresses import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "192.88.99.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.2.50", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:192.168.2.50", "2002:7f00:1::", "2002:c0a8:232::", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_any_other_is_not(address: str) -> None:
    assert not is_public(ip_address(address))
