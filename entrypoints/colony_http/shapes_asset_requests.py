"""What clients may say about an asset."""

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from colony_core import (
    AssetChanges,
    AssetStatus,
    BmcChanges,
    BootDevice,
    NetworkRequest,
    ProvisionRequest,
    Registration,
    Secret,
    WipeMethod,
)
from colony_core.domain.assets import Maintenance
from colony_core.domain.hardware import Protocol
from colony_core.domain.provisioning import DEFAULT_TEMPLATE
from colony_core.errors import Invalid
from colony_core.ports.persistence import AssetFilter, InMaintenance
from colony_http.shapes_paging import Listed, Moment, PagingQuery, in_utc

T = TypeVar("T")


class AssetQuery(PagingQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which assets; `tag` is `key:value` and may be given more than once: all of them must match.

    With `stuck` only those that do not get on, each with its `hindrance`; with `maintenance` only those that are in
    maintenance now (`true`), or that are not (`false`).
    """

    status: AssetStatus | UnsetType = UNSET
    tag: tuple[str, ...] = ()
    stuck: bool = False
    maintenance: bool | UnsetType = UNSET

    def where(self, *, now: datetime) -> AssetFilter:
        """Return the filter in the words of the core."""
        tags = tuple(_tag(text) for text in self.tag)
        maintenance = None if self.maintenance is UNSET else InMaintenance(now, self.maintenance)
        return AssetFilter(status=self.status.value if self.status else None, tags=tags, maintenance=maintenance)


def _tag(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise Invalid("Query parameter tag: must be key:value")
    return key, value


class ForgetQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How to forget an asset: by force it always succeeds, and says what was not done."""

    force: bool = False


class RegisterBmc(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How to speak to the management controller; `address` may be given here instead of in `ipmi`.

    Without a `protocol` the discovery asks what the controller speaks: Redfish or, where that cannot be used, IPMI.
    `caCertificate` (PEM) names who must have signed its certificate, `tlsFingerprint` (SHA-256) the certificate itself.

    With the protocol `manual` there is none, and nothing else is given; with any other, user name and password are.
    """

    username: str | UnsetType = UNSET
    password: Secret | UnsetType = UNSET
    protocol: Protocol | None = None
    address: str | None = None
    port: int | None = None
    verify_tls: bool = True
    ca_certificate: str = ""
    tls_fingerprint: str = ""


class RegisterAsset(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A machine to be taken on; `ipmi` is the address of its management controller."""

    ipmi: str | None = None
    hostname: str | None = None
    id: str | None = None
    bmc: RegisterBmc | None = None
    macs: tuple[str, ...] = ()
    tags: dict[str, str] = {}

    def registration(self) -> Registration:
        """Return the same in the words of the core."""
        known = Registration(
            address=self._address(), protocol=None, id=self.id, hostname=self.hostname, macs=self.macs, tags=self.tags
        )
        if self.bmc is None:
            return known
        return msgspec.structs.replace(
            known,
            protocol=self.bmc.protocol,
            port=self.bmc.port,
            username=self._required("username", self.bmc.username, instead=""),
            password=self._required("password", self.bmc.password, instead=Secret("")),
            verify_tls=self.bmc.verify_tls,
            ca_certificate=self.bmc.ca_certificate,
            tls_fingerprint=self.bmc.tls_fingerprint,
        )

    def _required(self, name: str, value: T | UnsetType, *, instead: T) -> T:
        if value is UNSET and not self._manual:
            raise Invalid(f"bmc.{name}: required, and missing")
        return instead if value is UNSET else value

    @property
    def _manual(self) -> bool:
        return self.bmc is not None and self.bmc.protocol is Protocol.MANUAL

    def _address(self) -> str:
        inner = self.bmc.address if self.bmc else None
        if self.ipmi is not None and inner is not None and self.ipmi != inner:
            raise Invalid("bmc.address: differs from ipmi; give the controller's address once")
        address = self.ipmi if self.ipmi is not None else inner
        if address is None and self._manual:
            return ""
        if address is None:
            raise Invalid("ipmi: required, and missing; give the address of the management controller")
        return address


class ChangeBmc(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What shall be different about reaching the controller; what is left out stays."""

    protocol: Protocol | UnsetType = UNSET
    address: str | UnsetType = UNSET
    port: int | UnsetType = UNSET
    username: str | UnsetType = UNSET
    password: Secret | UnsetType = UNSET
    verify_tls: bool | UnsetType = UNSET
    ca_certificate: str | UnsetType = UNSET
    tls_fingerprint: str | UnsetType = UNSET


class AskMaintenance(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Hands off this machine, until somebody lifts it or until its time is over."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    until: Moment | None = None


class ChangeAsset(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What shall be different about a machine; what is left out stays. A `maintenance` of null lifts it."""

    hostname: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    macs: tuple[str, ...] | UnsetType = UNSET
    bmc: ChangeBmc | UnsetType = UNSET
    maintenance: AskMaintenance | UnsetType | None = UNSET

    def changes(self, *, by: str) -> AssetChanges:
        """Return the same in the words of the core, asked for with the API key *by*."""
        bmc = self.bmc if self.bmc is UNSET else BmcChanges(**msgspec.structs.asdict(self.bmc))
        asked = self.maintenance
        if isinstance(asked, AskMaintenance):
            until = in_utc(asked.until, "maintenance.until") if asked.until else None
            maintenance: Maintenance | UnsetType | None = Maintenance(reason=asked.reason, by=by, until=until)
        else:
            maintenance = asked
        return AssetChanges(hostname=self.hostname, tags=self.tags, macs=self.macs, bmc=bmc, maintenance=maintenance)


class AskNetwork(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The address that the installed system gives itself; `subnet` may be left out if `ip` is in CIDR form."""

    ip: str
    gateway: str
    subnet: str | None = None
    dns: Listed | None = None
    ntp: Listed | None = None


class ProvisionAsset(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to install; `diskDevice` may be left out where exactly one disk fits."""

    template: str = DEFAULT_TEMPLATE
    disk_device: str | None = None
    ssh_public_keys: tuple[str, ...] = ()
    network: AskNetwork | None = None

    def request(self) -> ProvisionRequest:
        """Return the same in the words of the core."""
        network = NetworkRequest(**msgspec.structs.asdict(self.network)) if self.network else None
        return ProvisionRequest(
            template=self.template,
            disk_device=self.disk_device,
            ssh_public_keys=self.ssh_public_keys,
            network=network,
        )


class WipeAsset(Struct, frozen=True, forbid_unknown_fields=True):
    """How to erase the disks."""

    method: WipeMethod = WipeMethod.SIGNATURES


class RotateBmc(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The password that the controller shall have; left out, one is made that nobody is shown."""

    password: Secret | None = None


class RebootAsset(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """From where the machine shall start; left out, its own settings decide."""

    boot_device: BootDevice | None = None
