"""What is kept beside a document so that it can be found: the same for every database."""

from datetime import UTC, datetime, timedelta

from colony_core.domain.assets import Asset
from colony_core.domain.plans import performs
from colony_core.domain.workflows import Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return *moment* as whole microseconds since 1970: exact, and in the order of time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the moment that `micros` made a number of."""
    return _EPOCH + timedelta(microseconds=microseconds)


def due(run: Run) -> int | None:
    """Return when *run* must be woken, in microseconds since 1970."""
    at = run.due
    return None if at is None else micros(at)


def in_flight(run: Run) -> bool:
    """Tell whether a process is at the present step of *run*."""
    return performs(run)


FOR_EVER = 2**63 - 1
"""The end of a maintenance that somebody has to lift: the largest number that a column holds."""


def maintained_until(asset: Asset) -> int | None:
    """Return until when *asset* is in maintenance, in microseconds since 1970; None for no maintenance."""
    if asset.maintenance is None:
        return None
    return FOR_EVER if asset.maintenance.until is None else micros(asset.maintenance.until)


def known_macs(asset: Asset) -> frozenset[str]:
    """Return every network address that *asset* may boot with, in lower case."""
    nics = asset.inventory.nics if asset.inventory is not None else ()
    return frozenset(mac.lower() for mac in (*asset.macs, *(nic.mac for nic in nics)) if mac)


def system_uuid(asset: Asset) -> str | None:
    """Return the UUID that *asset* is found by, or None while it is unknown."""
    return asset.system_uuid or None
