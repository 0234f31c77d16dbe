"""Replaces what identifies a machine by something else of the same shape: digits by digits, letters by letters.

The same gets the same replacement, however it is spelt (`94:40:C9:AA:BB:01`, `9440c9-aabb01`), and no two things get
the same one. Without the key nobody can tell what was replaced.
"""

import re
from collections.abc import Collection, Iterator
from hashlib import blake2b
from itertools import count

DIGITS, LETTERS, HEX_LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz", "abcdef"

SHORTEST = 4
"""Characters of a name that is looked for in other texts too; shorter ones would be found everywhere."""

LONGEST = 128
"""Characters of the longest one that is looked for: what is longer is no name."""

UNMISTAKABLE = 8
"""From so many characters on, one of them a digit, a name is replaced inside of longer words as well."""

TRIES = 1000

_OTHERS = re.compile(r"[^0-9a-z]")
_GAP = r"[:.\-_ ]?"


class Pseudonyms:
    """Replacements by *key*. Words that are *reserved* are never looked for in other texts.

    Learn all that there is before anything is replaced: so nothing is replaced by what somebody else is called.
    """

    def __init__(self, key: bytes, *, reserved: Collection[str] = ()) -> None:
        self._key = key
        self._reserved = frozenset(reserved)
        self._kept: dict[str, int] = {}
        self._addressed: set[str] = set()
        self._made: dict[str, str] = {}
        self._taken: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def learn(self, text: str, *, keep: int = 0) -> None:
        """Take *text* for a name from now on, whose first *keep* letters and digits tell nothing and stay.

        Where it is learnt in several ways, most is kept.
        """
        plain = plain_form(text)
        if plain not in self._kept:
            self._pattern = None
        self._kept[plain] = max(keep, self._kept.get(plain, 0))

    def learn_address(self, text: str) -> None:
        """Take *text* for somebody's IPv4 address from now on."""
        self._addressed.add(text)

    def name(self, text: str, *, keep: int = 0) -> str:
        """Return what stands for the name *text*."""
        self.learn(text, keep=keep)
        return _dressed(text, self._stand_in(plain_form(text)))

    def address(self, text: str) -> str:
        """Return an IPv4 address that stands for *text*: numbers of as many digits."""
        if text not in self._made:
            self._made[text] = next(self._addresses(text))
            self._taken.add(self._made[text])
        return self._made[text]

    def within(self, text: str) -> str:
        """Return *text* with every name in it replaced, of those that were given until now."""
        if self._pattern is None:
            sought = (
                plain for plain in self._kept if SHORTEST <= len(plain) <= LONGEST and plain not in self._reserved
            )
            longest_first = sorted(sought, key=len, reverse=True)
            # Without any name, a pattern that fits nowhere.
            self._pattern = re.compile("|".join(map(_sought_as, longest_first)) or r"(?!)", re.IGNORECASE | re.ASCII)
        return self._pattern.sub(lambda found: _dressed(found[0], self._stand_in(plain_form(found[0]))), text)

    def _stand_in(self, plain: str) -> str:
        if plain not in self._made:
            self._made[plain] = self._invented(plain, self._kept[plain])
            self._taken.add(self._made[plain])
        return self._made[plain]

    def _invented(self, plain: str, keep: int) -> str:
        hexadecimal = set(plain) <= set(DIGITS + HEX_LETTERS)
        letters = HEX_LETTERS if hexadecimal else LETTERS
        invented = plain
        for attempt in range(TRIES):  # a name of one digit may have no other left
            chance = self._chance(plain, attempt)
            invented = plain[:keep] + "".join(_like(each, letters, next(chance)) for each in plain[keep:])
            if invented not in self._taken and invented not in self._kept:
                break
        return invented

    def _addresses(self, text: str) -> Iterator[str]:
        bounds = {1: (0, 9), 2: (10, 99), 3: (100, 255)}
        for attempt in count():
            chance = self._chance(text, attempt)
            parts = [bounds[len(part)] for part in text.split(".")]
            invented = ".".join(str(low + next(chance) % (high - low + 1)) for low, high in parts)
            if attempt >= TRIES or (invented not in self._taken and invented not in self._addressed):
                yield invented

    def _chance(self, text: str, attempt: int) -> Iterator[int]:
        for block in count():
            words = blake2b(f"{attempt} {block} {text}".encode(), key=self._key).digest()
            yield from (int.from_bytes(words[at : at + 4], "big") for at in range(0, len(words), 4))


def plain_form(text: str) -> str:
    """Return the letters and digits of *text* alone, in lower case: what is the same in all spellings."""
    return _OTHERS.sub("", text.lower())


def _like(each: str, letters: str, chance: int) -> str:
    return DIGITS[chance % 10] if each in DIGITS else letters[chance % len(letters)]


def _sought_as(plain: str) -> str:
    if len(plain) >= UNMISTAKABLE and any(each in DIGITS for each in plain):
        return _GAP.join(plain)
    return rf"(?<![0-9A-Za-z]){plain}(?![0-9A-Za-z])"


def _dressed(text: str, plain: str) -> str:
    """Return the letters and digits of *plain* where *text* has some, in the same case; foreign letters become x."""
    others = iter(plain)
    return "".join(_in_place(each, others) for each in text)


def _in_place(each: str, others: Iterator[str]) -> str:
    if plain_form(each):
        other = next(others)
        return other.upper() if each.isupper() else other
    return "x" if each.isalnum() else each
