"""Names and lists out of text: host names, time servers, certificate names."""

import re
from ipaddress import IPv4Address

from colony_core.domain.topology.addresses import IPV6, ipv4, is_ipv6, read_address
from colony_core.domain.topology.request import Listed
from colony_core.domain.topology.wording import counted, shown, written
from colony_core.domain.validation import Finding, Rule, Severity

LONGEST_LABEL = 63
_LONGEST_NAME = 253
_MOST_SANS = 100
_MOST_NTP = 4
_MOST_DNS = 3

NAME_INVALID = Rule(
    id="cluster.name.invalid",
    severity=Severity.ERROR,
    summary="The name of a cluster is a DNS label of at most 63 characters.",
    reason="It becomes part of host names, kubeconfig contexts and Kubernetes labels.",
    hint="Use lower-case letters, digits and hyphens, with a letter or digit at both ends.",
)
NAME_LONG = Rule(
    id="cluster.name.long",
    severity=Severity.WARNING,
    summary="The name of a cluster has at most 40 characters.",
    reason="The nodes' own names are made of it and hold at most 63 characters: a longer one is cut there.",
    hint="Choose a shorter name, or give every node its hostname.",
)
HOSTNAME_INVALID = Rule(
    id="node.hostname.invalid",
    severity=Severity.ERROR,
    summary="A host name is a DNS label of at most 63 characters.",
    reason="It becomes the name of the Kubernetes node.",
    hint="Use letters, digits and hyphens, with a letter or digit at both ends, or leave it out.",
)
DNS_MANY = Rule(
    id="dns.many",
    severity=Severity.WARNING,
    summary="There are at most 3 DNS servers.",
    reason="A resolver uses the first three and ignores the others without a word.",
    hint="Keep the three that answer fastest.",
)
NTP_INVALID = Rule(
    id="ntp.invalid",
    severity=Severity.ERROR,
    summary="A time server is an IPv4 address or a host name.",
    reason="Without the right time certificates are not valid yet, and Talos refuses to bootstrap.",
    hint="Write an address such as 192.168.1.1 or a name such as time.example.org.",
)
NTP_MANY = Rule(
    id="ntp.many",
    severity=Severity.ERROR,
    summary="There are at most 4 time servers.",
    reason="More do not make time better, and a longer list is usually a mistake.",
    hint="Keep up to four.",
)
SAN_INVALID = Rule(
    id="san.invalid",
    severity=Severity.ERROR,
    summary="An extra SAN is an IPv4 address or a DNS name; a wildcard is its first label.",
    reason="It goes into the certificate of the Kubernetes API, where nothing else can match.",
    hint="Give the bare name or address, without scheme, port or path.",
)
SAN_PREFIX = Rule(
    id="san.prefix_dropped",
    severity=Severity.WARNING,
    summary="An extra SAN has no prefix length.",
    reason="A certificate names hosts, not networks: a /32 means nothing there and is dropped.",
    hint="Leave the /32 out.",
)
SAN_MANY = Rule(
    id="san.many",
    severity=Severity.ERROR,
    summary="There are at most 100 extra SANs.",
    reason="Every name makes the certificate longer, and some clients refuse a long one.",
    hint="Use a wildcard, or fewer names.",
)
NAME_RULES = (NAME_INVALID, NAME_LONG)
LIST_RULES = (DNS_MANY, NTP_INVALID, NTP_MANY, SAN_INVALID, SAN_PREFIX, SAN_MANY)

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


def read_cluster_name(text: str, *, notes: list[Finding]) -> str | None:
    """Return the name in *text*, or None and a note; case is not mended, as a name is also an identity."""
    name = text.strip()
    if not _LABEL.fullmatch(name):
        expected = f"lower-case letters, digits and hyphens, at most {LONGEST_LABEL} of them"
        notes.append(NAME_INVALID.broken("name", observed=written(name), expected=expected))
        return None
    if len(name) > 40:
        observed = counted(len(name), "character")
        notes.append(NAME_LONG.broken("name", observed=f"{observed} long", expected="40 characters or less"))
    return name


def read_hostname(text: str | None, path: str, *, notes: list[Finding]) -> str | None:
    """Return the host name in *text*, lower-cased, or None where there is none to read."""
    name = (text or "").strip().lower()
    if name and not _LABEL.fullmatch(name):
        notes.append(HOSTNAME_INVALID.broken(path, observed=shown(name), expected="a DNS label"))
        return None
    return name or None


def read_dns(value: Listed, path: str, *, notes: list[Finding]) -> tuple[str, ...]:
    """Return the DNS servers in *value*, each once, in their order."""
    read = [read_address(text, place, notes=notes) for place, text in entries(value, path)]
    servers = tuple(dict.fromkeys(str(address) for address in read if address is not None))
    if len(servers) > _MOST_DNS:
        observed = counted(len(servers), "server")
        notes.append(DNS_MANY.broken(path, observed=observed, expected=f"{_MOST_DNS} or fewer"))
    return servers


def read_ntp(value: Listed, path: str, *, notes: list[Finding]) -> tuple[str, ...]:
    """Return the time servers in *value*, each once, in their order."""
    servers = dict.fromkeys(
        server for place, text in entries(value, path) if (server := _time_server(text, place, notes))
    )
    if len(servers) > _MOST_NTP:
        observed = counted(len(servers), "server")
        notes.append(NTP_MANY.broken(path, observed=observed, expected=f"{_MOST_NTP} or fewer"))
    return tuple(servers)


def read_sans(value: Listed, path: str, *, notes: list[Finding]) -> tuple[str, ...]:
    """Return the certificate names in *value*, each once, in their order."""
    names = dict.fromkeys(name for place, text in entries(value, path) if (name := _san(text, place, notes)))
    if len(names) > _MOST_SANS:
        observed = counted(len(names), "name")
        notes.append(SAN_MANY.broken(path, observed=observed, expected=f"{_MOST_SANS} or fewer"))
    return tuple(names)


def entries(value: Listed, path: str) -> list[tuple[str, str]]:
    """Return every entry of a list or a comma-separated string with its place; empty ones are left out."""
    pieces = (value,) if isinstance(value, str) else value or ()
    split = [entry.strip() for piece in pieces for entry in piece.split(",")]
    return [(f"{path}[{index}]", entry) for index, entry in enumerate(split) if entry]


def _time_server(text: str, path: str, notes: list[Finding]) -> str | None:
    if ipv4(text) is not None or is_ipv6(text):
        return _text(read_address(text, path, notes=notes))
    if not is_dns_name(text.lower()):
        notes.append(NTP_INVALID.broken(path, observed=shown(text), expected="an IPv4 address or a host name"))
        return None
    return text.lower()


def _san(text: str, path: str, notes: list[Finding]) -> str | None:
    bare = text.removesuffix("/32")
    name = bare.lower()
    if is_ipv6(text):
        notes.append(IPV6.broken(path, observed=shown(text), expected="an IPv4 address or a DNS name"))
        return None
    if ipv4(name) is None and not is_dns_name(name.removeprefix("*.")):
        notes.append(SAN_INVALID.broken(path, observed=shown(text), expected="an IPv4 address or a DNS name"))
        return None
    if bare != text:
        notes.append(SAN_PREFIX.broken(path, observed=shown(text), expected=shown(name)))
    return name


def _text(address: IPv4Address | None) -> str | None:
    return None if address is None else str(address)


def is_dns_name(text: str) -> bool:
    """Tell whether *text* is a lower-case DNS name, and not an address that went wrong."""
    labels = text.split(".")
    return len(text) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
