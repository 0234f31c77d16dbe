"""How values look inside a sentence: quoted, on one line and short, whatever somebody sent."""

_LONGEST = 80


def shown(text: str) -> str:
    """Return *text* quoted and escaped, cut where it is too long to be read."""
    return repr(text) if len(text) <= _LONGEST else repr(text[: _LONGEST - 1] + "…")


def written(text: str) -> str:
    """Return *text* as `shown`, or say that there is none."""
    return shown(text) if text else "empty"


def counted(number: int, noun: str) -> str:
    """Return *number* and *noun*, in the plural where it must be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def joined(words: list[str]) -> str:
    """Return *words* as an English list."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
