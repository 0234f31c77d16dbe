"""Which certificate of a controller is believed: one of a known authority, the asset's own, or exactly one."""

import asyncio
import hashlib
import ssl
from functools import lru_cache

import aiohttp

from colony_core.domain.hardware import Bmc
from colony_core.ports.hardware import BmcUntrusted

PROBING = 3.0
"""Seconds to look at a certificate that is not believed."""

NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL")
"""OpenSSL's reasons when what answers does not speak TLS at all."""


def trust(bmc: Bmc) -> ssl.SSLContext:
    """Return what checks the certificate before anything is sent."""
    if not bmc.verify_tls:
        return _anybody()
    if bmc.tls_fingerprint:
        return _exactly(bmc.tls_fingerprint)
    try:
        return _authority(bmc.ca_certificate)
    except (ssl.SSLError, ValueError):
        raise BmcUntrusted(f"The CA certificate for {bmc.address}:{bmc.port} cannot be read: give another") from None


def speaks_no_tls(error: aiohttp.ClientConnectorError) -> bool:
    """Tell whether a handshake failed because the other side speaks something else, as plain HTTP."""
    return getattr(error.os_error, "reason", None) in NO_TLS


async def untrusted(bmc: Bmc, reason: str) -> BmcUntrusted:
    """Return the error for a certificate that failed for *reason*, with the fingerprint that the controller shows."""
    where = f"{bmc.address}:{bmc.port}"
    shown = await shown_by(bmc)
    its = f"; its SHA-256 fingerprint is {shown}" if shown else ""
    return BmcUntrusted(f"The certificate of the controller at {where} is not trusted ({reason}){its}")


async def shown_by(bmc: Bmc) -> str:
    """Return the fingerprint of the certificate that is presented, empty for none; only the handshake is sent."""
    try:
        async with asyncio.timeout(PROBING):
            _, writer = await asyncio.open_connection(bmc.address, bmc.port, ssl=_anybody(), server_hostname="")
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.transport.abort()  # close would wait for a farewell that some controllers never say
            await writer.wait_closed()
    except (OSError, ValueError):  # a TimeoutError is an OSError
        return ""
    return hashlib.sha256(shown).hexdigest() if shown else ""


@lru_cache(maxsize=1)
def _anybody() -> ssl.SSLContext:
    return _unasked()


def _unasked() -> ssl.SSLContext:
    """Return a context of its own that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@lru_cache(maxsize=64)
def _exactly(fingerprint: str) -> ssl.SSLContext:
    """Return a context whose handshake fails for any certificate but one.

    Inside the handshake, as whoever looks after it has a connection to close that has begun to speak already.
    """

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            shown = self.getpeercert(binary_form=True) or b""
            if hashlib.sha256(shown).digest() != bytes.fromhex(fingerprint):
                error = ssl.SSLCertVerificationError("another certificate")
                error.verify_message = "it is another than the one that was given"
                raise error

    context = _unasked()
    context.sslobject_class = Pinned
    return context


@lru_cache(maxsize=64)
def _authority(pem: str) -> ssl.SSLContext:
    """Return a context that believes the authorities of *pem* alone, or those of the system without it."""
    return ssl.create_default_context(cadata=pem or None)
