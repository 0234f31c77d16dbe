"""One machine of a list: what its cells mean, whichever file they stand in, and what is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from colony_console.client import Json
from colony_core import Asset, Registration, Secret
from colony_core.domain.hardware import Protocol
from colony_core.domain.registration import registered
from colony_core.domain.validation import ValidationFailed

Cell = str | Sequence[str] | Mapping[str, str] | None
"""What stands in a file under one name; None says nothing."""

NAMES: Mapping[str, str] = {
    "id": "id",
    "hardware_id": "id",
    "hostname": "hostname",
    "protocol": "protocol",
    "ipmi_ip": "address",
    "ipmi": "address",
    "ip": "address",
    "address": "address",
    "port": "port",
    "ipmi_user": "username",
    "user": "username",
    "username": "username",
    "ipmi_pass": "password",
    "pass": "password",
    "password": "password",
    "insecure": "insecure",
    "tls_fingerprint": "tls_fingerprint",
    "tlsfingerprint": "tls_fingerprint",
    "ca_certificate": "ca_certificate",
    "cacertificate": "ca_certificate",
    "serial": "serial",
    "macs": "macs",
    "mac": "macs",
    "tags": "tags",
    "datacenter": "datacenter",
    "rack": "rack",
    "slot": "slot",
}
"""What each column or key stands for; those of the three documented forms among them."""

TAGS = ("datacenter", "rack", "slot")
"""The columns that become tags of the same name."""

EXPORTED = (
    "id", "hostname", "protocol", "ipmi_ip", "port", "ipmi_user", "ipmi_pass", "insecure",
    "tls_fingerprint", "ca_certificate", "serial",
)  # fmt: skip
"""The columns of an export that hold one word, in their order; `macs` and `tags` follow."""

_WORDS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
_VERBATIM = ("username", "password")
_LONGEST, _LONGEST_PEM = 4096, 64 * 1024


class RowWrong(Exception):
    """A row that cannot be used; the message says why and never shows a password."""


class Row(Struct, frozen=True, kw_only=True):
    """A machine as a list names it; what is None or empty is not said. `line` is where it stands in its file.

    The password may be a sealed one. `tls_fingerprint` or `ca_certificate` (PEM) is what its controller is trusted by.
    """

    line: int = 0
    id: str | None = None
    hostname: str | None = None
    protocol: str | None = None
    address: str | None = None
    port: int | None = None
    username: str | None = None
    password: Secret | None = None
    insecure: bool | None = None
    tls_fingerprint: str | None = None
    ca_certificate: str | None = None
    serial: str | None = None
    macs: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}

    @property
    def place(self) -> str:
        """Return what people know the machine by: its controller's address, or else a name."""
        port = f":{self.port}" if self.address and self.port else ""
        return (self.address or self.hostname or self.id or "?") + port


class Unusable(Struct, frozen=True):
    """A row that nothing can be made of, and why."""

    line: int
    why: str


def field_of(name: str) -> str | None:
    """Return what the column or key *name* stands for, or None if nothing is called so."""
    return NAMES.get(name.strip().lower().replace("-", "_").replace(" ", "_"))


def row_of(cells: Mapping[str, Cell], *, line: int) -> Row:
    """Return the row whose *cells* stand under the fields of `NAMES`, or raise `RowWrong`."""
    given = {field: value for field, cell in cells.items() if (value := _plain(field, cell)) not in (None, "", (), {})}
    tags: dict[str, str] = {}
    for name in TAGS:
        if name in given:
            tags[name] = _word(given.pop(name), name)
    tags |= _mapping(given.pop("tags", {}))
    macs = _words(given.pop("macs", ()))
    words = {field: _word(value, field) for field, value in given.items()}
    row = Row(
        line=line,
        id=words["id"].lower() if "id" in words else None,
        hostname=words["hostname"].lower() if "hostname" in words else None,
        protocol=words["protocol"].lower() if "protocol" in words else None,
        address=words.get("address"),
        port=_port(words.get("port")),
        username=words.get("username"),
        password=Secret(words["password"]) if "password" in words else None,
        insecure=_flag(words.get("insecure")),
        tls_fingerprint=words["tls_fingerprint"].lower().replace(":", "") if "tls_fingerprint" in words else None,
        ca_certificate=words.get("ca_certificate"),
        serial=words.get("serial"),
        macs=tuple(mac.lower().replace("-", ":") for mac in macs),
        tags=tags,
    )
    _check(row)
    return row


