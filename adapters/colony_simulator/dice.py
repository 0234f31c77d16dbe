"""Chance that can be repeated: what is drawn depends on the seed and on what it is drawn for, and on nothing else."""

from hashlib import blake2b


class Dice:
    """Draws by name: the third boot of one machine takes as long whatever all the others do, and in any order."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()

    def roll(self, *what: str | int) -> float:
        """Return the number in [0, 1) that belongs to *what*."""
        drawn = blake2b("/".join(map(str, what)).encode(), key=self._key, digest_size=7).digest()
        return int.from_bytes(drawn, "big") / 2**56
