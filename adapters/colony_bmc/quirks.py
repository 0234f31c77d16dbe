"""How controllers of certain makers differ from their standard: data, one row each, matched by what a controller says.

docs/quirks.md is written from this table (a test compares them). What a controller itself tells, or shows by its
answer, needs no row: reset types that it offers, versions that it demands, slashes, flags that it drops.
"""

import re
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.hardware import Protocol


class Behaviour(StrEnum):
    """What an adapter does differently."""

    SAY_BOOT_MODE = "say-boot-mode"
    SERIAL_IS_SKU = "serial-is-sku"
    UEFI_DISK_BY_0X24 = "uefi-disk-by-0x24"


class Quirk(Struct, frozen=True, kw_only=True):
    """One deviation. `vendor` and `model` begin what the controller says, in any case; empty ones match all.

    `since` and `until` are firmware versions, the last one included; a controller whose version is unknown matches
    only rows without them. `sources` are public pages that state it: what nobody states is no row.
    """

    behaviour: Behaviour
    protocol: Protocol
    vendor: str
    why: str
    sources: tuple[str, ...]
    model: str = ""
    since: str = ""
    until: str = ""

    def fits(self, protocol: Protocol, vendor: str, model: str = "", firmware: str = "") -> bool:
        """Tell whether the row is about a controller that says this of itself."""
        named = vendor.lower().startswith(self.vendor.lower()) and model.lower().startswith(self.model.lower())
        if protocol is not self.protocol or not named:
            return False
        if not self.since and not self.until:
            return True
        version = numbers(firmware)
        return bool(version) and numbers(self.since) <= version and (not self.until or version <= numbers(self.until))


QUIRKS = (
    Quirk(
        behaviour=Behaviour.SAY_BOOT_MODE,
        protocol=Protocol.REDFISH,
        vendor="Supermicro",
        why="A boot override that names no firmware mode sets the mode back to its default: the present one is always"
        " named.",
        sources=("https://github.com/DMTF/Redfishtool/pull/106",),
    ),
    Quirk(
        behaviour=Behaviour.SERIAL_IS_SKU,
        protocol=Protocol.REDFISH,
        vendor="Dell",
        why="SerialNumber is the board's; the service tag, which DMI has for a serial number, stands under SKU.",
        sources=(
            "https://github.com/ansible/ansible/issues/53461",
            "https://github.com/bb-Ricardo/netbox-sync/pull/551",
        ),
    ),
    Quirk(
        behaviour=Behaviour.UEFI_DISK_BY_0X24,
        protocol=Protocol.IPMI,
        vendor="Supermicro",
        why="The disk is selected by 0x24 when the machine boots through UEFI, as the maker's own tool does it, and not"
        " by the standard's 0x08.",
        sources=("https://github.com/metal-stack/go-hal/blob/master/internal/ipmi/ipmitool.go",),
    ),
)

MAKERS = {10876: "Supermicro", 47488: "Supermicro", 674: "Dell", 11: "HPE", 47196: "HPE", 19046: "Lenovo", 343: "Intel"}
"""Makers by the number in a Get Device ID answer (IANA's enterprise numbers), as Redfish spells them."""


def quirks_of(protocol: Protocol, vendor: str, model: str = "", firmware: str = "") -> tuple[Quirk, ...]:
    """Return every row that fits."""
    return tuple(quirk for quirk in QUIRKS if quirk.fits(protocol, vendor, model, firmware))


def behaves(behaviour: Behaviour, protocol: Protocol, vendor: str, model: str = "", *, firmware: str = "") -> bool:
    """Tell whether a controller that says this of itself has the quirk."""
    return any(quirk.behaviour is behaviour for quirk in quirks_of(protocol, vendor, model, firmware))


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers in a version, which is how versions are compared: 1.10 comes after 1.9."""
    return tuple(int(each) for each in re.findall(r"\d+", version)[:8])


def table() -> str:
    """Return the table as Markdown."""
    titles = ("behaviour", "protocol", "vendor", "model", "firmware", "why", "stated by")
    lines = [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|"]
    for each in QUIRKS:
        firmware = f"{each.since or 'any'} to {each.until or 'any'}" if each.since or each.until else "any"
        stated = ", ".join(f"[{_named(source)}]({source})" for source in each.sources)
        cells = (f"`{each.behaviour}`", each.protocol, each.vendor, each.model or "any", firmware, each.why, stated)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _named(source: str) -> str:
    """Return how people call a page of a repository: `owner/name#7`, or `owner/name`."""
    owner, name, kind, number = source.removeprefix("https://github.com/").split("/")[:4]
    return f"{owner}/{name}" + (f"#{number}" if kind in ("issues", "pull") else "")
