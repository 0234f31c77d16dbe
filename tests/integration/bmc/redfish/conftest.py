"""Real Redfish controllers on loopback, in processes of their own, and certificates for them."""

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from colony_bmc.redfish import RedfishHardware
from colony_testkit.sushy_emulator import PASSWORD, SushyEmulator, sushy_emulator

DEADLINE = 8.0
"""Long enough for an emulator on a busy machine, which answers in 10 ms otherwise; only silence waits for it."""

StartSushy = Callable[..., SushyEmulator]


@pytest.fixture(scope="session")
def password_hash() -> str:
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def start_sushy(password_hash: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSushy]:
    with ExitStack() as stack:

        def start(*, whole: bool = True, certificate: tuple[Path, Path] | None = None) -> SushyEmulator:
            folder = tmp_path_factory.mktemp("sushy")
            return stack.enter_context(
                sushy_emulator(folder, password_hash=password_hash, whole=whole, certificate=certificate)
            )

        yield start


@pytest.fixture
async def hardware() -> AsyncIterator[RedfishHardware]:
    hardware = RedfishHardware(deadline=DEADLINE)
    yield hardware
    await hardware.aclose()


class Authority:
    """A certificate authority, and what it has signed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._signed(self._name, self._key.public_key(), authority=True)

    @property
    def pem(self) -> str:
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def certificate(self, address: str = "127.0.0.1", *, expired: bool = False) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bmc")])
        signed = self._signed(name, key.public_key(), address=address, expired=expired)
        chain, secret = self._folder / f"{signed.serial_number}.pem", self._folder / f"{signed.serial_number}.key"
        chain.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return chain, secret

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        authority: bool = False,
        address: str = "127.0.0.1",
        expired: bool = False,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        end = now - datetime.timedelta(days=1) if expired else now + datetime.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2))
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "the rack's own")


def fingerprint(certificate: tuple[Path, Path]) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate[0].read_text())
    return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()
