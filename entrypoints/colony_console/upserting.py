"""What a list of machines would change: each row against what the server knows, before anything is sent."""

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

from colony_console.client import Json
from colony_console.machine_rows import Row, Unusable, serial_of

PLACEHOLDERS = frozenset(
    {
        "", "0", "00000000", "0123456789", "123456789", "chassis serial number", "default string", "empty", "n/a",
        "na", "none", "not available", "not specified", "o.e.m.", "serial", "system serial number", "to be filled",
        "to be filled by o.e.m.", "unknown", "unspecified",
    }
)  # fmt: skip
"""Serial numbers that makers forgot to write, in lower case: they tell no machine from another."""


class Intent(Struct, frozen=True, kw_only=True):
    """What is to be done about one row: POST `body`, or PATCH it to `asset_id`, or nothing; or `why` it is refused.

    `fields` are what the row would change of the asset. The body holds a password in plain: print it nowhere.
    """

    line: int
    place: str
    row: Row | None = None
    asset_id: str | None = None
    body: Json = {}
    fields: tuple[str, ...] = ()
    why: str = ""

    @property
    def creates(self) -> bool:
        """Tell whether the machine is new."""
        return not self.why and self.asset_id is None


class _Known:
    """The machines that the server has, by what a row can name them with, and which row has named each."""

    def __init__(self, assets: Sequence[Json]) -> None:
        self.claims: dict[str, int] = {}
        self._by_address: dict[str, list[Json]] = defaultdict(list)
        self._by_serial: dict[str, list[Json]] = defaultdict(list)
        for asset in assets:
            self._by_address[normal(asset["bmc"]["address"])].append(asset)
            self._by_serial[serial_of(asset).lower()].append(asset)

    def by_address(self, row: Row) -> list[Json]:
        """Return whoever has the controller of *row*: with a port, exactly that; without, any at the address."""
        found = self._by_address[normal(row.address)] if row.address else []
        return [asset for asset in found if row.port is None or asset["bmc"]["port"] == row.port]

    def by_mac(self, row: Row) -> list[Json]:
        """Return the machines without a controller that boot from an interface of *row*."""
        manual = self._by_address[""]
        return [asset for asset in manual if not set(row.macs).isdisjoint(asset["macs"])]

    def by_serial(self, row: Row) -> list[Json]:
        """Return whoever has the serial number of *row*, where it is one that tells machines apart."""
        serial = (row.serial or "").lower()
        return [] if serial in PLACEHOLDERS else self._by_serial[serial]


def normal(address: str | None) -> str:
    """Return an address in the one form in which equal ones are equal."""
    try:
        return ip_address(address or "").compressed
    except ValueError:
        return (address or "").lower()


def intended(rows: Sequence[Row | Unusable], assets: Sequence[Json]) -> list[Intent]:
    """Return what is to be done about each of *rows*, in their order.

    A machine is known by its controller's address, and only where nobody has that by its serial number. What the list
    says of one machine counts once: a row that repeats another is refused.
    """
    known = _Known(assets)
    usable = [(place, row) for place, row in enumerate(rows) if isinstance(row, Row)]
    decided: dict[int, Intent] = {}
    # Whoever is known by an address goes first, so that a doubtful serial number never takes a machine from its row.
    for place, row in sorted(usable, key=lambda one: not known.by_address(one[1])):
        decided[place] = _intent(row, known)
    return [
        Intent(line=row.line, place="?", why=row.why) if isinstance(row, Unusable) else decided[place]
        for place, row in enumerate(rows)
    ]


def _intent(row: Row, known: _Known) -> Intent:
    intent = Intent(line=row.line, place=row.place, row=row)
    found, by = known.by_address(row), "address"
    if not found:
        found, by = known.by_serial(row), "serial number"
    if not found and row.address is None:
        found, by = known.by_mac(row), "MAC address"
    if len(found) > 1:
        names = ", ".join(asset["id"] for asset in found)
        remedy = "name the port" if by == "address" else "leave it out"
        return replace(intent, why=f"several machines have this {by} ({names}): {remedy}")
    name = found[0]["id"] if found else f"{normal(row.address)} {row.port} {'' if row.address else min(row.macs)}"
    before = known.claims.setdefault(name, row.line)
    if before != row.line:
        return replace(intent, why=f"it repeats the machine of line {before}: leave one of them out")
    if not found:
        return replace(intent, body=_registration(row))
    return _change(intent, row, found[0])


def _change(intent: Intent, row: Row, asset: Json) -> Intent:
    body = differences(row, asset)
    plain = {name: value for name, value in body.items() if name != "bmc"}
    fields = (*plain, *(f"bmc.{name}" for name in body.get("bmc", {})))
    return replace(intent, asset_id=asset["id"], body=body, fields=fields)


def _registration(row: Row) -> Json:
    bmc = {
        "protocol": row.protocol,
        "port": row.port,
        "username": row.username,
        "password": row.password.reveal() if row.password else None,
        "verifyTls": None if row.insecure is None else not row.insecure,
        "tlsFingerprint": row.tls_fingerprint,
        "caCertificate": row.ca_certificate,
    }
    asset = {"ipmi": row.address, "id": row.id, "hostname": row.hostname}
    body: Json = {name: value for name, value in asset.items() if value is not None}
    body["bmc"] = {name: value for name, value in bmc.items() if value is not None}
    body |= {"macs": list(row.macs)} if row.macs else {}
    return body | ({"tags": dict(row.tags)} if row.tags else {})


def differences(row: Row, asset: Json) -> Json:
    """Return the PATCH that makes *asset* what *row* says; what the row does not say stays, tags and MACs included."""
    body: Json = {}
    if row.hostname is not None and row.hostname != asset["hostname"]:
        body["hostname"] = row.hostname
    tags = asset["tags"] | dict(row.tags)
    if tags != asset["tags"]:
        body["tags"] = tags
    new = [mac for mac in row.macs if mac not in asset["macs"]]
    if new:
        body["macs"] = [*asset["macs"], *new]
    if bmc := _bmc_differences(row, asset["bmc"]):
        body["bmc"] = bmc
    return body


def _bmc_differences(row: Row, bmc: Json) -> Json:
    said = {
        "address": row.address,
        "protocol": row.protocol,
        "port": row.port,
        "username": row.username,
        "verifyTls": None if row.insecure is None else not row.insecure,
        **_trust(row),
    }
    changed = {name: value for name, value in said.items() if value is not None and value != bmc[name]}
    if normal(row.address) == normal(bmc["address"]):
        changed.pop("address", None)
    return changed | ({"password": row.password.reveal()} if row.password else {})


def _trust(row: Row) -> Json:
    """Return what *row* says of its controller's certificate: the one way takes the place of the other."""
    if row.tls_fingerprint is None and row.ca_certificate is None:
        return {}
    return {"tlsFingerprint": row.tls_fingerprint or "", "caCertificate": row.ca_certificate or ""}
