"""Asks whether a controller speaks Redfish: its service root needs no credentials, and none are sent."""

import asyncio

from msgspec.structs import replace

from colony_bmc.redfish_answers import Answer, link, part, text
from colony_bmc.redfish_session import ROOT, Places, RedfishSession
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.probing import Knock
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_core.ports.hardware import Access, BmcUnreachable

ASKS_WHO = frozenset({401, 403})
"""How a controller answers that shows even its root to nobody."""


async def knock(bmc: Bmc, port: int, *, within: float) -> Knock:
    """Return what answers at *port* within so many seconds; silence is no error.

    Who is not trusted is asked once more without trust, as nothing is at stake yet: what answers is then known, and
    that it cannot be used as it is.
    """
    there = replace(bmc, protocol=Protocol.REDFISH, port=port)
    try:
        async with asyncio.timeout(within):
            return await _knocked(there)
    except TimeoutError:
        return Knock(protocol=Protocol.REDFISH, port=port, said=f"no answer within {within:g} s")


async def _knocked(bmc: Bmc) -> Knock:
    try:
        return _made_of(bmc, await _root(bmc))
    except BmcUnreachable as error:
        return Knock(protocol=Protocol.REDFISH, port=bmc.port, said=error.details)
    except ColonyError as error:
        if not bmc.verify_tls:
            return Knock(protocol=Protocol.REDFISH, port=bmc.port, said=error.details)
        trusting = await _knocked(replace(bmc, verify_tls=False))
        return replace(trusting, usable=False, said=error.details) if trusting.answers else trusting


async def _root(bmc: Bmc) -> Answer:
    session = RedfishSession(Access(bmc, Secret("")), Places())
    try:
        return await session.look(ROOT)
    finally:
        await session.close()


def _made_of(bmc: Bmc, answer: Answer) -> Knock:
    version = text(answer.document, "RedfishVersion")
    is_root = bool(version or link(part(answer.document, "Systems")))
    hidden = answer.status in ASKS_WHO and ("odata-version" in answer.headers or "error" in answer.document)
    if not hidden and not (answer.good and is_root):
        said = f"it answers with status {answer.status}, and shows no Redfish service"
        return Knock(protocol=Protocol.REDFISH, port=bmc.port, said=said)
    return Knock(
        protocol=Protocol.REDFISH,
        port=bmc.port,
        said=f"it speaks Redfish {version}".strip(),
        answers=True,
        usable=True,
        vendor=text(answer.document, "Vendor"),
        product=text(answer.document, "Product"),
    )
