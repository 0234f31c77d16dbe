"""What a runner has in hand: runs to take further, and acts under way, each with the call that it belongs to."""

from msgspec import Struct

from colony_core.application.performing import Outcome
from colony_core.domain.decisions import Act
from colony_core.ports.dispatch import Call


class Item(Struct, frozen=True):
    """One run to take further: because of an outcome, or because its call came."""

    call: Call
    outcome: Outcome | None = None


class Task(Struct, frozen=True):
    """An act, and the call under which it is performed."""

    act: Act
    call: Call
