"""What a Redfish controller answered, and which error that is."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcBusy, BmcCommandRefused, BmcProtocolError, BmcRefused

Document: TypeAlias = Mapping[str, Any]
"""A resource as it came: any field may be absent, null or of another type than the schema says."""

BUSY = frozenset({429, 503})
UNAUTHENTICATED, FORBIDDEN = 401, 403

NO_ROOM = ("sessionlimitexceeded", "createlimitreachedforresource", "rac0218", "maximumsessions", "sessionsexceeded")
"""Parts of message ids, in lower case, of controllers whose sessions are all taken; they come under many statuses."""

LONGEST = 300
"""Characters of a controller's own words that an error repeats."""


class Answer(Struct, frozen=True):
    """A status, headers (names in lower case) and the JSON object of the body; empty where it has none."""

    status: int
    headers: Mapping[str, str]
    document: Document

    @property
    def good(self) -> bool:
        """Tell whether the status says success."""
        return 200 <= self.status < 300


def text(document: Document, name: str) -> str:
    """Return a field as printable text; empty when it is absent or none."""
    value = document.get(name)
    return "".join(filter(str.isprintable, value)).strip() if isinstance(value, str) else ""


def number(document: Document, name: str) -> float:
    """Return a field as a number; 0 when it is absent or none. Some controllers write numbers as text."""
    value = document.get(name)
    try:
        return float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except ValueError:
        return 0.0


def part(document: Document, *names: str) -> Document:
    """Return the object under *names*, one inside the other; empty when there is none."""
    for name in names:
        inner = document.get(name)
        document = inner if isinstance(inner, dict) else {}
    return document


def parts(document: Document, name: str) -> list[Document]:
    """Return the objects in the list under *name*."""
    value = document.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def words(document: Document, name: str) -> list[str]:
    """Return the texts in the list under *name*."""
    value = document.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def link(value: Document) -> str:
    """Return the path that a reference names; empty when it names none."""
    return text(value, "@odata.id") or text(value, "href")


def is_full(answer: Answer) -> bool:
    """Tell whether the answer to a login says that no session is left."""
    said = [message.replace("_", "").lower() for message in message_ids(answer.document)]
    return any(code in message for code in NO_ROOM for message in said)


def complaint(answer: Answer, *, where: str, what: str, secrets: tuple[str, ...]) -> ColonyError:
    """Return the error that *answer* is to being asked for *what*; words that hold one of *secrets* are left out."""
    said = _in_its_words(answer.document)
    if any(secret in said for secret in secrets if secret):
        said = ""
    reason = f"status {answer.status}" + (f": {said}" if said else "")
    if answer.status in BUSY or is_full(answer):
        return BmcBusy(f"The controller at {where} has no room for {what} now ({reason})")
    if answer.status == UNAUTHENTICATED:
        return BmcRefused(f"The controller at {where} refused the user name or the password ({reason})")
    if answer.status == FORBIDDEN:
        return BmcCommandRefused(f"The controller at {where} said no to {what} ({reason})")
    return BmcProtocolError(f"The controller at {where} could not answer {what} ({reason})")


def login_complaint(answer: Answer, *, where: str) -> ColonyError:
    """Return the error that a failed login is: its own words are not repeated, as they may hold what was sent."""
    ids = ", ".join(message_ids(answer.document))[:LONGEST]
    reason = f"status {answer.status}" + (f", {ids}" if ids else "")
    if answer.status in BUSY or is_full(answer):
        return BmcBusy(f"The controller at {where} has no session left ({reason})")
    if 400 <= answer.status < 500:
        return BmcRefused(f"The controller at {where} refused the user name or the password ({reason})")
    return BmcProtocolError(f"The controller at {where} could not open a session ({reason})")


def unspoken(answer: Answer, *, where: str, what: str) -> ColonyError:
    """Return the error that *answer* is to a request with a secret in it: of its words only the message ids."""
    ids = ", ".join(message_ids(answer.document))[:LONGEST]
    reason = f"status {answer.status}" + (f", {ids}" if ids else "")
    if answer.status in BUSY:
        return BmcBusy(f"The controller at {where} has no room for {what} now ({reason})")
    if 400 <= answer.status < 500 and answer.status != UNAUTHENTICATED:
        return BmcCommandRefused(f"The controller at {where} said no to {what} ({reason})")
    return BmcProtocolError(f"The controller at {where} could not take {what} ({reason})")


def _messages(document: Document) -> Iterator[Document]:
    error = part(document, "error")
    yield from parts(error, "@Message.ExtendedInfo")
    yield from parts(document, "@Message.ExtendedInfo")
    yield {"MessageId": error.get("code"), "Message": error.get("message")}


def message_ids(document: Document) -> list[str]:
    """Return the ids of the messages in an answer, each once."""
    found = (text(message, "MessageId") for message in _messages(document))
    return list(dict.fromkeys(filter(None, found)))


def _in_its_words(document: Document) -> str:
    for message in _messages(document):
        if said := text(message, "Message") or text(message, "MessageId"):
            return said[:LONGEST]
    return ""
