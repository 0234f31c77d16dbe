"""Whose certificate of a management controller is believed: how that is given, and what is wrong with it."""

import re
from base64 import b64decode

from colony_core.domain.topology.wording import written
from colony_core.domain.validation import Finding, Rule, Severity

CA_INVALID = Rule(
    id="asset.bmc.ca-certificate.invalid",
    severity=Severity.ERROR,
    summary="The authority of a controller's certificate is given as PEM.",
    reason="The controller's certificate is believed if one of these has signed it.",
    hint="Give the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, one or more.",
)
FINGERPRINT_INVALID = Rule(
    id="asset.bmc.tls-fingerprint.invalid",
    severity=Severity.ERROR,
    summary="A certificate's fingerprint is its SHA-256: 64 hexadecimal digits.",
    reason="Exactly the certificate with this fingerprint is believed.",
    hint="Take it from `openssl x509 -in FILE -noout -fingerprint -sha256`; colons may stay.",
)
TRUST_AMBIGUOUS = Rule(
    id="asset.bmc.trust.ambiguous",
    severity=Severity.ERROR,
    summary="A controller's certificate is known by its authority or by its fingerprint, not by both.",
    reason="Where they disagree, nobody could say which of them counts.",
    hint='Give one of caCertificate and tlsFingerprint; "" takes back the other.',
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_PEM = 64 * 1024
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_PEM = re.compile(f"(?:{_BEGIN}([A-Za-z0-9+/=\\s]+){_END}\\s*)+")


def trusted_by(ca_certificate: str, tls_fingerprint: str, notes: list[Finding]) -> tuple[str, str]:
    """Return both as they are kept: PEM with nothing around it, and lower-case digits without colons."""
    ca_certificate = ca_certificate.strip()
    tls_fingerprint = tls_fingerprint.strip().lower().replace(":", "")
    if ca_certificate and not _is_pem(ca_certificate):
        expected = "certificates as PEM, with their BEGIN and END lines"
        notes.append(CA_INVALID.broken("bmc.caCertificate", observed=written(ca_certificate[:80]), expected=expected))
    if tls_fingerprint and not _SHA256.fullmatch(tls_fingerprint):
        observed = written(tls_fingerprint[:80])
        notes.append(
            FINGERPRINT_INVALID.broken("bmc.tlsFingerprint", observed=observed, expected="64 hexadecimal digits")
        )
    if ca_certificate and tls_fingerprint:
        notes.append(TRUST_AMBIGUOUS.broken("bmc.tlsFingerprint", observed="both", expected="one of the two"))
    return ca_certificate, tls_fingerprint


def _is_pem(text: str) -> bool:
    """Tell whether *text* is certificates in PEM, as far as their outside shows."""
    if len(text) > _LONGEST_PEM or not _PEM.fullmatch(text):
        return False
    try:
        return all(
            _is_der(b64decode("".join(each.partition(_END)[0].split()), validate=True))
            for each in text.split(_BEGIN)[1:]
        )
    except ValueError:
        return False


def _is_der(der: bytes) -> bool:
    """Tell whether *der* is one sequence whose length is its own (X.690, 8.1.3)."""
    if len(der) < 4 or der[0] != 0x30 or der[1] not in (0x81, 0x82, 0x83):
        return False
    digits = der[1] - 0x80
    return len(der) == 2 + digits + int.from_bytes(der[2 : 2 + digits])
