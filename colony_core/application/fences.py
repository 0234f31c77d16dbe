"""The right to act: a worker that stood still must touch nothing any more once its act may be with somebody else."""

from collections.abc import Callable

from colony_core.errors import Unavailable

Mine = Callable[[], bool]
"""Tells whether an act is still this worker's; asked right before whatever has an effect."""


class TakenOver(Unavailable):
    """The act is somebody else's by now, so that nothing was done."""

    code = "ACT_TAKEN_OVER"
    summary = "The act was taken over by another worker"
    advice = "Nothing is to be done: the other worker goes on with it."


def always() -> bool:
    """Answer True, for calls that belong to no act."""
    return True


def check(mine: Mine) -> None:
    """Raise `TakenOver` unless the act is still ours."""
    if not mine():
        raise TakenOver("This worker was silent too long: another one has begun the act anew")
