"""The one machine behind a controller: where its resource is, what it says, and how it is reset."""

from collections.abc import Sequence

from colony_bmc.quirks import Behaviour, behaves
from colony_bmc.redfish_answers import Answer, Document, link, message_ids, part, parts, text, words
from colony_bmc.redfish_session import Places, RedfishSession
from colony_core.domain.hardware import Protocol, System
from colony_core.ports.hardware import BmcCommandRefused, BmcProtocolError

MOST_PAGES = 50
"""How many pages of one collection are read."""

FUTURE_STATE = "operationsupportedinfuturestateuri"
"""Part of a message id, in lower case, of controllers whose system is changed by another resource, `SD`."""

RESET = "#ComputerSystem.Reset"
ALLOWED = "ResetType@Redfish.AllowableValues"


class RedfishSystem:
    """A `ComputerSystem` with its present document."""

    def __init__(self, session: RedfishSession, places: Places, answer: Answer) -> None:
        self.session = session
        self.path = places.system
        self.document = answer.document
        self._places = places

    @classmethod
    async def of(cls, session: RedfishSession, places: Places) -> "RedfishSystem":
        """Return the machine, found by way of *places* or looked for."""
        if places.system:
            answer = await session.look(places.system)
            if answer.good:
                return cls(session, places, answer)
            if answer.status != 404:
                raise session.complaint(answer, "the system")
        places.system, answer = await _found(session, places.systems)
        return cls(session, places, answer)

    @property
    def settings(self) -> str:
        """Return the path of the settings that wait for the next start; empty where there are none."""
        return link(part(self.document, "@Redfish.Settings", "SettingsObject")) or self._places.settings

    def learn_settings(self, refusal: Answer) -> None:
        """Take in where a controller wants to be changed that says it by refusing (AMI's future state)."""
        if FUTURE_STATE in "".join(message_ids(refusal.document)).lower():
            self._places.settings = f"{self.path.rstrip('/')}/SD"

    async def refresh(self) -> None:
        """Read the document anew."""
        self.document = await self.session.read(self.path)

    async def reset(self, wanted: Sequence[str]) -> None:
        """Reset the machine in the first of the ways *wanted* that it offers."""
        action = part(self.document, "Actions", RESET)
        offered = await self.offered_resets()
        known = {each.lower(): each for each in offered}
        kind = next((known[each.lower()] for each in wanted if each.lower() in known), None if offered else wanted[0])
        if kind is None:
            raise BmcCommandRefused(
                f"The controller at {self.session.where} offers no reset of type {' or '.join(wanted)},"
                f" only {', '.join(offered)}"
            )
        target = text(action, "target") or f"{self.path.rstrip('/')}/Actions/ComputerSystem.Reset"
        answer = await self.session.change("POST", target, {"ResetType": kind})
        if not answer.good:
            raise self.session.complaint(answer, f"the reset {kind}")

    async def offered_resets(self) -> list[str]:
        """Return the reset types that the machine says it has; none where it does not say."""
        action = part(self.document, "Actions", RESET)
        return words(action, ALLOWED) or await self._offered_by_info(action)

    async def _offered_by_info(self, action: Document) -> list[str]:
        """Return the reset types of the action's description, where the action itself lists none."""
        info = text(action, "@Redfish.ActionInfo")
        answer = await self.session.look(info) if info else None
        if answer is None or not answer.good:
            return []
        described = (each for each in parts(answer.document, "Parameters") if text(each, "Name") == "ResetType")
        return next((words(each, "AllowableValues") for each in described), [])


def identity_of(document: Document) -> System:
    """Return what the maker wrote into the machine, as DMI has it."""
    maker = text(document, "Manufacturer")
    serial = text(document, "SerialNumber")
    if behaves(Behaviour.SERIAL_IS_SKU, Protocol.REDFISH, maker, text(document, "Model")):
        serial = text(document, "SKU") or serial
    return System(manufacturer=maker, model=text(document, "Model"), serial=serial, uuid=text(document, "UUID").lower())


async def members(session: RedfishSession, path: str) -> list[str]:
    """Return the paths of a collection's members, from all its pages, each once."""
    found: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = await session.read(path)
        listed = page.get("Members")
        for each in listed if isinstance(listed, list) else []:
            member = each if isinstance(each, str) else link(each) if isinstance(each, dict) else ""
            if member:
                found.setdefault(member.rstrip("/"), member)
        path = text(page, "Members@odata.nextLink") or text(page, "@odata.nextLink")
        if not path:
            return list(found.values())
    raise BmcProtocolError(f"The controller at {session.where} lists members on more than {MOST_PAGES} pages")


async def _found(session: RedfishSession, systems: str) -> tuple[str, Answer]:
    """Return the path and the answer of the only system, or of the only physical one among several."""
    paths = await members(session, systems)
    if not paths:
        raise BmcProtocolError(f"The controller at {session.where} lists no system")
    answers = [await session.look(path) for path in paths]
    if len(paths) > 1:
        kinds = [text(answer.document, "SystemType") for answer in answers]
        if kinds.count("Physical") != 1:
            raise BmcCommandRefused(
                f"The controller at {session.where} has {len(paths)} systems ({', '.join(paths)[:200]}), and a machine"
                " is registered by a controller of its own: give the address of the node's"
            )
        paths, answers = [paths[kinds.index("Physical")]], [answers[kinds.index("Physical")]]
    if not answers[0].good:
        raise session.complaint(answers[0], "the system")
    return paths[0], answers[0]
