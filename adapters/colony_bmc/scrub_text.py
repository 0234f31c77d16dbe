"""Text from a controller without what tells whose it is: addresses and numbers replaced, secrets taken out."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from colony_core.domain.pseudonyms import Pseudonyms

REMOVED = "[removed]"

RESERVED = frozenset(
    {
        "absent", "bios", "bootmode", "chassis", "continuous", "disabled", "enabled", "legacy", "managers", "memory",
        "none", "once", "physical", "power", "processors", "redfish", "sessions", "sessionservice", "storage",
        "system", "systems", "thermal", "uefi", "ipmi", "disk", "nvme", "temperature", "percent", "unknown",
    }
)  # fmt: skip
"""Words that adapters read or that paths are made of: a host or a user called so is replaced in its own field alone."""

PLACEHOLDERS = frozenset(
    {
        "", "na", "none", "null", "unknown", "empty", "notspecified", "notavailable", "notprovided", "notapplicable",
        "defaultstring", "tobefilledbyoem", "systemserialnumber", "chassisserialnumber", "nodimm",
    }
)  # fmt: skip
"""What makers write where a number is missing: it tells nothing, and would be found everywhere."""

SHORTEST_NOTHING = 4
"""So often a character must be repeated to say nothing."""

OUI = 6
"""The digits of a MAC address that name the maker of the interface: they stay."""

SHORTEST_SECRET = 8
"""Characters of a secret of the controller's own that is looked for elsewhere too; the visitor's always is."""

SHORTEST_IN_BYTES = 4
"""Characters of a secret that is looked for in binary answers: a shorter one would be found by chance."""

PREFIX = re.compile(r"(?:0x|naa\.|eui\.|urn:uuid:|uuid\.)?", re.IGNORECASE)
"""How some kinds of identifiers begin, whatever they identify."""

FORMS = re.compile(
    r"(?P<secret>-----BEGIN [A-Z0-9 ]+-----[^-]*(?:-----END [A-Z0-9 ]+-----)?|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"
    r"|(?<![0-9A-Za-z])[0-9a-f]{129,}"
    r"|\b(?:ssh-\w+|ecdsa-[\w-]+) AAAA[\w+/=]+|\b(?:Basic|Bearer) [\w+/=.~-]{8,})"
    r"|(?P<mac>(?<![0-9A-Za-z:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9A-Za-z:-]))"
    r"|(?P<uuid>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
    r"|(?P<login>(?<=://)[^/@\s]+@)"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@(?!(?:odata|redfish|message)\.)[\w-]+\.[\w.-]+)"
    r"|(?P<host>(?:(?<=://)|(?<=removed]@))[a-z][\w.-]*)"
    r"|(?P<session>(?<=/sessions/)[^/?#\s\"]+)"
    r"|(?P<hex>(?<![0-9A-Za-z])(?:0x)?(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{12,128}(?![0-9A-Za-z]))"
    r"|(?P<ipv6>(?<![0-9A-Za-z:.])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]+(?![0-9A-Za-z:]))"
    r"|(?P<ipv4>(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z]|\.\d))",
    re.IGNORECASE | re.ASCII,
)
"""What tells something by its form, wherever it stands: keys and tokens first, then what identifies somebody.

Long hexadecimal words are mostly serial numbers, or WWNs.
"""

MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}", re.IGNORECASE)

PUBLIC_HOSTS = ("dmtf.org", "odata.org", "w3.org", "oasis-open.org", "json-schema.org")


class TextScrubber:
    """Replaces by *names*, and takes the *secrets* out."""

    def __init__(self, names: Pseudonyms, secrets: Iterable[str]) -> None:
        self._names = names
        self._secrets = {secret for secret in secrets if secret}

    def learn_secret(self, text: str) -> None:
        """Take in a secret that a controller tells, unless it is so short that it may be a word."""
        if len(text) >= SHORTEST_SECRET:
            self._secrets.add(text)

    def learn(self, text: str) -> None:
        """Take in what *text* tells by its form, so that it is known wherever else it stands."""
        for found in FORMS.finditer(text):
            if self._tells(found, addresses=True):
                self.learn_identifier(found[0])

    def learn_identifier(self, text: str, *, keep: int = 0) -> None:
        """Take in a *text* that identifies something as a whole."""
        if _is_address(text):
            self._names.learn_address(text)
        elif not _is_placeholder(text):
            self._names.learn(_without_prefix(text), keep=OUI if _is_mac(text) else keep)

    def identifier(self, text: str, *, keep: int = 0) -> str:
        """Return what stands for such a text."""
        if _is_placeholder(text):
            return text
        if _is_address(text):
            return self._names.address(text)
        own = _without_prefix(text)
        return text[: len(text) - len(own)] + self._names.name(own, keep=OUI if _is_mac(text) else keep)

    def text(self, text: str, *, addresses: bool = True) -> str:
        """Return *text* without any of it; with *addresses* off, four numbers are a version."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        return "".join(self._pieces(text, addresses=addresses))

    def forms(self, text: str) -> str:
        """Return *text* without what tells something by its form; words that are names elsewhere stay."""
        return FORMS.sub(lambda found: self._replaced(found, addresses=True), text)

    def of_bytes(self, data: bytes) -> bytes:
        """Return *data* with the text in it replaced, in its place: never longer or shorter."""
        text = data.decode("latin-1")
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "x" * len(secret)) if len(secret) >= SHORTEST_IN_BYTES else text
        said = "".join(self._pieces(text, addresses=True))
        return (said if len(said) == len(text) else self._names.within(text)).encode("latin-1")

    def _pieces(self, text: str, *, addresses: bool) -> Iterator[str]:
        place = 0
        for found in FORMS.finditer(text):
            yield self._names.within(text[place : found.start()])
            yield self._replaced(found, addresses=addresses)
            place = found.end()
        yield self._names.within(text[place:])

    def _replaced(self, found: re.Match[str], *, addresses: bool) -> str:
        form, said = found.lastgroup, found[0]
        if form == "secret":
            return REMOVED
        if form == "login":
            return f"{REMOVED}@"
        if self._tells(found, addresses=addresses):
            return self.identifier(said)
        return said if form == "host" else self._names.within(said)

    def _tells(self, found: re.Match[str], *, addresses: bool) -> bool:
        """Tell whether what has the form of something that identifies somebody does so."""
        match found.lastgroup:
            case "secret" | "login":
                return False
            case "host":
                return not found[0].lower().endswith(PUBLIC_HOSTS)
            case "ipv4":
                return addresses and _is_address(found[0])
            case "ipv6":
                return _is_long_address(found[0])
            case _:
                return True


def _without_prefix(text: str) -> str:
    prefix = PREFIX.match(text)
    return text[prefix.end() :] if prefix else text


def _is_placeholder(text: str) -> bool:
    """Tell whether *text* stands for nothing; one character over and over does too, as in a MAC of zeros."""
    said = "".join(filter(str.isalnum, text.lower()))
    return said in PLACEHOLDERS or (len(said) >= SHORTEST_NOTHING and len(set(said)) == 1)


def _is_mac(text: str) -> bool:
    return bool(MAC.fullmatch(text))


def _is_address(text: str) -> bool:
    """Tell whether *text* is an IPv4 address that tells something: no netmask, and not 0.0.0.0."""
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    return not address.is_unspecified and not text.startswith("255.")


def _is_long_address(text: str) -> bool:
    try:
        return not IPv6Address(text).is_unspecified
    except AddressValueError:
        return False