def row_of_view(asset: Json) -> Row:
    """Return the row of an asset as the API shows it."""
    bmc = asset["bmc"]
    return Row(
        id=asset["id"],
        hostname=_own_name(asset["hostname"], asset["id"]),
        protocol=bmc["protocol"] if bmc["protocolKnown"] else None,
        address=bmc["address"] or None,
        port=bmc["port"] or None,
        username=bmc["username"] or None,
        insecure=not bmc["verifyTls"],
        tls_fingerprint=bmc["tlsFingerprint"] or None,
        ca_certificate=bmc["caCertificate"] or None,
        serial=serial_of(asset) or None,
        macs=tuple(asset["macs"]),
        tags=asset["tags"],
    )


def row_of_asset(asset: Asset, password: Secret | None) -> Row:
    """Return the row of an asset as the store has it."""
    bmc = asset.bmc
    return Row(
        id=asset.id,
        hostname=_own_name(asset.hostname, asset.id),
        protocol=bmc.protocol.value if bmc.protocol_known else None,
        address=None if bmc.protocol is Protocol.MANUAL else bmc.address or None,
        port=bmc.port or None,
        username=bmc.username or None,
        password=password or None,
        insecure=not bmc.verify_tls,
        tls_fingerprint=bmc.tls_fingerprint or None,
        ca_certificate=bmc.ca_certificate or None,
        serial=(asset.inventory.system.serial if asset.inventory else "") or None,
        macs=asset.macs,
        tags=asset.tags,
    )


def cells_of(row: Row) -> dict[str, str | None]:
    """Return the words of *row* under the names of `EXPORTED`; what is not said is None."""
    values: tuple[object, ...] = (
        row.id, row.hostname, row.protocol, row.address, row.port, row.username,
        row.password.reveal() if row.password else None, row.insecure,
        row.tls_fingerprint, row.ca_certificate, row.serial,
    )  # fmt: skip
    return {
        name: None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in zip(EXPORTED, values, strict=True)
    }


def serial_of(asset: Json) -> str:
    """Return the maker's serial number of an asset as the API shows it; empty while it is unknown."""
    system = (asset.get("inventory") or {}).get("system") or {}
    return str(system.get("serial") or "")


def registration_of(row: Row) -> Registration:
    """Return *row* in the words of the core."""
    return Registration(
        id=row.id,
        hostname=row.hostname,
        address=row.address or "",
        protocol=Protocol(row.protocol or "ipmi"),
        port=row.port,
        username=row.username or "",
        tls_fingerprint=row.tls_fingerprint or "",
        ca_certificate=row.ca_certificate or "",
        macs=row.macs,
        tags=dict(row.tags),
    )


def _check(row: Row) -> None:
    """Raise `RowWrong` with everything that the server would refuse about *row*."""
    known = [protocol.value for protocol in Protocol]
    if row.protocol is not None and row.protocol not in known:
        raise RowWrong(f"protocol is {row.protocol!r}: it must be one of {', '.join(known)}")
    if row.address is None and row.protocol != "manual":
        raise RowWrong("there is no address of a controller: fill the column ip (or ipmi_ip)")
    try:
        registered(registration_of(row), asset_id=row.id or "asset-1", now=datetime(2000, 1, 1, tzinfo=UTC))
    except ValidationFailed as error:
        raise RowWrong("; ".join(f"{each.path}: {each.message} {each.hint}" for each in error.violations)) from None


def _own_name(hostname: str, asset_id: str) -> str | None:
    """Return *hostname*, but not one of digits alone that is the id's: nobody may give it, and it comes by itself."""
    return None if hostname == asset_id and hostname.isdigit() else hostname


def _plain(field: str, cell: Cell) -> Cell:
    return cell.strip() if isinstance(cell, str) and field not in _VERBATIM else cell


def _word(cell: Cell, field: str) -> str:
    if not isinstance(cell, str):
        raise RowWrong(f"{field} must be one word, not a list or a mapping")
    longest = _LONGEST_PEM if field == "ca_certificate" else _LONGEST
    if len(cell) > longest:
        raise RowWrong(f"{field} is longer than {longest} characters")
    return cell


def _words(cell: Cell) -> tuple[str, ...]:
    if isinstance(cell, str):
        return tuple(re.split(r"[\s;,]+", cell.strip()))
    if isinstance(cell, Sequence):
        return tuple(cell)
    raise RowWrong("macs must be a list")


def _mapping(cell: Any) -> dict[str, str]:
    if not isinstance(cell, Mapping):
        raise RowWrong("tags must be a mapping of words to values")
    return dict(cell)


def _port(word: str | None) -> int | None:
    if word is None:
        return None
    if not (word.isascii() and word.isdecimal() and len(word) <= 5):
        raise RowWrong(f"port is {word[:20]!r}: it must be a number from 1 to 65535")
    return int(word)


def _flag(word: str | None) -> bool | None:
    if word is None:
        return None
    if word.lower() not in _WORDS:
        raise RowWrong(f"insecure is {word[:20]!r}: it must be true (TLS is not verified) or false")
    return _WORDS[word.lower()]
