"""What is asked when a machine is registered or changed, and what is wrong with it."""

import re
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from colony_core.domain.assets import Asset, AssetStatus, Maintenance
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.domain.topology.addresses import MALFORMED, ipv4, is_ipv6
from colony_core.domain.topology.names import is_dns_name
from colony_core.domain.topology.wording import written
from colony_core.domain.trust import trusted_by
from colony_core.domain.validation import Finding, Rule, Severity, ValidationFailed

ID_INVALID = Rule(
    id="asset.id.invalid",
    severity=Severity.ERROR,
    summary="The id of an asset is a DNS label of at most 63 characters.",
    reason="It stands in URLs, logs and host names.",
    hint="Use lower-case letters, digits and hyphens, or leave the id out and get one.",
)
HOSTNAME_INVALID = Rule(
    id="asset.hostname.invalid",
    severity=Severity.ERROR,
    summary="The host name of an asset is a DNS name.",
    reason="The installed system is called by it.",
    hint="Use letters, digits, hyphens and dots, or leave the name out.",
)
MAC_INVALID = Rule(
    id="asset.mac.invalid",
    severity=Severity.ERROR,
    summary="A MAC address is six pairs of hexadecimal digits of one interface.",
    reason="A booting machine is recognised by it; a multicast address belongs to no machine.",
    hint="Write it like 52:54:00:77:00:01.",
)
MAC_MISSING = Rule(
    id="asset.macs.required",
    severity=Severity.ERROR,
    summary="A machine without a controller has a MAC address.",
    reason="There is nothing else to recognise it by when it boots.",
    hint="Give the address of the interface that it boots from, in `macs`.",
)
BMC_MISSING = Rule(
    id="asset.bmc.missing",
    severity=Severity.ERROR,
    summary="A controller has an address, and a machine without one has none.",
    reason="A protocol of `manual` means that there is no controller.",
    hint="Give `bmc.address` with another protocol than `manual`, or leave it out with `manual`.",
)
PORT_INVALID = Rule(
    id="asset.bmc.port.invalid",
    severity=Severity.ERROR,
    summary="A port is a number from 1 to 65535.",
    reason="There are no others.",
    hint="Leave it out for the protocol's own port.",
)
TAG_INVALID = Rule(
    id="asset.tag.invalid",
    severity=Severity.ERROR,
    summary="A tag is a short word with a short value.",
    reason="Lists are filtered by `key:value`, so a key holds no colon.",
    hint="Use letters, digits, dots, hyphens, underscores and slashes, 63 characters at most, in the key.",
)
MAINTENANCE_PAST = Rule(
    id="asset.maintenance.past",
    severity=Severity.ERROR,
    summary="Maintenance ends in the future.",
    reason="One that is over binds nothing.",
    hint="Give a later time, or leave `until` out.",
)

_ID = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TAG_KEY = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_./]{0,62}")
_LONGEST_TAG_VALUE = 255
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Registration(Struct, frozen=True, kw_only=True):
    """A machine as it is registered; a `port` of None means the protocol's own, a `protocol` of None any it speaks."""

    address: str
    protocol: Protocol | None = Protocol.IPMI
    port: int | None = None
    username: str = ""
    password: Secret = Secret("")
    verify_tls: bool = True
    ca_certificate: str = ""
    tls_fingerprint: str = ""
    id: str | None = None
    hostname: str | None = None
    macs: tuple[str, ...] = ()
    tags: dict[str, str] = {}


class BmcChanges(Struct, frozen=True, kw_only=True):
    """What shall be different about reaching a controller; what is UNSET stays."""

    protocol: Protocol | UnsetType = UNSET
    address: str | UnsetType = UNSET
    port: int | UnsetType = UNSET
    username: str | UnsetType = UNSET
    password: Secret | UnsetType = UNSET
    verify_tls: bool | UnsetType = UNSET
    ca_certificate: str | UnsetType = UNSET
    tls_fingerprint: str | UnsetType = UNSET


class AssetChanges(Struct, frozen=True, kw_only=True):
    """What shall be different about a machine; what is UNSET stays. A `maintenance` of None lifts it."""

    hostname: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    macs: tuple[str, ...] | UnsetType = UNSET
    bmc: BmcChanges | UnsetType = UNSET
    maintenance: Maintenance | UnsetType | None = UNSET


def registered(registration: Registration, *, asset_id: str, now: datetime) -> Asset:
    """Return the new asset, about to be discovered, or raise `ValidationFailed` with everything that is wrong."""
    notes: list[Finding] = []
    manual = registration.protocol is Protocol.MANUAL
    _check_reach(registration, notes) if manual else _check_address(registration.address.strip(), notes)
    if registration.id is not None and not _ID.fullmatch(registration.id):
        notes.append(ID_INVALID.broken("id", observed=written(registration.id), expected="a DNS label"))
    _check_hostname(registration.hostname, notes)
    _check_tags(registration.tags, notes)
    _check_port(registration.port, notes)
    ca_certificate, tls_fingerprint = trusted_by(registration.ca_certificate, registration.tls_fingerprint, notes)
    macs = tuple(_mac(mac, f"macs[{place}]", notes) for place, mac in enumerate(registration.macs))
    _refuse(notes)
    protocol = registration.protocol or Protocol.IPMI
    bmc = Bmc(
        protocol=protocol,
        protocol_known=registration.protocol is not None,
        address=asset_id if manual else registration.address.strip(),
        port=registration.port or protocol.default_port,
        username=registration.username,
        verify_tls=registration.verify_tls,
        ca_certificate=ca_certificate,
        tls_fingerprint=tls_fingerprint,
    )
    return Asset(
        id=asset_id,
        hostname=registration.hostname or asset_id,
        status=AssetStatus.DISCOVERING,
        bmc=bmc,
        macs=macs,
        tags=registration.tags,
        created_at=now,
        updated_at=now,
    )


