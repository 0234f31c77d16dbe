"""Recordings of management controllers: what one was asked and what it answered, as a file that others may read.

docs/probing.md describes the file. Who writes one scrubs it first: nothing in it may tell whose machine it was.
"""

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from colony_core.domain.findings import Findings
from colony_core.errors import Invalid

FORMAT: Final = "colony-bmc-recording"
VERSION: Final = 1


class RecordingInvalid(Invalid):
    """The file is no recording, or one of another version."""

    code = "RECORDING_INVALID"
    summary = "Invalid recording"
    advice = "Give a file that `colony bmc probe --record` of this release, or of an older one, has written."


class RedfishExchange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A resource that was read: its path as it was asked for, the status, some headers, and the JSON of the body."""

    path: str
    status: int
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}


class IpmiExchange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command within a session, and its answer: a completion code and data. Data are hexadecimal digits."""

    netfn: int
    command: int
    lun: int = 0
    request: str = ""
    code: int
    response: str = ""

    def __post_init__(self) -> None:
        """Refuse data that are no digits."""
        for digits in (self.request, self.response):
            bytes.fromhex(digits)


class Recording(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One controller, as it was found with one login.

    `tool` has written it. `findings` is what was made of the exchanges, in their order, of one of the two protocols.
    """

    format: Literal["colony-bmc-recording"] = FORMAT
    version: Literal[1] = VERSION
    tool: str = ""
    findings: Findings
    redfish: tuple[RedfishExchange, ...] = ()
    ipmi: tuple[IpmiExchange, ...] = ()


class _Head(Struct):
    format: str
    version: int


def encoded(recording: Recording) -> bytes:
    """Return the file's content."""
    return msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n"


def decoded(content: bytes) -> Recording:
    """Return the recording in a file; raise `RecordingInvalid` for one that this release does not read whole."""
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.format == FORMAT and head.version != VERSION:
            raise RecordingInvalid(f"The recording is of version {head.version}; this release reads {VERSION}")
        return msgspec.json.decode(content, type=Recording)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordingInvalid(f"The file is no recording of a controller: {error}") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return msgspec.json.schema(Recording)
