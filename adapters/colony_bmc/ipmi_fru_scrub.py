"""The content of a FRU without what tells whose it is: serial numbers, asset tags and all that the owner added.

What is in no area that is known (the internal one, records behind the areas) is left out: nobody can tell what it says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from colony_bmc.ipmi_identity import END_OF_FIELDS, HEADER_BYTES
from colony_bmc.ipmi_text import LENGTH
from colony_bmc.scrub_text import TextScrubber

BCD = "0123456789 -."
"""The digits of BCD plus."""


class Layout(Struct, frozen=True):
    """An area: the byte of the header that points to it, where its fields begin, and how many of them name a kind.

    Of the fields that are told apart, those in `known` say what the machine is, the others which one it is.
    """

    pointer: int
    first_field: int
    known: frozenset[int]


CHASSIS = Layout(2, 3, frozenset({0}))
BOARD = Layout(3, 6, frozenset({0, 1, 3, 4}))
PRODUCT = Layout(4, 3, frozenset({0, 1, 2, 3, 6}))
"""Part numbers, makers, models and versions stay (FRU definition 1.0, sections 10 to 12)."""

BOARD_DATE = slice(3, 6)
"""The minute in which the board was made."""


def scrubbed_fru(pieces: Iterable[tuple[int, bytes]], text: TextScrubber) -> dict[int, int]:
    """Return the bytes by their places, of all that was read; what is missing in the answer is zero."""
    image = {start + place: byte for start, piece in pieces for place, byte in enumerate(piece)}
    head = _run(image, 0, HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        return {}
    head[1] = head[5] = 0
    head[7] = -sum(head[:7]) & 0xFF
    found = dict(enumerate(head))
    for layout in (CHASSIS, BOARD, PRODUCT):
        start = head[layout.pointer] * 8
        if start:
            found |= {start + place: byte for place, byte in enumerate(_area(image, start, layout, text))}
    return found


def _run(image: Mapping[int, int], start: int, length: int) -> bytearray:
    """Return up to *length* bytes from *start* on, fewer where they were not read."""
    run = bytearray()
    while len(run) < length and start + len(run) in image:
        run.append(image[start + len(run)])
    return run


def _area(image: Mapping[int, int], start: int, layout: Layout, text: TextScrubber) -> bytes:
    length = image.get(start + 1, 0) * 8
    content = _run(image, start, length)
    scrubbed = bytearray(content[: layout.first_field])
    if layout is BOARD:
        scrubbed[BOARD_DATE] = bytes(len(scrubbed[BOARD_DATE]))
    for place, (kind, said) in enumerate(_fields(content, layout.first_field)):
        replace = text.of_bytes if place in layout.known else lambda raw: _identity(raw, text)
        scrubbed.append(kind)
        scrubbed += _replaced(kind, said, replace)
    if len(scrubbed) < len(content):
        scrubbed.append(END_OF_FIELDS)
    scrubbed = scrubbed.ljust(len(content), b"\0")
    if length and len(content) == length:
        scrubbed[-1] = -sum(scrubbed[:-1]) & 0xFF
    return bytes(scrubbed)


def _fields(content: bytearray, place: int) -> Iterator[tuple[int, bytes]]:
    """Yield each field's type and content, none of one that is cut off."""
    while place < len(content) and content[place] != END_OF_FIELDS:
        end = place + 1 + (content[place] & LENGTH)
        if end > len(content):
            return
        yield content[place], bytes(content[place + 1 : end])
        place = end


def _identity(raw: bytes, text: TextScrubber) -> bytes:
    return text.identifier(raw.decode("latin-1")).encode("latin-1")


def _replaced(kind: int, said: bytes, replace: Callable[[bytes], bytes]) -> bytes:
    """Return what *said* becomes, packed as it was; what is in no known form becomes nothing but zeros."""
    match kind >> 6:
        case 0b11:
            return replace(said)
        case 0b10:
            return _packed(replace(bytes(0x20 + code for code in _sixes(said))), len(said))
        case 0b01:
            digits = "".join(
                BCD[digit] if digit < len(BCD) else " " for byte in said for digit in (byte >> 4, byte & 15)
            )
            codes = [BCD.index(digit) for digit in replace(digits.encode()).decode()]
            return bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
        case _:
            return replace(said) if said.isascii() else bytes(len(said))


def _sixes(content: bytes) -> list[int]:
    bits = int.from_bytes(content, "little")
    return [bits >> 6 * place & 0x3F for place in range(len(content) * 8 // 6)]


def _packed(characters: bytes, length: int) -> bytes:
    bits = sum((each - 0x20 & 0x3F) << 6 * place for place, each in enumerate(characters))
    return bits.to_bytes(length, "little")
