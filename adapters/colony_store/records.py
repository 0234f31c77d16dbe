"""How values are written down: as JSON under a version number, so that what is old can be raised on the way in."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec
from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey
from colony_core.domain.assets import Asset
from colony_core.domain.audit import Deed
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.healths import Health
from colony_core.domain.histories import Happening
from colony_core.domain.webhooks import DeadLetter, Webhook
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import Answer, StoreUnavailable

T = TypeVar("T")


class Revised(Protocol):
    """A value that is kept under an id and counts its revisions."""

    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...


R = TypeVar("R", bound=Revised)

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns a document of one version into one of the next."""


def stamped(value: R, revision: int) -> R:
    """Return *value* as it is stored under *revision*."""
    # The values are structs, which a protocol cannot ask for.
    return cast(R, replace(cast(msgspec.Struct, value), revision=revision))


class RecordTooNew(StoreUnavailable):
    """A newer release of Colony wrote the record."""

    code = "RECORD_TOO_NEW"
    summary = "Record was written by a newer release"
    advice = "Run the release that wrote it, or a newer one."


class Codec(Generic[T]):
    """Writes values of one type as JSON and reads every version of it that there ever was.

    The version rises when the type changes so that today's decoder would misread, or refuse, what is stored; then
    `upgrades[old]` makes a document of version `old + 1` of one of version `old`. A field that is added with a
    default needs no new version.
    """

    def __init__(self, type_: type[T], *, version: int = 1, upgrades: Mapping[int, Upgrade] | None = None) -> None:
        self.version = version
        self._type = type_
        self._upgrades = dict(upgrades or {})
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(type_)

    def encode(self, value: T) -> str:
        """Return the document of *value*, in today's version."""
        return self._encoder.encode(value).decode()

    def decode(self, document: str | bytes | msgspec.Raw, version: int) -> T:
        """Return the value of a *document* that was written in *version*."""
        if version == self.version:
            return self._decoder.decode(document)
        if version > self.version:
            raise RecordTooNew(
                f"A stored {self._type.__name__} has version {version};"
                f" this release knows versions up to {self.version}"
            )
        content = msgspec.json.decode(document, type=dict[str, Any])
        for step in range(version, self.version):
            content = self._upgrades[step](content)
        return msgspec.convert(content, self._type)


class Stretch(msgspec.Struct, frozen=True):
    """What happened to one workflow in one transaction."""

    happenings: tuple[Happening, ...]


ASSETS = Codec(Asset)
HEALTHS = Codec(Health)
CLUSTERS = Codec(Cluster)
RUNS = Codec(Run)
API_KEYS = Codec(ApiKey)
ENTRIES = Codec(Entry)
ANSWERS = Codec(Answer)
AUDIT = Codec(Deed)
STRETCHES = Codec(Stretch)
WEBHOOKS = Codec(Webhook)
DEAD_LETTERS = Codec(DeadLetter)
