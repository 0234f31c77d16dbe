"""Runs what needs the inside of the service, and turns the core's errors into failures of a command."""

import os
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from colony_console.failures import BadInput, Failure
from colony_console.wording import clean
from colony_core.domain.validation import ValidationFailed
from colony_core.errors import ColonyError, Invalid
from colony_wiring.loop import run as run_on_loop
from colony_wiring.settings import Settings

T = TypeVar("T")


def read_settings(**overrides: Any) -> Settings:
    """Return the settings of the environment under the flags *overrides*, of which None says nothing."""
    try:
        return Settings.read(os.environ, **overrides)
    except ColonyError as error:
        raise _failure(error) from error


def run(work: Coroutine[Any, Any, T], *hints: str) -> T:
    """Run *work* to its end on a loop of its own; *hints* say what to do when the system refuses something."""
    try:
        return run_on_loop(work)
    except* (ColonyError, OSError) as errors:
        _raise_first(errors, hints)


def _raise_first(errors: BaseExceptionGroup[ColonyError | OSError], hints: tuple[str, ...]) -> NoReturn:
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, ColonyError):
        raise _failure(first) from None
    raise Failure(clean(first), *hints) from None


def _failure(error: ColonyError) -> Failure:
    kind = BadInput if isinstance(error, Invalid) else Failure
    violations = error.violations if isinstance(error, ValidationFailed) else ()
    lines = [f"- {each.path}: {each.message} Hint: {each.hint} [{each.rule}]" for each in violations]
    return kind(clean(error.details), *lines)
