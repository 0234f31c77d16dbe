"""Reads the resources of parts; what is not there, or cannot be shown, is left out."""

from collections.abc import Iterable

from colony_bmc.redfish_answers import BUSY, Document, link, part, text
from colony_bmc.redfish_session import RedfishSession
from colony_bmc.redfish_system import members
from colony_core.ports.hardware import BmcProtocolError, BmcRefused

UNAUTHENTICATED = 401


async def collected(session: RedfishSession, collection: str) -> list[Document]:
    """Return the members of a collection; none if it is not shown."""
    if not collection:
        return []
    try:
        paths = await members(session, collection)
    except (BmcProtocolError, BmcRefused):  # a licence or a privilege that is missing hides a part, not the machine
        return []
    return await linked(session, [{"@odata.id": path} for path in paths])


async def linked(session: RedfishSession, links: Iterable[Document]) -> list[Document]:
    """Return the resources that *links* lead to, each once, without those that are not shown or not fitted."""
    found: list[Document] = []
    for path in dict.fromkeys(link(each).rstrip("/") for each in links):
        if not path:
            continue
        answer = await session.look(path)
        if answer.status in BUSY or answer.status == UNAUTHENTICATED:
            raise session.complaint(answer, "its inventory")
        if answer.good and is_there(answer.document):
            found.append(answer.document)
    return found


def is_there(document: Document) -> bool:
    """Tell whether the part is fitted: empty bays and sockets have resources too."""
    return text(part(document, "Status"), "State") != "Absent"
