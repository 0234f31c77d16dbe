"""Who made a machine, as its controller stores it: FRU device 0 and the system GUID."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from msgspec import Struct

from colony_bmc.ipmi_session import SAID_NO, IpmiSession
from colony_bmc.ipmi_text import LENGTH, text
from colony_core.domain.hardware import System

APP, GET_SYSTEM_GUID = 0x06, 0x37
STORAGE, GET_FRU_SIZE, READ_FRU = 0x0A, 0x10, 0x11
BUILT_IN = 0

ABSENT = (SAID_NO - {0x81}) | {0xC3}
"""Completion codes of controllers without the thing asked for; some only time out on it (0xC3). 0x81: FRU is busy."""

CHUNK, SMALLEST = 32, 4
"""Bytes of FRU read at once: what every controller is known to manage. A few want less, and say so."""

TOO_MUCH = frozenset({0xC7, 0xC8, 0xC9, 0xCA})
HEADER_BYTES, VERSION, END_OF_FIELDS = 8, 1, 0xC1


class Area(Struct, frozen=True):
    """A part of a FRU: which byte of its header says where it lies (in eights), and which of its fields are whose."""

    pointer: int
    first_field: int
    names: tuple[str, ...]


AREAS = (
    Area(4, 3, ("manufacturer", "model", "", "", "serial")),
    Area(2, 3, ("", "serial")),
    Area(3, 6, ("manufacturer", "model", "serial")),
)
"""Product, chassis and board, in the order in which they are believed (FRU definition 1.0, sections 10 to 12)."""


async def read_identity(session: IpmiSession) -> System:
    """Return what the maker wrote; a field that is absent or unreadable is empty."""
    return System(**await _written(session), uuid=await _uuid(session))


async def _written(session: IpmiSession) -> Mapping[str, str]:
    """Return manufacturer, model and serial as far as they are written, and read no more than it takes."""
    found: dict[str, str] = {}
    fru = await _Fru.of(session)
    head = await fru.read(0, HEADER_BYTES)
    if len(head) < HEADER_BYTES or head[0] & 0x0F != VERSION:
        return found
    for area in AREAS:
        if len(found) < 3 and head[area.pointer]:
            content = await fru.area(head[area.pointer] * 8)
            fields = dict(zip(area.names, _fields(content[area.first_field :]), strict=False))
            found = {name: said for name, said in fields.items() if name and said} | found
    return found


def _fields(content: bytes) -> Iterator[str]:
    """Yield the texts, none of one that is cut off: half a serial number would be another machine's."""
    place = 0
    while place < len(content) and content[place] != END_OF_FIELDS:
        end = place + 1 + (content[place] & LENGTH)
        if end > len(content):
            return
        yield text(content[place], content[place + 1 : end])
        place = end


class _Fru:
    """The content of a FRU device, read in pieces as large as the controller has room for."""

    def __init__(self, session: IpmiSession, size: int, *, by_words: bool) -> None:
        self._session = session
        self._size = size
        self._unit = 2 if by_words else 1
        self._chunk = CHUNK

    @classmethod
    async def of(cls, session: IpmiSession) -> "_Fru":
        """Return the machine's own FRU; an empty one where there is none."""
        size = await session.ask(STORAGE, GET_FRU_SIZE, BUILT_IN)
        if size.code in ABSENT:
            return cls(session, 0, by_words=False)
        head = session.accept(size, what="the size of its FRU").data.ljust(3, b"\0")
        return cls(session, head[0] | head[1] << 8, by_words=bool(head[2] & 1))

    async def area(self, start: int) -> bytes:
        """Return the area that begins at *start*, or nothing if none of a known version does.

        Its second byte says how long it is, in eights. Sums are not checked: too many makers never did.
        """
        head = await self.read(start, HEADER_BYTES)
        if len(head) < HEADER_BYTES or head[0] & 0x0F != VERSION:
            return b""
        return head + await self.read(start + HEADER_BYTES, head[1] * 8 - HEADER_BYTES)

    async def read(self, start: int, length: int) -> bytes:
        """Return so many bytes, fewer where the device ends before or says no."""
        content, end = b"", min(start + length, self._size * self._unit)
        while start + len(content) < end:
            place = (start + len(content)) // self._unit
            count = min(self._chunk, end - start - len(content)) // self._unit
            part = await self._session.ask(STORAGE, READ_FRU, BUILT_IN, place & 0xFF, place >> 8, max(count, 1))
            if part.code in TOO_MUCH and self._chunk > SMALLEST:
                self._chunk //= 2
            elif part.code in ABSENT or (part.code == 0 and len(part.data) < 2):
                break
            else:
                content += self._session.accept(part, what="its FRU").data[1:]
        return content[: max(length, 0)]


async def _uuid(session: IpmiSession) -> str:
    """Return the GUID in the byte order that DMI has, so that it equals the one the running machine reports."""
    answer = await session.ask(APP, GET_SYSTEM_GUID)
    guid = answer.data[:16]
    if answer.code or len(guid) < 16 or guid in {bytes(16), b"\xff" * 16}:
        return ""
    return str(UUID(bytes_le=guid))
