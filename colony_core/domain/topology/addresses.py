"""Addresses and subnets out of text: IPv4 only, in every notation that the contract accepts."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Interface

from colony_core.domain.topology.wording import shown, written
from colony_core.domain.validation import Finding, Rule, Severity

MALFORMED = Rule(
    id="address.malformed",
    severity=Severity.ERROR,
    summary="Every address is IPv4 in dotted form, without leading zeros.",
    reason="It is written into machine configurations as it stands, where it must mean one machine.",
    hint="Write four numbers from 0 to 255 with dots, such as 192.168.1.101.",
)
IPV6 = Rule(
    id="address.ipv6",
    severity=Severity.ERROR,
    summary="No address is IPv6.",
    reason="IPv6 is not supported: neither the network boot nor the generated configurations speak it.",
    hint="Give the machine's IPv4 address.",
)
RESERVED = Rule(
    id="address.reserved",
    severity=Severity.ERROR,
    summary="No address is in a range that cannot be a machine's.",
    reason="0/8, loopback, link-local, multicast and 240/4 never reach another machine.",
    hint="Give an address of the machines' own network.",
)
SUBNET_MALFORMED = Rule(
    id="node.subnet.malformed",
    severity=Severity.ERROR,
    summary="A subnet is a prefix length, a mask or a network.",
    reason="Without it the machine cannot tell neighbours from strangers.",
    hint='Write "24", "255.255.255.0" or "192.168.1.0/24".',
)
SUBNET_MISSING = Rule(
    id="node.subnet.missing",
    severity=Severity.ERROR,
    summary="Every node has a subnet.",
    reason="Without it the machine cannot tell neighbours from strangers, and a guess would be wrong some day.",
    hint='Add "subnet": "24", or write the ip in CIDR form.',
)
SUBNET_CONFLICT = Rule(
    id="node.subnet.conflict",
    severity=Severity.ERROR,
    summary="An ip in CIDR form and the subnet beside it agree.",
    reason="One of the two is a mistake, and nobody but the sender knows which.",
    hint="Give the prefix in one place only.",
)
OUTSIDE_SUBNET = Rule(
    id="node.ip.outside_subnet",
    severity=Severity.ERROR,
    summary="A node's address is inside its subnet, where its gateway is too.",
    reason="A node reaches its gateway directly or not at all.",
    hint="Correct the address, or give this node its own gateway.",
)
ADDRESS_RULES = (MALFORMED, IPV6, RESERVED)
NODE_ADDRESS_RULES = (SUBNET_MALFORMED, SUBNET_MISSING, SUBNET_CONFLICT, OUTSIDE_SUBNET)

SHORTEST_PREFIX = 8
LONGEST_PREFIX = 30

_UNUSABLE = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")))
_PREFIX = re.compile(r"/?([0-9]{1,2})")


def is_ipv6(text: str) -> bool:
    """Tell whether *text* is an IPv6 address, with or without a prefix."""
    try:
        IPv6Interface(text)
    except ValueError:
        return False
    return True


def ipv4(text: str) -> IPv4Address | None:
    """Return the address that *text* is, or None."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def read_address(text: str, path: str, *, notes: list[Finding]) -> IPv4Address | None:
    """Return the address in *text*, or None and a note why it is none."""
    text = text.strip()
    address = ipv4(text)
    if address is None:
        rule = IPV6 if is_ipv6(text) else MALFORMED
        notes.append(rule.broken(path, observed=written(text), expected="an IPv4 address"))
        return None
    unusable = next((network for network in _UNUSABLE if address in network), None)
    if unusable is not None:
        observed, expected = f"{address} in the reserved range {unusable}", "an address that a machine can have"
        notes.append(RESERVED.broken(path, observed=observed, expected=expected))
        return None
    return address


def read_optional_address(text: str | None, path: str, *, notes: list[Finding]) -> IPv4Address | None:
    """Return the address in *text*, or None where there is nothing to read."""
    return read_address(text, path, notes=notes) if text and text.strip() else None


def network_of(address: IPv4Address | None, prefix: int | None) -> IPv4Network | None:
    """Return the network around *address*, or None where it is unknown or cannot hold nodes."""
    if address is None or prefix is None or not SHORTEST_PREFIX <= prefix <= LONGEST_PREFIX:
        return None
    return IPv4Network((address, prefix), strict=False)


def read_interface(
    ip: str, subnet: str | None, *, path: str, notes: list[Finding]
) -> tuple[IPv4Address | None, int | None]:
    """Return address and prefix of the node at *path*; each is None where it could not be read."""
    bare, slash, suffix = ip.strip().partition("/")
    address = read_address(bare, f"{path}.ip", notes=notes)
    beside = (subnet or "").strip()
    prefixes = []
    if slash:
        prefixes.append(_read_prefix(suffix, f"{path}.ip", notes=notes) if address else None)
    if beside:
        prefixes.append(_read_subnet(beside, address, path=path, notes=notes))
    if not prefixes:
        notes.append(SUBNET_MISSING.broken(f"{path}.subnet", observed="empty", expected="a prefix length"))
    if not prefixes or None in prefixes:
        return address, None
    if len(set(prefixes)) > 1:
        observed, expected = f"/{prefixes[1]} beside an ip with /{prefixes[0]}", "the same as in the ip"
        notes.append(SUBNET_CONFLICT.broken(f"{path}.subnet", observed=observed, expected=expected))
        return address, None
    return address, prefixes[0]


def _read_subnet(text: str, address: IPv4Address | None, *, path: str, notes: list[Finding]) -> int | None:
    written_network, slash, suffix = text.partition("/")
    base = ipv4(written_network) if slash else None
    if base is None:
        return _read_prefix(text, f"{path}.subnet", notes=notes)
    prefix = _read_prefix(suffix, f"{path}.subnet", notes=notes)
    if prefix is None:
        return None
    network = IPv4Network((base, prefix), strict=False)
    if address is not None and address not in network:
        notes.append(OUTSIDE_SUBNET.broken(f"{path}.ip", observed=str(address), expected=f"inside {network}"))
        return None
    return prefix


def _read_prefix(text: str, path: str, *, notes: list[Finding]) -> int | None:
    match = _PREFIX.fullmatch(text)
    prefix = int(match[1]) if match else _prefix_of_mask(text)
    if prefix is None or prefix > 32:
        expected = "a prefix length such as 24, or a mask such as 255.255.255.0"
        notes.append(SUBNET_MALFORMED.broken(path, observed=shown(text), expected=expected))
        return None
    return prefix


def _prefix_of_mask(text: str) -> int | None:
    mask = ipv4(text)
    if mask is None:
        return None
    zeros = 32 - int(mask).bit_count()
    contiguous = int(mask) == (0xFFFFFFFF << zeros) & 0xFFFFFFFF
    return 32 - zeros if contiguous else None
