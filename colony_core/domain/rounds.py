"""How often management controllers are polled: rounds over all of them, spread evenly, within a budget."""

import math
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

MANY = 1000


class Polling(Struct, frozen=True, kw_only=True):
    """Each controller is asked once in `interval`, or as often as `per_second` allows; no interval: never.

    A controller that is not known to be slow has `quick` for its answer: one that dies delays no other.
    """

    interval: timedelta = timedelta(seconds=60)
    per_second: float = 50.0
    quick: timedelta = timedelta(seconds=3)


class Round(Struct, frozen=True, kw_only=True):
    """One walk over so many `assets`, of which `visited` had their turn; `cursor` is where the walk goes on."""

    began: datetime
    assets: int
    visited: int = 0
    cursor: str | None = None
    over: bool = False

    def wanted(self, now: datetime, interval: timedelta) -> int:
        """Return how many more should have had their turn by *now*, if the walk is to take an *interval*.

        After that everybody who is left should, those who came during the walk too.
        """
        share = (now - self.began) / interval
        return max(0, math.ceil(self.assets * share) - self.visited) if share < 1 else MANY

    def after(self, visited: int, cursor: str | None) -> "Round":
        """Return the round after so many more had their turn; without a *cursor* it is over."""
        return replace(self, visited=self.visited + visited, cursor=cursor, over=cursor is None)


class Budget(Struct, frozen=True, kw_only=True):
    """Polls that may still begin: they come in at a rate, and no more than one second's are ever saved up."""

    per_second: float
    at: datetime
    saved: float = 0.0

    def at_moment(self, now: datetime) -> "Budget":
        """Return the budget at *now*."""
        come_in = (now - self.at).total_seconds() * self.per_second
        return replace(self, at=now, saved=min(max(1.0, self.per_second), self.saved + come_in))

    def spent(self, polls: int) -> "Budget":
        """Return what is left after so many *polls*."""
        return replace(self, saved=self.saved - polls)
