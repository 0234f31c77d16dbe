"""Certificates as Talos and K3s want them."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from colony_core.domain.secrets import Secret
from colony_crypto.certificates import (
    TALOS_CA,
    Pair,
    ca_pair,
    client_pair,
    ec_key,
    ed25519_key,
    name_of,
    private_pem,
    root_der,
    rsa_key,
    talos_label,
)
from colony_crypto.k3s import K3sAuthority, k3s_authority

NOW = datetime(2026, 11, 23, 12, 0, 0, 123_456, tzinfo=UTC)


def the(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.crt.encode())


@pytest.fixture(scope="module")
def k3s() -> K3sAuthority:
    return k3s_authority(now=NOW)


def test_a_talos_authority_has_the_form_that_talos_makes_itself() -> None:
    authority = the(ca_pair(name_of(organisation="talos"), TALOS_CA, key=ed25519_key(), now=NOW))

    extensions = {type(each.value).__name__: each for each in authority.extensions}
    assert list(extensions) == ["BasicConstraints", "KeyUsage", "SubjectKeyIdentifier", "ExtendedKeyUsage"]
    assert extensions["BasicConstraints"].critical
    assert extensions["BasicConstraints"].value == x509.BasicConstraints(ca=True, path_length=None)
    assert extensions["KeyUsage"].critical
    assert usages(authority) == {"digital_signature", "key_cert_sign"}
    assert extensions["ExtendedKeyUsage"].value == x509.ExtendedKeyUsage(
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    assert authority.subject == authority.issuer == name_of(organisation="talos")
    assert authority.not_valid_after_utc - authority.not_valid_before_utc == timedelta(hours=87600)


@pytest.mark.parametrize("key", [ed25519_key(), ec_key()], ids=["Ed25519", "P-256"])
def test_a_client_has_a_key_of_its_issuers_type(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
    ca = ca_pair(name_of(organisation="one"), TALOS_CA, key=key, now=NOW)
    client = client_pair(ca, name_of(common="me"), now=NOW, key_encipherment=False)

    the(client).verify_directly_issued_by(the(ca))
    assert type(the(client).public_key()) is type(key.public_key())
    assert usages(the(client)) == {"digital_signature"}
    assert the(client).not_valid_before_utc == datetime(2026, 11, 23, 11, 55, tzinfo=UTC)


def test_serial_numbers_are_random_and_fill_128_bits() -> None:
    ca = ca_pair(name_of(organisation="one"), TALOS_CA, key=ec_key(), now=NOW)
    serials = {
        the(client_pair(ca, name_of(common="me"), now=NOW, key_encipherment=True)).serial_number for _ in range(60)
    }

    assert len(serials) == 60
    assert 120 < max(serials).bit_length() <= 128


def test_every_k3s_authority_is_below_one_root_and_brings_it_along(k3s: K3sAuthority) -> None:
    root = the(k3s.root)
    for pair in (k3s.server, k3s.client, k3s.request_header, k3s.etcd_peer, k3s.etcd_server):
        below, above = x509.load_pem_x509_certificates(pair.crt.encode())

        below.verify_directly_issued_by(root)
        assert above == root
        assert usages(below) == {"digital_signature", "key_encipherment", "key_cert_sign"}
        identifier = below.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        assert identifier == x509.SubjectKeyIdentifier.from_public_key(root.public_key()).digest


def test_k3s_finds_the_root_by_its_own_rule(k3s: K3sAuthority) -> None:
    """Its rule: of the certificates after the first, the one whose issuer's key is absent or its own is the root."""
    _, *rest = x509.load_pem_x509_certificates(k3s.server.crt.encode())
    own = [each.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest for each in rest]
    issuers = [
        each.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier for each in rest
    ]

    assert own == issuers


def test_k3s_tokens_hold_the_hash_of_the_root_and_differ_by_role(k3s: K3sAuthority) -> None:
    expected = hashlib.sha256(root_der(k3s.server)).hexdigest()
    server, agent = k3s.server_token.reveal(), k3s.agent_token.reveal()

    assert re.fullmatch(rf"K10{expected}::server:[0-9a-f]{{32}}", server)
    assert re.fullmatch(rf"K10{expected}::node:[0-9a-f]{{32}}", agent)
    assert server.rpartition(":")[2] != agent.rpartition(":")[2]


def test_keys_are_written_as_their_readers_want_them() -> None:
    assert private_pem(ec_key()).startswith("-----BEGIN EC PRIVATE KEY-----\n")
    assert private_pem(rsa_key(2048)).startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert private_pem(ed25519_key()).startswith("-----BEGIN PRIVATE KEY-----\n")


def test_the_label_of_talos_changes_nothing_but_the_label() -> None:
    plain = private_pem(ed25519_key())

    labelled = talos_label(plain)

    assert labelled.splitlines()[0] == "-----BEGIN ED25519 PRIVATE KEY-----"
    assert labelled.splitlines()[-1] == "-----END ED25519 PRIVATE KEY-----"
    assert labelled.splitlines()[1:-1] == plain.splitlines()[1:-1]
    with pytest.raises(ValueError, match="PEM"):
        load_pem_private_key(labelled.encode(), password=None)


def test_an_authority_shows_no_key_when_it_is_printed(k3s: K3sAuthority) -> None:
    assert "PRIVATE" not in repr(k3s)
    assert k3s.agent_token.reveal() not in repr(k3s)
    assert isinstance(k3s.service_key, Secret)
    assert isinstance(load_pem_private_key(k3s.service_key.reveal().encode(), password=None), rsa.RSAPrivateKey)


def usages(certificate: x509.Certificate) -> set[str]:
    value = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = ("digital_signature", "content_commitment", "key_encipherment", "key_cert_sign", "crl_sign")
    return {name for name in names if getattr(value, name)}
