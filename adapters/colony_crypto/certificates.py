"""X.509 as Talos, K3s and kube-apiserver want it: authorities, and the clients that they sign."""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from colony_core.domain.secrets import Secret

# How far the clock of a machine may be behind ours and still accept what we sign.
BACK_DATED = timedelta(minutes=5)
CLIENT_LASTS = timedelta(days=365)


class Pair(Struct, frozen=True, kw_only=True):
    """A certificate as PEM, followed by the authorities above it if there are any, and its private key as PEM."""

    crt: str
    key: Secret


class CaProfile(Struct, frozen=True, kw_only=True):
    """What the authorities of one distribution have in common."""

    lasts: timedelta
    key_encipherment: bool
    purposes: tuple[x509.ObjectIdentifier, ...]
    names_own_issuer: bool
    """Whether a root carries an AuthorityKeyIdentifier too, equal to its own SubjectKeyIdentifier."""


TALOS_CA = CaProfile(
    lasts=timedelta(hours=87600),
    key_encipherment=False,
    purposes=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    names_own_issuer=False,
)
K3S_ROOT = CaProfile(lasts=timedelta(days=7300), key_encipherment=True, purposes=(), names_own_issuer=True)
K3S_CA = CaProfile(lasts=timedelta(days=3700), key_encipherment=True, purposes=(), names_own_issuer=True)


def ca_pair(
    subject: x509.Name,
    profile: CaProfile,
    *,
    key: CertificateIssuerPrivateKeyTypes,
    now: datetime,
    signed_by: Pair | None = None,
) -> Pair:
    """Return an authority: its own root, or one below *signed_by*, whose certificates then follow its own."""
    issuer = subject if signed_by is None else _certificate(signed_by).subject
    issuer_key = key if signed_by is None else _private_key(signed_by)
    builder = (
        _builder(subject, issuer, key=key, now=now, lasts=profile.lasts)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs=True, key_encipherment=profile.key_encipherment), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=False)
    if profile.names_own_issuer:
        builder = builder.add_extension(_issued_by(issuer_key), critical=False)
    above = "" if signed_by is None else signed_by.crt
    return Pair(crt=_signed(builder, issuer_key) + above, key=Secret(private_pem(key)))


def client_pair(ca: Pair, subject: x509.Name, *, now: datetime, key_encipherment: bool) -> Pair:
    """Return a client that *ca* signed, with a fresh key of the authority's own type.

    Its only extended key usage is clientAuth: Talos refuses a client that may be anything else as well.
    """
    issuer_key = _private_key(ca)
    key = ed25519_key() if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else ec_key()
    builder = (
        _builder(subject, _certificate(ca).subject, key=key, now=now, lasts=CLIENT_LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False, key_encipherment=key_encipherment), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(issuer_key), critical=False)
    )
    return Pair(crt=_signed(builder, issuer_key), key=Secret(private_pem(key)))


def name_of(*, organisation: str | None = None, common: str | None = None) -> x509.Name:
    """Return a subject; Kubernetes reads groups from the organisation and the user from the common name."""
    parts = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def ec_key() -> ec.EllipticCurvePrivateKey:
    """Return a new ECDSA P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def ed25519_key() -> ed25519.Ed25519PrivateKey:
    """Return a new Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return a new RSA key; 4096 bits take about half a second, in which other threads run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(key: CertificateIssuerPrivateKeyTypes) -> str:
    """Return *key* as Talos and K3s write theirs (SEC1, PKCS#1), but Ed25519 as everyone else does.

    Talos alone labels its PKCS#8 form `ED25519 PRIVATE KEY`, and nobody else reads that: see `talos_label`.
    """
    pkcs8 = isinstance(key, ed25519.Ed25519PrivateKey)
    layout = PrivateFormat.PKCS8 if pkcs8 else PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, layout, NoEncryption()).decode()


def talos_label(ed25519_pem: str) -> str:
    """Return an Ed25519 key under the label that every Talos reads; old releases read no other."""
    return ed25519_pem.replace(" PRIVATE KEY-----", " ED25519 PRIVATE KEY-----")


def root_der(pair: Pair) -> bytes:
    """Return the topmost certificate of *pair*'s chain as DER."""
    return x509.load_pem_x509_certificates(pair.crt.encode())[-1].public_bytes(Encoding.DER)


def base64_of(pem: str) -> str:
    """Return *pem* as one line of base64, as kubeconfig and talosconfig hold it."""
    return base64.b64encode(pem.encode()).decode()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    *,
    key: CertificateIssuerPrivateKeyTypes,
    now: datetime,
    lasts: timedelta,
) -> x509.CertificateBuilder:
    begins = now.replace(microsecond=0) - BACK_DATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number() >> 31)  # of its 159 random bits, the usual 128
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
    )


def _usage(*, signs: bool, key_encipherment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=key_encipherment,
        key_cert_sign=signs,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(issuer_key: CertificateIssuerPrivateKeyTypes) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())


def _signed(builder: x509.CertificateBuilder, key: CertificateIssuerPrivateKeyTypes) -> str:
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(Encoding.PEM).decode()


def _certificate(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.crt.encode())


def _private_key(pair: Pair) -> CertificateIssuerPrivateKeyTypes:
    key = load_pem_private_key(pair.key.reveal().encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"An authority cannot sign with a key of type {type(key).__name__}")
    return key
