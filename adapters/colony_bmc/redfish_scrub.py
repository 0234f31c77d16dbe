"""A Redfish visit as a recording that may be shown to anybody: what each field may say is known by its name."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import msgspec

from colony_bmc.redfish_answers import Answer
from colony_bmc.redfish_examination import Seen
from colony_bmc.scrub_text import OUI, REMOVED, RESERVED, TextScrubber
from colony_core.domain.findings import Findings
from colony_core.domain.pseudonyms import Pseudonyms
from colony_core.domain.recordings import Recording, RedfishExchange
from colony_core.ports.hardware import Access

HEADERS = ("allow", "content-type", "etag", "location", "odata-version", "retry-after", "server")
"""What an adapter, or somebody who reads the recording, makes use of. Cookies and tokens are none of it."""

SECRET = re.compile(
    r"passw|passphrase|passcode|secret|token|credential|cookie|community|certificatestring|^pin$|hash$"
    r"|(private|auth\w*|encrypt\w*|privacy|session|license|shared|api|ssh|public|host|pre\w*)key|^keystring$|licensestring"
)
MEASURE = re.compile(r"length|count|enabled|supported|policy|timeout|expir|required|complexity|days|history")
"""What numbers about passwords are called; other numbers under such names are secrets."""

IDENTITY = re.compile(
    r"serial(n(umber|o|um)?)?$|servicetag|servicecode|assettag|uuid|guid|durablename$|wwn|wwid|wwpn|nqn|iqn"
    r"|initiatorname|hostname|fqdn|domainname|^domain$|^sku$|chassisidentifier|ppin"
    r"|protectedidentificationnumber|postaladdress|contact|email|latitude|longitude|placement|^owner|username"
    r"|accountname|loginname|fingerprint|engineid|^node(name|id)$|^info$|gps"
    r"|servers?\d*$|server(host|name|address(es)?)\d*$"
)
INTERFACE = re.compile(r"macaddr|^macs?$")
VERSION = re.compile(r"version|revision|firmware|release")


class Kind(Enum):
    """What a field may say: anything, an interface's address, what else somebody is known by, or a secret."""

    PLAIN = auto()
    INTERFACE = auto()
    IDENTITY = auto()
    SECRET = auto()


KEPT = {Kind.INTERFACE: OUI, Kind.IDENTITY: 0}
"""How many digits stay of what is replaced."""


def recorded(findings: Findings, seen: Seen, access: Access, *, key: bytes) -> Recording:
    """Return the recording of a visit, scrubbed by *key*."""
    scrubber = Scrubber.of(access, key)
    scrubber.learn(msgspec.to_builtins(findings))
    for path, answer in seen.resources:
        scrubber.learn([path, answer.document, *(answer.headers.get(name) for name in HEADERS)])
    exchanges = tuple(_exchange(path, answer, scrubber) for path, answer in seen.resources)
    return Recording(findings=scrubbed(findings, scrubber), redfish=exchanges)


def scrubbed(findings: Findings, scrubber: "Scrubber") -> Findings:
    """Return *findings* with the replacements of *scrubber*."""
    return msgspec.convert(scrubber.scrub(msgspec.to_builtins(findings)), Findings)


def _exchange(path: str, answer: Answer, scrubber: "Scrubber") -> RedfishExchange:
    headers = {name: scrubber.text.text(answer.headers[name]) for name in HEADERS if name in answer.headers}
    body = scrubber.scrub(answer.document)
    return RedfishExchange(path=scrubber.text.text(path), status=answer.status, headers=headers, body=body)


class Scrubber:
    """Walks values of JSON: `learn` all of them first, then `scrub` each."""

    def __init__(self, text: TextScrubber) -> None:
        self.text = text

    @classmethod
    def of(cls, access: Access, key: bytes) -> "Scrubber":
        """Return one that knows what the visitor brought along: password, user name and address."""
        text = TextScrubber(Pseudonyms(key, reserved=RESERVED), [access.password.reveal()])
        for known in (access.bmc.username, access.bmc.address):
            text.learn_identifier(known)
        return cls(text)

    def learn(self, value: Any, kind: Kind = Kind.PLAIN) -> None:
        """Take in every identity in *value*, so that it is known wherever else it stands."""
        if isinstance(value, Mapping):
            for name, inner in value.items():
                self.text.learn(name)
                self.learn(inner, _kind(name, kind))
        elif isinstance(value, list | tuple):
            for inner in value:
                self.learn(inner, kind)
        elif isinstance(value, str) and kind is Kind.PLAIN:
            self.text.learn(value)
        elif isinstance(value, str) and kind is Kind.SECRET:
            self.text.learn_secret(value)
        elif kind in KEPT and isinstance(value, str | int) and not isinstance(value, bool):
            self.text.learn_identifier(str(value), keep=KEPT[kind])

    def scrub(self, value: Any, kind: Kind = Kind.PLAIN, name: str = "") -> Any:
        """Return *value* without secrets, and with every identity replaced."""
        if isinstance(value, Mapping):
            return {self._name(key): self.scrub(inner, _kind(key, kind), key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrub(inner, kind, name) for inner in value]
        if isinstance(value, str):
            return self._text(value, kind, name)
        return self._number(value, kind, name) if _is_number(value) else value

    def _name(self, name: str) -> str:
        """Return the name of a field; words alone are the schema's, whatever hosts and users are called."""
        return self.text.text(name) if any(each.isdigit() for each in name) else self.text.forms(name)

    def _text(self, value: str, kind: Kind, name: str) -> str:
        if kind is Kind.SECRET:
            return REMOVED if value else value
        if kind in KEPT:
            return self.text.identifier(value, keep=KEPT[kind])
        return self.text.text(value, addresses=not VERSION.search(_squashed(name)))

    def _number(self, value: float, kind: Kind, name: str) -> float | None:
        if kind is Kind.SECRET:
            return value if MEASURE.search(_squashed(name)) else None
        if kind in KEPT and isinstance(value, int):
            return int(self.text.identifier(str(value), keep=KEPT[kind]))
        return value


def _kind(name: str, around: Kind) -> Kind:
    """Return what the field called *name* may say: what stands around it may say no more than that."""
    squashed = _squashed(name)
    if name.startswith("@odata") or squashed.endswith("odataid"):
        return Kind.PLAIN
    if around is Kind.SECRET or SECRET.search(squashed):
        return Kind.SECRET
    if INTERFACE.search(squashed):
        return Kind.INTERFACE
    return around if around in KEPT else Kind.IDENTITY if IDENTITY.search(squashed) else Kind.PLAIN


def _squashed(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
