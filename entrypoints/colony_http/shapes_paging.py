"""What many shapes share: parts of a list, times, lists in one string."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from colony_core import Paging
from colony_core.errors import Invalid

Limit = Annotated[int, Meta(ge=1, le=1000, description="How many items a page has at most.")]
Cursor = Annotated[str, Meta(description="`nextCursor` of the page before, as it is.")]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone; everything is answered in UTC."""

Listed = str | tuple[str, ...]
"""A list in pieces, or comma-separated in one string."""


class PagingQuery(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which part of a list.

    What may be left out of a query is UNSET, not None: the word `null` must not be taken for nothing.
    """

    limit: Limit = 100
    cursor: Cursor | UnsetType = UNSET

    def paging(self) -> Paging:
        """Return the same in the words of the core."""
        return Paging(limit=self.limit, cursor=self.cursor or None)


def in_utc(moment: datetime, field: str) -> datetime:
    """Return *moment* in UTC, or refuse *field*: at the ends of the calendar there is no such moment."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(f"{field}: out of the calendar in UTC") from None
