"""Whose request it is, where proxies stand between: their word counts as far as the operator trusts them."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
"""The client of a connection that has no address, as over a Unix socket."""

_LONGEST = 4096
"""How many characters of X-Forwarded-For are read, from the end: a client may have written the beginning."""


class Proxies(Struct, frozen=True):
    """The networks whose X-Forwarded-For is believed; by default nobody's, as any client can send one."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Proxies":
        """Return the proxies at the addresses and networks of *text*, which commas part; `ValueError` if it is none."""
        return cls(tuple(ip_network(part.strip()) for part in text.split(",") if part.strip()))

    def client_of(self, peer: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return the address of whoever sent the request, as the nearest trusted proxies tell it; *peer* connected.

        Each proxy adds the address that it was called from at the end. So the last one that is not itself a trusted
        proxy is the client; what stands before it, the client may have made up.
        """
        if not peer:
            return UNKNOWN
        last = _address(peer[0])
        if last is None or not self._trusts(last):
            return peer[0]
        for told in _forwarded(headers):
            address = _address(told)
            if address is None:
                break  # a proxy that tells nonsense, or hides its clients: they share its limit
            last = address
            if not self._trusts(last):
                break
        return str(last)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    """Return what the proxies told, the nearest first."""
    told = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    return reversed(told[-_LONGEST:].decode("latin-1").split(",")) if told else iter(())


def _address(text: str) -> Address | None:
    """Return the address that *text* is, with a port or without, or None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
