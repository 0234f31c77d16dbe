"""Where a host name leads, and whether anybody may be sent there."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from colony_core.ports.webhooks import EndpointRefused, EndpointUnreachable

_NAT64 = IPv6Network("64:ff9b::/96")


async def addresses_of(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """Return every address of *host*, IPv4 first.

    Unless *allow_private*, one address that is not public refuses all of them: whoever answers for the name could
    else choose. What was checked is what is connected to, so that a second look-up cannot lead elsewhere. Raises
    `EndpointUnreachable` or `EndpointRefused`.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise EndpointUnreachable(f"The host {host} has no address") from None
    found.sort(key=lambda each: each[0] != socket.AF_INET)
    addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
    inside = [address for address in addresses if not is_public(ip_address(address.partition("%")[0]))]
    if inside and not allow_private:
        raise EndpointRefused(
            f"The host {host} has the address {inside[0]}, which is not public: this server may not send there"
        )
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether *address* is one of the internet at large, also where it stands inside an IPv6 address."""
    if isinstance(address, IPv6Address):
        translated = IPv4Address(address.packed[-4:]) if address in _NAT64 else None
        inner = address.ipv4_mapped or address.sixtofour or translated
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast
