"""The journal: what happened, in order, as people, logs and event streams see it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.decisions import Level


class EventType(StrEnum):
    """What an entry of the journal is about."""

    WORKFLOW = "workflow"
    STEP = "step"
    LOG = "log"
    ASSET = "asset"
    CLUSTER = "cluster"
    MAINTENANCE = "maintenance"
    BMC = "bmc"
    POWER = "power"


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened. `seq` is given by the store: it rises by commit order and never repeats.

    `status` is the new status of what the entry is about, where it has one.
    """

    at: datetime
    type: EventType
    message: str
    level: Level = Level.INFO
    run_id: str | None = None
    asset_id: str | None = None
    cluster_id: str | None = None
    step: str | None = None
    status: str | None = None
    seq: int = 0
