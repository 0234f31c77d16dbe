"""What a store needs to keep secrets: bytes go in readable and come out so that only the same key opens them."""

from typing import Protocol


class Sealer(Protocol):
    """Authenticated encryption under one key; *context* binds a sealed text to its place and is not secret."""

    def seal(self, plaintext: bytes, context: str) -> bytes:
        """Return *plaintext* so that only the same key and the same *context* open it."""

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed; raise an error if the key or the context is another."""
