"""Secrets that leave the database: sealed to a passphrase, one by one, as text that a cell of a list can hold."""

import base64
import binascii
import os

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from colony_core.domain.secrets import Secret
from colony_core.ports.sealing import WrongKey
from colony_crypto.sealing import KEY_BYTES, Sealer

PREFIX = "colony-sealed-1:"
"""What sealed text begins with. The number stands for the derivation below: another one gets the next."""
COST = 2**17
"""Scrypt's N, with r = 8 and p = 1: 128 MiB and about half a second for each guess."""
_SALT_BYTES = 16
_MOST_SALTS = 8
"""How many derivations a hostile list can ask for; an honest one asks for one."""


def is_sealed(secret: Secret) -> bool:
    """Tell whether *secret* is sealed text."""
    return secret.reveal().startswith(PREFIX)


class PassphraseSealer:
    """Seals under a key that scrypt makes of a passphrase and a salt; one salt for all that one sealer seals.

    Sealed text is the prefix and, in base64 for URLs, the salt with what `Sealer` makes.
    """

    def __init__(self, passphrase: Secret, *, cost: int = COST) -> None:
        self._passphrase = passphrase
        self._cost = cost
        self._salt = os.urandom(_SALT_BYTES)
        self._sealers: dict[bytes, Sealer] = {}

    def seal(self, secret: Secret, context: str) -> str:
        """Return *secret* sealed for *context*."""
        sealed = self._sealer(self._salt).seal(secret.reveal().encode(), context)
        return PREFIX + base64.urlsafe_b64encode(self._salt + sealed).decode()

    def open(self, sealed: str, context: str) -> Secret:
        """Return what was sealed for *context*; raise `WrongKey` for anything else."""
        try:
            content = base64.b64decode(sealed.removeprefix(PREFIX), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise WrongKey from None
        opened = self._sealer(content[:_SALT_BYTES]).open(content[_SALT_BYTES:], context)
        return Secret(opened.decode())

    def _sealer(self, salt: bytes) -> Sealer:
        if salt not in self._sealers:
            if len(self._sealers) >= _MOST_SALTS or len(salt) != _SALT_BYTES:
                raise WrongKey
            kdf = Scrypt(salt=salt, length=KEY_BYTES, n=self._cost, r=8, p=1)
            self._sealers[salt] = Sealer(kdf.derive(self._passphrase.reveal().encode()))
        return self._sealers[salt]
