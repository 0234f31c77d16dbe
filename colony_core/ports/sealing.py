"""The door to sealing: what makes bytes unreadable at rest."""

from typing import Protocol

from colony_core.errors import ColonyError


class WrongKey(ColonyError):
    """Sealed with another key, or for another place, or altered: which of them cannot be told."""

    code = "WRONG_SECRET_KEY"
    summary = "Secrets cannot be opened"
    advice = "Start the server with the secret key that the database was made with."

    def __init__(self) -> None:
        super().__init__("A stored secret does not open with this secret key: it was sealed with another, or altered")


class Sealer(Protocol):
    """Seals bytes for one place, named by *context*: sealed bytes that were moved elsewhere do not open there.

    A context must name one place only (`"vault/asset-1/bmc-password"`); the same plaintext seals differently each time.
    """

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Return *plaintext* sealed for *context*."""

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed for *context*; raise `WrongKey` when it was not, or not by this key."""
