"""Text as FRU areas and sensor records pack it: behind a byte whose upper two bits say how, the lower six how long."""

LENGTH = 0x3F
"""The bits of a type/length byte that count the bytes behind it."""

_BCD = "0123456789 -."
"""The digits of BCD plus; the last three values are reserved."""


def text(type_length: int, content: bytes) -> str:
    """Return what *content* says, without what nobody can print; what is in no known form is empty."""
    match type_length >> 6:
        case 0b11:
            found = content.decode("latin-1")
        case 0b10:
            found = "".join(chr(0x20 + code) for code in _sixes(content))
        case 0b01:
            found = "".join(_BCD[digit] for byte in content for digit in (byte >> 4, byte & 15) if digit < len(_BCD))
        case _:  # binary in a FRU, "Unicode" in a record; makers who put ASCII there mean it
            found = content.decode("ascii") if content.isascii() else ""
    return "".join(filter(str.isprintable, found)).strip()


def _sixes(content: bytes) -> list[int]:
    """Return the six-bit values of *content*, which is packed from the lowest bit up."""
    bits = int.from_bytes(content, "little")
    return [bits >> 6 * place & 0x3F for place in range(len(content) * 8 // 6)]