def changed(asset: Asset, changes: AssetChanges, *, now: datetime) -> Asset:
    """Return *asset* with *changes*, or raise `ValidationFailed`; the password is the vault's business.

    The asset itself comes back when nothing about it is different.
    """
    notes: list[Finding] = []
    before = asset
    if changes.hostname is not UNSET:
        _check_hostname(changes.hostname, notes)
        asset = replace(asset, hostname=changes.hostname)
    if changes.tags is not UNSET:
        _check_tags(changes.tags, notes)
        asset = replace(asset, tags=changes.tags)
    if changes.macs is not UNSET:
        macs = tuple(_mac(mac, f"macs[{place}]", notes) for place, mac in enumerate(changes.macs))
        asset = replace(asset, macs=macs)
    if changes.bmc is not UNSET:
        asset = replace(asset, bmc=_changed_bmc(asset, changes.bmc, notes))
    if changes.maintenance is not UNSET:
        _check_maintenance(changes.maintenance, notes, now=now)
        asset = replace(asset, maintenance=changes.maintenance)
    _refuse(notes)
    return before if asset == before else replace(asset, updated_at=now)


def differing(before: Asset, after: Asset) -> tuple[str, ...]:
    """Return what of the things that people may change is different: `hostname`, `bmc.address`, ..."""
    plain = [name for name in ("hostname", "tags", "macs") if getattr(before, name) != getattr(after, name)]
    names = Bmc.__struct_fields__
    reach = [f"bmc.{name}" for name in names if getattr(before.bmc, name) != getattr(after.bmc, name)]
    held = ["maintenance"] if before.maintenance != after.maintenance else []
    return (*plain, *reach, *held)


def _changed_bmc(asset: Asset, changes: BmcChanges, notes: list[Finding]) -> Bmc:
    bmc = asset.bmc
    fields = {name: value for name, value in asdict(changes).items() if name != "password"}
    given = {name: value for name, value in fields.items() if value is not UNSET}
    manual = given.get("protocol", bmc.protocol) is Protocol.MANUAL
    if manual == ("address" in given) and (manual or bmc.protocol is Protocol.MANUAL):
        observed = "an address" if manual else "none"
        notes.append(BMC_MISSING.broken("bmc.address", observed=observed, expected="none" if manual else "an address"))
    if manual:
        return Bmc(protocol=Protocol.MANUAL, address=asset.id, port=0, username="")
    if "address" in given:
        given["address"] = given["address"].strip()
        _check_address(given["address"], notes, path="bmc.address")
    if "port" in given:
        _check_port(given["port"], notes)
    elif "protocol" in given and bmc.port == bmc.protocol.default_port:
        given["port"] = given["protocol"].default_port
    if "protocol" in given:
        given["protocol_known"] = True
    after = replace(bmc, **given)
    if not given.keys() & {"ca_certificate", "tls_fingerprint"}:
        return after
    ca_certificate, tls_fingerprint = trusted_by(after.ca_certificate, after.tls_fingerprint, notes)
    return replace(after, ca_certificate=ca_certificate, tls_fingerprint=tls_fingerprint)


def _check_address(address: str, notes: list[Finding], *, path: str = "ipmi") -> None:
    if ipv4(address) is None and not is_ipv6(address) and not is_dns_name(address):
        notes.append(MALFORMED.broken(path, observed=written(address), expected="an address or a DNS name"))


def _check_reach(registration: Registration, notes: list[Finding]) -> None:
    """Note what a machine without a controller must have, and must not."""
    if registration.address or registration.port:
        notes.append(BMC_MISSING.broken("ipmi", observed=written(registration.address), expected="nothing"))
    if not registration.macs:
        notes.append(MAC_MISSING.broken("macs", observed="none", expected="at least one"))


def _check_hostname(hostname: str | None, notes: list[Finding]) -> None:
    if hostname is not None and not is_dns_name(hostname):
        notes.append(HOSTNAME_INVALID.broken("hostname", observed=written(hostname), expected="a DNS name"))


def _check_port(port: int | None, notes: list[Finding]) -> None:
    if port is not None and not 1 <= port <= 65535:
        notes.append(PORT_INVALID.broken("bmc.port", observed=str(port), expected="from 1 to 65535"))


def _check_tags(tags: dict[str, str], notes: list[Finding]) -> None:
    for key, value in tags.items():
        if not _TAG_KEY.fullmatch(key) or len(value) > _LONGEST_TAG_VALUE:
            expected = f"a word without a colon, with a value of at most {_LONGEST_TAG_VALUE} characters"
            notes.append(TAG_INVALID.broken(f"tags.{key[:80]}", observed=written(key), expected=expected))


def _check_maintenance(maintenance: Maintenance | None, notes: list[Finding], *, now: datetime) -> None:
    if maintenance is not None and maintenance.until is not None and maintenance.until <= now:
        observed = maintenance.until.isoformat()
        notes.append(MAINTENANCE_PAST.broken("maintenance.until", observed=observed, expected="in the future"))


def _mac(text: str, path: str, notes: list[Finding]) -> str:
    mac = text.strip().lower().replace("-", ":")
    multicast = _MAC.fullmatch(mac) and int(mac[:2], 16) & 1
    if not _MAC.fullmatch(mac) or multicast:
        notes.append(MAC_INVALID.broken(path, observed=written(text), expected="the address of one interface"))
    return mac


def _refuse(notes: list[Finding]) -> None:
    if notes:
        raise ValidationFailed(tuple(note.violation() for note in notes))
