"""Secrets at rest: AES-256-GCM, each bound to the place where it is kept."""

import base64
import binascii
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from colony_core.domain.secrets import Secret
from colony_core.errors import Invalid
from colony_core.ports.sealing import WrongKey

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
# The first byte says how the rest was made, so that another cipher can come beside this one.
_FORMAT = b"\x01"
_HEX = re.compile(r"[0-9A-Fa-f]{64}")


class SecretKeyMalformed(Invalid):
    """The secret key is not one; the message never shows it."""

    code = "SECRET_KEY_MALFORMED"
    summary = "Malformed secret key"
    advice = "Give 32 random bytes as base64 (`openssl rand -base64 32`) or as 64 hexadecimal digits."

    def __init__(self) -> None:
        super().__init__("The secret key must be 32 bytes, written as base64 or as 64 hexadecimal digits")


class Sealer:
    """Seals with one key. Nonces are random: fit for 2^32 (four thousand million) seals under one key.

    Sealed bytes are a format byte, 12 bytes of nonce, and the ciphertext with its 16-byte tag: 29 more than the text.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SecretKeyMalformed
        self._cipher = AESGCM(key)

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Return *plaintext* sealed for *context*."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, plaintext, _bound_to(context))

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed for *context*; raise `WrongKey` for anything else."""
        if sealed[:1] != _FORMAT or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise WrongKey
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _bound_to(context))
        except InvalidTag:
            raise WrongKey from None


def parse_key(secret: Secret) -> bytes:
    """Return the 32 bytes of a key given as text; space around it is ignored, as files end in a newline."""
    text = secret.reveal().strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # its message and its traceback would hold the key
        raise SecretKeyMalformed from None
    if len(key) != KEY_BYTES:
        raise SecretKeyMalformed
    return key


def _bound_to(context: str) -> bytes:
    return _FORMAT + context.encode()
