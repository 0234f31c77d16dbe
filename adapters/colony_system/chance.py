"""Randomness of the operating system."""

import secrets


class SystemChance:
    """Chance as nobody can guess it."""

    def token(self, length: int) -> str:
        """Return *length* random lower-case hexadecimal digits, of 4 bits each."""
        return secrets.token_hex((length + 1) // 2)[:length]
