"""How a machine's management controller was when it was last asked, and what is worth telling about that."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.decisions import Level
from colony_core.domain.events import Entry, EventType
from colony_core.domain.hardware import Power, PowerReading


class BmcState(StrEnum):
    """Whether a controller can be worked with.

    `degraded`: it failed several times in a row, and is asked less and less often until it answers. `refused`: it
    turned the credentials down, and is not asked with them again unless a person wants it to be.
    """

    UNKNOWN = "unknown"
    OK = "ok"
    DEGRADED = "degraded"
    REFUSED = "refused"


class Health(Struct, frozen=True, kw_only=True):
    """What is known of the controller of one asset.

    It is `state` since `since`; `why` is a sentence about what went wrong, empty when nothing did. `checked_at` is when
    it was last asked, whatever came of that. `power` is the last reading, which may be older.
    """

    asset_id: str
    state: BmcState = BmcState.UNKNOWN
    since: datetime | None = None
    why: str = ""
    checked_at: datetime
    power: PowerReading | None = None


class HealthCount(Struct, frozen=True):
    """How many controllers are in one state, and when the one of them that was asked longest ago was asked."""

    number: int
    oldest: datetime


def same_but_for_time(one: Health, other: Health) -> bool:
    """Tell whether *one* differs from *other* at most in when the controller was asked and its power was read."""
    power = one.power.power if one.power else None
    return (one.state, one.since, one.why, power) == (
        other.state,
        other.since,
        other.why,
        other.power.power if other.power else None,
    )


def news(asset: Asset, before: Health | None, after: Health) -> tuple[Entry, ...]:
    """Return what is worth telling about a controller that is *after* now: changes of state, and surprises."""
    told = []
    state = before.state if before else BmcState.UNKNOWN
    if after.state is not state and (text := _told_of(after, state)):
        told.append(_entry(asset, after, EventType.BMC, f"The controller of asset {asset.id} {text}"))
    was = unexpected(asset, before, after.power) if after.power else None
    if was is not None and after.power is not None:
        text = f"Asset {asset.id} was {was} and is {after.power.power}, and no work of Colony's is why"
        told.append(_entry(asset, after, EventType.POWER, text))
    return tuple(told)


def _told_of(after: Health, before: BmcState) -> str:
    match after.state:
        case BmcState.DEGRADED:
            return f"is degraded: {after.why}"
        case BmcState.REFUSED:
            return f"refuses its credentials: {after.why}"
        case BmcState.OK if before is not BmcState.UNKNOWN:
            return "is ok again"
    return ""


def _entry(asset: Asset, after: Health, about: EventType, text: str) -> Entry:
    levels = {BmcState.REFUSED: Level.ERROR, BmcState.OK: Level.INFO}
    power = after.power.power if after.power else Power.UNKNOWN
    return Entry(
        at=after.checked_at,
        type=about,
        level=levels.get(after.state, Level.WARNING) if about is EventType.BMC else Level.WARNING,
        message=text,
        asset_id=asset.id,
        cluster_id=asset.cluster_id,
        status=after.state if about is EventType.BMC else power,
    )


def latest_power(asset: Asset, health: Health | None) -> PowerReading | None:
    """Return the newest power reading there is, by work or by polling."""
    readings = [reading for reading in (asset.power, health.power if health else None) if reading is not None]
    return max(readings, key=lambda reading: reading.at, default=None)


def unexpected(asset: Asset, before: Health | None, now: PowerReading) -> Power | None:
    """Return what the power was if it is another *now* and no work of ours can be why; None otherwise.

    What was read before the last change of the asset proves nothing, except the last reading of work that ended well.
    """
    if asset.held_by is not None or now.at <= asset.updated_at:
        return None
    polled = before.power if before and before.power and before.power.at > asset.updated_at else None
    worked = asset.power if asset.last_error is None else None
    known = polled or worked
    if known is None or known.at >= now.at or Power.UNKNOWN in (known.power, now.power):
        return None
    return known.power if known.power is not now.power else None
