"""The door to randomness."""

from typing import Protocol


class Chance(Protocol):
    """What nobody can guess."""

    def token(self, length: int) -> str:
        """Return *length* random lower-case hexadecimal digits, fit for secrets."""
