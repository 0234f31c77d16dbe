"""An IPMI visit as a recording that may be shown to anybody: FRU and GUID are replaced, the rest is looked over."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from colony_bmc.ipmi_examination import Asked
from colony_bmc.ipmi_fru_scrub import scrubbed_fru
from colony_bmc.ipmi_identity import APP, GET_FRU_SIZE, GET_SYSTEM_GUID, READ_FRU, STORAGE
from colony_bmc.redfish_scrub import Scrubber, scrubbed
from colony_bmc.scrub_text import TextScrubber
from colony_core.domain.findings import Findings
from colony_core.domain.recordings import IpmiExchange, Recording
from colony_core.ports.hardware import Access

USERS = frozenset(range(0x43, 0x48))
"""Commands of the application that tell or set who may log in: none of them is kept."""


def recorded(findings: Findings, commands: Iterable[Asked], access: Access, *, key: bytes) -> Recording:
    """Return the recording of a visit, scrubbed by *key*."""
    scrubber = Scrubber.of(access, key)
    scrubber.learn(msgspec.to_builtins(findings))
    kept = [one for one in commands if not (one.netfn == APP and one.command in USERS)]
    for one in kept:
        scrubber.text.learn(one.answer.data.decode("latin-1"))
    unit = 2 if any(map(_counts_words, kept)) else 1
    pieces = [(one.data[1] | one.data[2] << 8, one.answer.data[1:]) for one in kept if _reads_fru(one)]
    fru = scrubbed_fru(((start * unit, piece) for start, piece in pieces), scrubber.text)
    exchanges = tuple(_exchange(one, _answer(one, fru, unit, scrubber.text)) for one in kept)
    return Recording(findings=scrubbed(findings, scrubber), ipmi=exchanges)


def _exchange(one: Asked, response: bytes) -> IpmiExchange:
    return IpmiExchange(
        netfn=one.netfn,
        command=one.command,
        lun=one.lun,
        request=one.data.hex(),
        code=one.answer.code,
        response=response.hex(),
    )


def _answer(one: Asked, fru: Mapping[int, int], unit: int, text: TextScrubber) -> bytes:
    data = one.answer.data
    if (one.netfn, one.command) == (APP, GET_SYSTEM_GUID) and len(data) >= 16:
        return UUID(text.identifier(str(UUID(bytes_le=data[:16])))).bytes_le
    if _reads_fru(one):
        start = (one.data[1] | one.data[2] << 8) * unit
        return data[:1] + bytes(fru.get(place, 0) for place in range(start, start + len(data) - 1))
    return text.of_bytes(data)


def _reads_fru(one: Asked) -> bool:
    return (one.netfn, one.command) == (STORAGE, READ_FRU) and len(one.data) >= 4 and not one.answer.code


def _counts_words(one: Asked) -> bool:
    """Tell whether a command says that the FRU is read in words of two bytes."""
    data = one.answer.data
    return (one.netfn, one.command) == (STORAGE, GET_FRU_SIZE) and len(data) >= 3 and bool(data[2] & 1)
