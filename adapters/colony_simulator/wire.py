"""What is said over the socket of a shared rack: frames of MessagePack, and the words that they are made of.

The process with the rack says `Hello` first; then each `Ask` gets one `Answer` of the same number, in any order.
"""

import asyncio
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.probing import Knock
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError, Unavailable
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
)
from colony_core.ports.platform import Milestone, NotYet
from colony_simulator.platforms import BootstrappedTwice
from colony_simulator.room import Happening
from colony_simulator.snapshots import revealed, sealed

VERSION = 1
LONGEST = 64 * 2**20
"""Bytes of a frame at the most; the longest is the history of a rack that has lived for weeks."""

_LENGTH = 4


class Hello(Struct, frozen=True):
    """How late it is in the rack when `ticks` is the machine's monotonic clock, and how fast its time passes."""

    version: int
    at: datetime
    ticks: float
    speed: float


class Ask(Struct, frozen=True, array_like=True):
    """A call: the *word* of `WORDS`, and what goes with it."""

    number: int
    word: str
    given: Raw


class Refusal(Struct, frozen=True, array_like=True):
    """The error that a call ended with."""

    code: str
    details: str


class Answer(Struct, frozen=True, array_like=True):
    """What the call number *number* gave, or how it was refused."""

    number: int
    value: Raw
    refusal: Refusal | None = None


class Word(NamedTuple):
    """The types of what is given with a word, and of what is answered."""

    given: Any
    answered: Any


WORDS = {
    "power": Word(tuple[Access], Power),
    "set_power": Word(tuple[Access, Power], None),
    "restart": Word(tuple[Access], None),
    "boot_device": Word(tuple[Access], BootDevice | None),
    "set_boot_device": Word(tuple[Access, BootDevice, BootMode | None], None),
    "identity": Word(tuple[Access], System),
    "sensors": Word(tuple[Access], tuple[SensorReading, ...]),
    "inventory": Word(tuple[Access], Inventory | None),
    "change_password": Word(tuple[Access, Secret], None),
    "probe": Word(tuple[Bmc], tuple[Knock, ...]),
    "bootstrap": Word(tuple[Cluster, Secret], None),
    "check": Word(tuple[Cluster, Secret, Milestone], None),
    "install_stack": Word(tuple[Cluster, Secret, ClusterCredentials], None),
    "remove_node": Word(tuple[Cluster, Secret, str], None),
    "history": Word(tuple[()], list[Happening]),
}

_ERRORS: dict[str, type[ColonyError]] = {
    error.code: error
    for error in (
        BmcBusy,
        BmcCommandRefused,
        BmcProtocolError,
        BmcRefused,
        BmcUnreachable,
        BootstrappedTwice,
        NotYet,
        Unavailable,
    )
}


def packed(value: object) -> bytes:
    """Return *value* as MessagePack, its secrets as they are."""
    return msgspec.msgpack.encode(value, enc_hook=revealed)


def unpacked(data: bytes | Raw, kind: Any) -> Any:
    """Return what `packed` made *data* of; raise `msgspec.MsgspecError` if it is no *kind*."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=sealed)


def error_of(refusal: Refusal) -> ColonyError:
    """Return the error that the rack has raised."""
    return _ERRORS.get(refusal.code, Unavailable)(refusal.details)


def send(writer: asyncio.StreamWriter, message: Struct) -> None:
    """Write *message* as one frame; frames of several callers do not mix."""
    data = packed(message)
    writer.write(len(data).to_bytes(_LENGTH) + data)


async def receive(reader: asyncio.StreamReader, kind: Any) -> Any:
    """Return the next message; raise `ConnectionError` or `EOFError` at the end, `MsgspecError` for nonsense."""
    length = int.from_bytes(await reader.readexactly(_LENGTH))
    if length > LONGEST:
        raise ConnectionError(f"a frame of {length} bytes")
    return unpacked(await reader.readexactly(length), kind)
