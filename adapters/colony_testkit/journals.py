"""Journals of runs that never were, for tests of what reads them."""

from colony_core.domain.histories import Began, Happening, History, Journal, standing
from colony_testkit.histories import Life


def journal_of(life: Life) -> Journal:
    """Return the journal that a store would have kept of *life*: what changed nothing is not in it."""
    began = Happening(life.start.created_at, Began(life.start), standing(life.start))
    lived = tuple(
        Happening(turn.now, turn.event, standing(turn.decision.run, turn.decision.effects))
        for turn in life.turns
        if turn.decision.run != turn.before or turn.decision.effects
    )
    return Journal((History(life.run, (began, *lived)),))
