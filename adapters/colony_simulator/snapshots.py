"""A rack's state as bytes: MessagePack of the structs that the rack lives by, with a version in front."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_core.errors import Invalid
from colony_simulator.faults import Chances
from colony_simulator.machines import Machine
from colony_simulator.room import Etcd, Room
from colony_simulator.timings import Timings

T = TypeVar("T")

VERSION = 1


class SnapshotInvalid(Invalid):
    """The bytes are no snapshot of a rack, or one of another version."""

    code = "SNAPSHOT_INVALID"
    summary = "Invalid snapshot"
    advice = "Begin with a new rack: a snapshot is read by the version that wrote it."


class RackState(Struct, kw_only=True):
    """Everything that a rack would lose with its process; the seed is in digits, as it may be of any size."""

    version: int = VERSION
    at: datetime
    seed: str
    timings: Timings
    chances: Chances
    etcds: dict[str, Etcd]
    machines: list[Machine]

    @classmethod
    def of(cls, room: Room, *, machines: list[Machine], etcds: dict[str, Etcd]) -> "RackState":
        """Return the state of *room* with these machines and etcds alone."""
        return cls(
            at=room.clock.now(),
            seed=str(room.dice.seed),
            timings=room.timings,
            chances=room.chances,
            etcds=etcds,
            machines=machines,
        )


def encode(room: Room) -> bytes:
    """Return the state of *room* as bytes; the same state gives the same bytes."""
    return encoded(RackState.of(room, machines=list(room.machines.values()), etcds=room.etcds))


def decode(snapshot: bytes) -> RackState:
    """Return the state that `encode` made *snapshot* of; raise `SnapshotInvalid` if it did not."""
    state = decoded(snapshot, RackState)
    if state.version != VERSION:
        raise SnapshotInvalid(f"The snapshot is of version {state.version}; this version reads {VERSION}")
    return state


def encoded(part: Struct) -> bytes:
    """Return a *part* of a rack's state as bytes, its secrets as they are."""
    return msgspec.msgpack.encode(part, enc_hook=revealed)


def decoded(packed: bytes, kind: type[T]) -> T:
    """Return the part that `encoded` made *packed* of; raise `SnapshotInvalid` if it did not."""
    try:
        return msgspec.msgpack.decode(packed, type=kind, dec_hook=sealed)
    except msgspec.MsgspecError as error:
        raise SnapshotInvalid("The bytes are not a snapshot that this version reads") from error


def revealed(value: object) -> str:
    """Encode a secret as what it is."""
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"A snapshot holds no {type(value).__name__}")


def sealed(kind: type, text: Any) -> Secret:
    """Decode a secret from what it is."""
    if kind is Secret and isinstance(text, str):
        return Secret(text)
    raise NotImplementedError(f"A snapshot holds no {kind.__name__}")
