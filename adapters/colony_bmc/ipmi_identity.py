"""Who made a machine, as its controller stores it: FRU device 0 and the system GUID."""

import struct
from typing import Any
from uuid import UUID

from pyghmi.exceptions import PyghmiException
from pyghmi.ipmi.fru import FRU

from colony_bmc.ipmi_session import SAID_NO, IpmiSession
from colony_core.domain.hardware import System
from colony_core.ports.hardware import BmcProtocolError

APP, GET_SYSTEM_GUID = 0x06, 0x37
STORAGE, GET_FRU_SIZE, READ_FRU = 0x0A, 0x10, 0x11
BUILT_IN = 0

ABSENT = SAID_NO | {0xC3}
"""Completion codes of controllers without the thing asked for; some only time out on it (0xC3)."""

CHUNK = 32
"""Bytes of FRU read at once: what every controller is known to manage. A few want less, and say so."""

TOO_MUCH = frozenset({0xC7, 0xC8, 0xCA})

MAKER = ("Manufacturer", "Board manufacturer")
MODEL = ("Product name", "Board product name")
SERIAL = ("Serial Number", "Chassis serial number", "Board serial number")


async def read_identity(session: IpmiSession) -> System:
    """Return what the maker wrote; a field that is absent or unreadable is empty."""
    written = _parsed(await _fru(session))
    return System(
        manufacturer=_first(written, MAKER),
        model=_first(written, MODEL),
        serial=_first(written, SERIAL),
        uuid=await _uuid(session),
    )


async def _fru(session: IpmiSession) -> bytes:
    size = await session.ask(STORAGE, GET_FRU_SIZE, BUILT_IN)
    if size.code in ABSENT:
        return b""
    head = await session.demand(STORAGE, GET_FRU_SIZE, BUILT_IN, at_least=2, what="the size of its FRU")
    end, content, chunk = head[0] | head[1] << 8, b"", CHUNK
    while len(content) < end:
        offset = len(content)
        part = await session.ask(STORAGE, READ_FRU, BUILT_IN, offset & 0xFF, offset >> 8, min(chunk, end - offset))
        if part.code in TOO_MUCH and chunk > 4:
            chunk //= 2
        elif part.code or len(part.data) < 2:
            raise BmcProtocolError(f"The controller's FRU ends at byte {offset} of {end}")
        else:
            content += part.data[1:]
    return content


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return FRU(rawdata=content).info or {}
    except (PyghmiException, LookupError, TypeError, ValueError, struct.error):
        return {}  # makers ship broken ones; that must not keep a machine out of the rack


def _first(written: dict[str, Any], names: tuple[str, ...]) -> str:
    texts = (written.get(name) for name in names)
    readable = ("".join(filter(str.isprintable, text)).strip() for text in texts if isinstance(text, str))
    return next(filter(None, readable), "")


async def _uuid(session: IpmiSession) -> str:
    """Return the GUID in the byte order that DMI has, so that it equals the one the running machine reports."""
    answer = await session.ask(APP, GET_SYSTEM_GUID)
    guid = answer.data[:16]
    if answer.code or len(guid) < 16 or guid in {bytes(16), b"\xff" * 16}:
        return ""
    return str(UUID(bytes_le=guid))
