"""What is shown of a controller that was asked: for people, and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from colony_console.client import Json
from colony_console.output import note, print_fields
from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Inventory, Protocol, specs
from colony_core.domain.probing import Knock
from colony_wiring.probing import Seen


def view(address: str, seen: Seen) -> Json:
    """Return all of it for programs."""
    return {
        "address": address,
        "protocol": seen.protocol,
        "verdict": seen.verdict,
        "tlsFingerprint": seen.fingerprint or None,
        "answers": [_camel(msgspec.to_builtins(knock)) for knock in seen.knocks],
        "findings": _camel(msgspec.to_builtins(seen.findings)),
        "error": {"code": seen.error.code, "message": seen.error.details} if seen.error else None,
    }


def print_seen(address: str, seen: Seen) -> None:
    """Print all of it for people; what was refused goes to standard error."""
    fields: dict[str, object] = {"address": address}
    fields |= {knock.protocol.value: _knock(knock) for knock in seen.knocks}
    fields |= {"certificate": seen.fingerprint and f"SHA-256 {seen.fingerprint}", "spoken to by": seen.protocol}
    if seen.findings is None:
        print_fields(fields)
        return
    print_fields(fields | dict(_found(seen.findings)))
    for refusal in seen.findings.refused:
        note(f"Not told: {refusal.what} ({refusal.why})")


def _knock(knock: Knock) -> str:
    itself = " ".join(filter(None, (knock.vendor, knock.product)))
    return f"{knock.said} (port {knock.port}" + (f", {itself})" if itself else ")")


def _found(findings: Findings) -> Iterator[tuple[str, object]]:
    identity, boot = findings.identity, findings.boot
    yield "vendor", findings.vendor
    yield "model", findings.model
    yield "firmware", findings.firmware
    yield "serial", identity.serial
    yield "uuid", identity.uuid
    yield "power", findings.power
    yield "boot override", boot.device or "none"
    yield "boot mode", boot.mode
    yield "boot targets", boot.targets or ("not listed" if findings.protocol is Protocol.REDFISH else "no list in IPMI")
    yield "boot modes", list(boot.modes)
    yield "resets", list(findings.resets)
    yield from _inventory(findings.inventory)
    yield "sensors", _sensors(findings)
    yield "quirks", [f"{quirk.behaviour}: {quirk.why}" for quirk in findings.quirks]


def _inventory(inventory: Inventory | None) -> Iterator[tuple[str, object]]:
    if inventory is None:
        yield "inventory", "not told"
        return
    words = specs(inventory)
    assert words is not None, "there is an inventory"
    yield "cpu", f"{words.cpu}, {inventory.cores} cores" if inventory.cpus else "not told"
    yield "ram", words.ram if inventory.memory_mb else "not told"
    yield (
        "disks",
        [f"{disk.model} {disk.serial} {disk.size_bytes // 10**9} GB" for disk in inventory.disks] or "not told",
    )
    yield "interfaces", [f"{nic.name} {nic.mac}" for nic in inventory.nics] or "not told"


def _sensors(findings: Findings) -> str:
    if findings.sensors is None:
        return "not told"
    kinds = Counter(reading.kind.value for reading in findings.sensors)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def _camel(value: Any) -> Any:
    """Return *value* with the names of its fields written as the API writes them."""
    if isinstance(value, dict):
        return {_name(name): _camel(inner) for name, inner in value.items()}
    return [_camel(inner) for inner in value] if isinstance(value, list | tuple) else value


def _name(field: str) -> str:
    first, *others = field.split("_")
    return first + "".join(word.capitalize() for word in others)
