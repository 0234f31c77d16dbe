"""The courier on the wire: real sockets on loopback, real TLS."""

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from colony_core.ports.webhooks import Courier, EndpointRefused, EndpointUnreachable
from colony_testkit.courier_contract import BODY, HEADERS, CourierContract
from colony_testkit.endpoint import SILENCE, Endpoint
from colony_webhooks import HttpCourier


class TestHttpCourier(CourierContract):
    @pytest.fixture
    def courier(self) -> Courier:
        return HttpCourier(deadline=0.5)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"]
)
async def test_a_courier_kept_to_public_addresses_goes_nowhere_else(host: str) -> None:
    async with Endpoint().listening() as endpoint:
        with pytest.raises(EndpointRefused, match="not public"):
            await HttpCourier(allow_private=False).deliver(f"http://{host}:{endpoint.port}/", HEADERS, BODY)

        assert endpoint.received == []


async def test_one_dead_endpoint_costs_its_deadline_and_no_more() -> None:
    async with Endpoint().listening() as endpoint:
        endpoint.says(SILENCE)
        began = time.monotonic()
        with pytest.raises(EndpointUnreachable, match="did not answer within"):
            await HttpCourier(deadline=0.2).deliver(endpoint.url, HEADERS, BODY)

        assert time.monotonic() - began < 2


async def test_a_delivery_can_be_given_up_at_any_time() -> None:
    async with Endpoint().listening() as endpoint:
        endpoint.says(SILENCE)
        task = asyncio.create_task(HttpCourier().deliver(endpoint.url, HEADERS, BODY))
        await endpoint.has(1)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_endless_head_is_not_read_to_its_end() -> None:
    async with Endpoint().listening() as endpoint:
        endpoint.says(b"HTTP/1.1 200 OK\r\n" + b"X-More: of it\r\n" * 10_000)

        with pytest.raises(EndpointUnreachable, match="endless head"):
            await HttpCourier().deliver(endpoint.url, HEADERS, BODY)


async def test_tls_is_spoken_with_whom_the_authority_vouches_for_and_nobody_else(tmp_path: Path) -> None:
    served, trusted = certified(tmp_path)
    async with Endpoint("https").listening(trust=served) as endpoint:
        await HttpCourier(trust=trusted).deliver(endpoint.url, HEADERS, BODY)
        with pytest.raises(EndpointUnreachable, match="not believed"):
            await HttpCourier().deliver(endpoint.url, HEADERS, BODY)

        assert [received.body for received in endpoint.received] == [BODY]


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return how a server on 127.0.0.1 shows who it is, and who believes it."""
    certificate, key = folder / "server.crt", folder / "server.key"
    write_certificate(certificate, key)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    return served, ssl.create_default_context(cafile=str(certificate))


def write_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate for 127.0.0.1 that vouches for itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "endpoint")]), datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
