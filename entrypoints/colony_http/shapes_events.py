"""What happened, as event streams show it."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from colony_core.domain.decisions import Level
from colony_core.domain.events import Entry, EventType

Seq = Annotated[int, Meta(ge=0, le=2**63 - 1)]

_encode = msgspec.json.Encoder().encode


class EventView(Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that happened; `status` is the new status of what it is about, where it has one."""

    seq: int
    at: datetime
    type: EventType
    level: Level
    message: str
    workflow_id: str | None
    asset_id: str | None
    cluster_id: str | None
    step: str | None
    status: str | None

    @classmethod
    def of(cls, entry: Entry) -> "EventView":
        """Return *entry* as clients see it."""
        return cls(
            seq=entry.seq,
            at=entry.at,
            type=entry.type,
            level=entry.level,
            message=entry.message,
            workflow_id=entry.run_id,
            asset_id=entry.asset_id,
            cluster_id=entry.cluster_id,
            step=entry.step,
            status=entry.status,
        )


def written(entry: Entry) -> bytes:
    """Return *entry* as JSON: the `data` of a stream, and the body of a delivery."""
    return _encode(EventView.of(entry))


class EventQuery(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """After which event to begin; the header `Last-Event-ID` says the same, and wins."""

    last_event_id: Seq | UnsetType = UNSET
