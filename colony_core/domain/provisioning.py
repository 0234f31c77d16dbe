"""What a single machine may be asked to install, and the order that follows from it."""

from ipaddress import IPv4Interface

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.assets import Asset
from colony_core.domain.disks import DiskNotResolved, resolve_disk
from colony_core.domain.hardware import GB, Disk
from colony_core.domain.orders import DiskIdentity, Install, StaticNetwork, Wipe, WipeMethod
from colony_core.domain.topology.addresses import OUTSIDE_SUBNET, read_address, read_interface
from colony_core.domain.topology.disk_names import read_disk
from colony_core.domain.topology.names import read_dns, read_ntp
from colony_core.domain.topology.request import Listed
from colony_core.domain.topology.ssh_keys import read_ssh_key
from colony_core.domain.topology.wording import written
from colony_core.domain.validation import Finding, Rule, Severity, ValidationFailed

DEFAULT_TEMPLATE = "ubuntu-jammy"

TEMPLATES = (DEFAULT_TEMPLATE, "ubuntu-noble", "debian-bookworm")
"""The operating systems that can be installed on a single machine."""

SMALLEST_DISK = 10 * GB
"""The smallest disk that an operating system of `TEMPLATES` is installed on."""


TEMPLATE_UNKNOWN = Rule(
    id="template.unknown",
    severity=Severity.ERROR,
    summary="The template is one that can be installed.",
    reason="An unknown image would fail only after the machine was booted.",
    hint="Choose one of the templates that the message lists, or leave the field out.",
)
INVENTORY_MISSING = Rule(
    id="asset.inventory.missing",
    severity=Severity.ERROR,
    summary="The machine's inventory is known.",
    reason="Without it nobody can tell which disk would be written.",
    hint="Discover the asset first.",
)


class NetworkRequest(Struct, frozen=True, kw_only=True):
    """The address that the installed system shall give itself, as it was asked for."""

    ip: str
    subnet: str | None
    gateway: str
    dns: Listed = None
    ntp: Listed = None


class ProvisionRequest(Struct, frozen=True, kw_only=True):
    """What to install on one machine, as it was asked for."""

    template: str = DEFAULT_TEMPLATE
    disk_device: str | None = None
    ssh_public_keys: tuple[str, ...] = ()
    network: NetworkRequest | None = None


def install_order(asset: Asset, request: ProvisionRequest) -> Install:
    """Return the order that *request* becomes on *asset*, or raise `ValidationFailed` with everything that is wrong."""
    notes: list[Finding] = []
    if request.template not in TEMPLATES:
        allowed = "one of " + ", ".join(TEMPLATES)
        notes.append(TEMPLATE_UNKNOWN.broken("template", observed=written(request.template), expected=allowed))
    disk = _disk(asset, request.disk_device, notes)
    network = _network(request.network, notes) if request.network else None
    keys = tuple(_key(key, place, notes) for place, key in enumerate(request.ssh_public_keys))
    errors = tuple(note for note in notes if note.severity is Severity.ERROR)
    if errors or disk is None:
        raise ValidationFailed(tuple(note.violation() for note in errors))
    return Install(
        template=request.template,
        disk=DiskIdentity.of(disk),
        hostname=asset.hostname,
        network=network,
        ssh_public_keys=keys,
    )


def wipe_order(asset: Asset, method: WipeMethod) -> Wipe:
    """Return the order to erase every fixed disk of *asset*; removable media are nobody's business."""
    if asset.inventory is None:
        raise ValidationFailed((_no_inventory("method").violation(),))
    return Wipe(method=method, disks=tuple(map(DiskIdentity.of, asset.inventory.fixed_disks)))


def _disk(asset: Asset, wanted: str | None, notes: list[Finding]) -> Disk | None:
    if asset.inventory is None:
        notes.append(_no_inventory("diskDevice"))
        return None
    malformed: list[Finding] = []
    named = read_disk(wanted, "diskDevice", notes=malformed)
    if malformed:
        notes.extend(malformed)
        return None
    try:
        return resolve_disk(asset.inventory, named, minimum_bytes=SMALLEST_DISK)
    except DiskNotResolved as unresolved:
        notes.append(unresolved.finding)
        return None


def _network(request: NetworkRequest, notes: list[Finding]) -> StaticNetwork | None:
    ip, prefix = read_interface(request.ip, request.subnet, path="network", notes=notes)
    gateway = read_address(request.gateway, "network.gateway", notes=notes)
    dns = read_dns(request.dns, "network.dns", notes=notes)
    ntp = read_ntp(request.ntp, "network.ntp", notes=notes)
    if ip is None or prefix is None or gateway is None:
        return None
    subnet = IPv4Interface((ip, prefix)).network
    if gateway not in subnet or gateway == ip or ip in (subnet.network_address, subnet.broadcast_address):
        expected = f"a machine of {subnet}, with the gateway {gateway} beside it"
        notes.append(OUTSIDE_SUBNET.broken("network.ip", observed=str(ip), expected=expected))
    return StaticNetwork(ip=str(ip), prefix=prefix, gateway=str(gateway), dns=dns, ntp=ntp)


def _key(text: str, place: int, notes: list[Finding]) -> str:
    found: list[Finding] = []
    key = read_ssh_key(text.strip(), notes=found)
    notes.extend(replace(finding, path=f"sshPublicKeys[{place}]") for finding in found)
    return key or ""


def _no_inventory(path: str) -> Finding:
    return INVENTORY_MISSING.broken(
        path, observed="for a machine whose inventory is unknown", expected="discovered first"
    )
