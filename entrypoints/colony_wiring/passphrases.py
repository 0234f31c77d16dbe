"""Which adapter seals what people carry about in files."""

from colony_core.domain.secrets import Secret
from colony_crypto.passphrases import PassphraseSealer, is_sealed

__all__ = ["PassphraseSealer", "is_sealed", "sealer_for"]


def sealer_for(passphrase: Secret) -> PassphraseSealer:
    """Return what seals and opens with *passphrase*."""
    return PassphraseSealer(passphrase)
