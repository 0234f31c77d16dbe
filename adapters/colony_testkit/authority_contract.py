"""The contract of cluster authorities, as tests. It reads certificates with `cryptography` (extra `kubernetes`)."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from colony_core.domain.clusters import ClusterSpec, ClusterType, Flavor, NodeSpec
from colony_core.domain.secrets import Secret
from colony_core.ports.authorities import Authorities

NOW = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
LATER = NOW + timedelta(days=400)


def a_spec(flavor: Flavor, *, name: str = "dev", vip: str | None = None) -> ClusterSpec:
    """Return a cluster of two control planes and a worker; nothing listens at its addresses."""

    def node(number: int) -> NodeSpec:
        return NodeSpec(asset_id=f"asset-{number}", ip=f"192.168.2.{50 + number}", prefix=24, hostname=f"n{number}")

    return ClusterSpec(
        name=name,
        type=ClusterType.K8S_STACK,
        flavor=flavor,
        gateway="192.168.2.1",
        control_planes=(node(1), node(2)),
        workers=(node(3),),
        vip=vip,
    )


class AuthorityContract:
    """Subclass it, give it a fixture `authorities` of class scope (a class method), and the adapter is tested."""

    @pytest.fixture(scope="class", params=list(Flavor))
    @classmethod
    def flavor(cls, request: pytest.FixtureRequest) -> Flavor:
        return Flavor(request.param)

    @pytest.fixture(scope="class")
    @classmethod
    def spec(cls, flavor: Flavor) -> ClusterSpec:
        return a_spec(flavor)

    @pytest.fixture(scope="class")
    @classmethod
    def authority(cls, authorities: Authorities, spec: ClusterSpec) -> Secret:
        return authorities.create(spec, now=NOW)

    @pytest.fixture(scope="class")
    @classmethod
    def stranger(cls, authorities: Authorities, spec: ClusterSpec) -> Secret:
        return authorities.create(spec, now=NOW)

    @pytest.fixture(scope="class")
    @classmethod
    def talos(cls, authorities: Authorities) -> Secret:
        return authorities.create(a_spec(Flavor.TALOS), now=NOW)

    def test_a_kubeconfig_names_the_cluster_and_its_admin(
        self, authorities: Authorities, authority: Secret, spec: ClusterSpec
    ) -> None:
        text = authorities.kubeconfig(authority, spec, now=NOW).reveal()

        assert field(text, "server") == "https://192.168.2.51:6443"
        assert field(text, "current-context") == field(text, "user") == "admin@dev"
        assert field(text, "cluster") == "dev"

    def test_the_virtual_address_is_the_server_when_there_is_one(
        self, authorities: Authorities, authority: Secret, flavor: Flavor
    ) -> None:
        spec = a_spec(flavor, vip="192.168.2.9")

        assert field(authorities.kubeconfig(authority, spec, now=NOW).reveal(), "server") == "https://192.168.2.9:6443"

    def test_a_kubeconfigs_client_is_an_administrator_and_nothing_else(
        self, authorities: Authorities, authority: Secret, spec: ClusterSpec
    ) -> None:
        client = certificate(authorities.kubeconfig(authority, spec, now=NOW), "client-certificate-data")

        assert value_of(client, NameOID.ORGANIZATION_NAME) == "system:masters"
        assert value_of(client, NameOID.COMMON_NAME)
        assert list(client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
            ExtendedKeyUsageOID.CLIENT_AUTH
        ]

    @pytest.mark.parametrize("now", [NOW, LATER])
    def test_credentials_are_valid_from_five_minutes_ago_for_one_year(
        self, authorities: Authorities, authority: Secret, spec: ClusterSpec, now: datetime
    ) -> None:
        client = certificate(authorities.kubeconfig(authority, spec, now=now), "client-certificate-data")

        assert timedelta(0) <= now - timedelta(minutes=5) - client.not_valid_before_utc < timedelta(seconds=1)
        assert client.not_valid_after_utc - client.not_valid_before_utc == timedelta(days=365)

    def test_a_kubeconfigs_key_belongs_to_its_certificate(
        self, authorities: Authorities, authority: Secret, spec: ClusterSpec
    ) -> None:
        config = authorities.kubeconfig(authority, spec, now=NOW)

        key = load_pem_private_key(data(config, "client-key-data"), password=None)
        assert public_bytes(key) == public_bytes(certificate(config, "client-certificate-data"))

    def test_every_kubeconfig_has_a_key_of_its_own_and_the_same_issuer(
        self, authorities: Authorities, authority: Secret, spec: ClusterSpec
    ) -> None:
        first, second = (authorities.kubeconfig(authority, spec, now=now) for now in (NOW, LATER))

        assert data(first, "client-key-data") != data(second, "client-key-data")
        assert issuer(first) == issuer(second)
        assert data(first, "certificate-authority-data") == data(second, "certificate-authority-data")

    def test_two_clusters_share_nothing(
        self, authorities: Authorities, authority: Secret, stranger: Secret, spec: ClusterSpec
    ) -> None:
        ours, theirs = (authorities.kubeconfig(each, spec, now=NOW) for each in (authority, stranger))

        assert issuer(ours) != issuer(theirs)
        assert data(ours, "certificate-authority-data") != data(theirs, "certificate-authority-data")

    def test_a_talosconfig_leads_to_every_control_plane_and_not_to_the_virtual_address(
        self, authorities: Authorities, talos: Secret
    ) -> None:
        text = authorities.talosconfig(talos, a_spec(Flavor.TALOS, vip="192.168.2.9"), now=NOW).reveal()

        assert field(text, "context") == "dev"
        assert re.findall(r"192\.168\.2\.\d+", text) == ["192.168.2.51", "192.168.2.52"]

    def test_a_talosconfigs_client_has_the_administrators_role(self, authorities: Authorities, talos: Secret) -> None:
        client = certificate(authorities.talosconfig(talos, a_spec(Flavor.TALOS), now=NOW), "crt")

        assert value_of(client, NameOID.ORGANIZATION_NAME) == "os:admin"
        assert list(client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
            ExtendedKeyUsageOID.CLIENT_AUTH
        ]
        assert timedelta(0) <= NOW - timedelta(minutes=5) - client.not_valid_before_utc < timedelta(seconds=1)

    def test_a_talosconfigs_key_has_the_label_that_every_talos_reads(
        self, authorities: Authorities, talos: Secret
    ) -> None:
        config = authorities.talosconfig(talos, a_spec(Flavor.TALOS), now=NOW)

        assert data(config, "key").startswith(b"-----BEGIN ED25519 PRIVATE KEY-----\n")


def field(text: str, name: str) -> str:
    """Return the last scalar of this name, quoted or not."""
    found: list[str] = re.findall(rf'^[\s-]*"?{name}"?:[ \t]+"?([^"\s]+)"?,?$', text, re.MULTILINE)
    return found[-1]


def data(config: Secret, name: str) -> bytes:
    """Return the base64 field of this name, decoded."""
    return base64.b64decode(field(config.reveal(), name), validate=True)


def certificate(config: Secret, name: str) -> x509.Certificate:
    """Return the first certificate in the base64 field of this name."""
    return x509.load_pem_x509_certificate(data(config, name))


def issuer(config: Secret) -> bytes | None:
    """Return what identifies the key that signed the client."""
    client = certificate(config, "client-certificate-data")
    return client.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def value_of(subject_of: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """Return the one value of this kind in a certificate's subject."""
    (attribute,) = subject_of.subject.get_attributes_for_oid(oid)
    return str(attribute.value)


def public_bytes(holder: object) -> bytes:
    """Return the public key of a certificate or a private key."""
    key = holder.public_key()  # type: ignore[attr-defined]  # both have it, and share no type
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
