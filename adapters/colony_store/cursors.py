"""Cursors: where a page ended, as an opaque word that only this service can have made for the same list."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from colony_core.ports.persistence import CursorInvalid

_HIGHEST = 2**63 - 1


def cursor_after(seq: int, of: str) -> str:
    """Return the cursor for what comes after *seq* in the list *of* that name."""
    return urlsafe_b64encode(f"{of}:{seq}".encode()).decode().rstrip("=")


def seq_of(cursor: str | None, of: str) -> int:
    """Return the seq that *cursor* names in the list *of* that name, 0 for none; raise `CursorInvalid`."""
    if cursor is None:
        return 0
    try:
        name, _, digits = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode().partition(":")
        seq = int(digits) if digits.isascii() and digits.isdigit() else -1
    except (binascii.Error, UnicodeError, ValueError):
        raise CursorInvalid("The cursor was not made by this service") from None
    # Only one spelling is ours: base64 and numbers have several for the same value.
    if name != of or not 0 <= seq <= _HIGHEST or cursor_after(seq, of) != cursor:
        raise CursorInvalid(f"The cursor was not made by this service for the list of {of}")
    return seq
