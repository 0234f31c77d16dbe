"""The page of every error that the core raises, made from the classes themselves."""

import importlib
import pkgutil
from collections.abc import Iterator

import colony_core
from colony_core.errors import (
    ColonyError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)

STATUSES: tuple[tuple[type[ColonyError], int], ...] = (
    (Invalid, 400),
    (Unauthorized, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (RateLimited, 429),
    (Refused, 502),
    (Unavailable, 503),
    (ColonyError, 500),
)
"""The HTTP status of each kind, as colony_core/errors.py draws the tree."""

HEAD = """\
# Errors

<!-- Written by tools/write_docs.py out of the classes in colony_core. -->

Every refusal has one shape: `error` is the summary below, `code` never changes its meaning, `details` is a sentence
about the case. The same codes stand in a workflow's or a step's `error` and in a machine's `lastError`, where they
say why work failed; their status then means nothing. What is specific to HTTP (405, 413, 415) is not listed here.
"""


def errors_page() -> str:
    """Return docs/errors.md."""
    rows = sorted({(_status(each), each.code, each.__name__): each for each in errors()}.items())
    seen: set[str] = set()
    lines = []
    for (status, code, _), each in rows:
        if code not in seen:
            lines.append(f"| `{code}` | {_kind(each).__name__} | {status} | {each.summary} | {each.advice} |")
        seen.add(code)
    table = ["| Code | Kind | Status | Summary | What to do |", "| --- | --- | --- | --- | --- |", *lines]
    return HEAD + "\n" + "\n".join(table) + "\n"


def errors() -> Iterator[type[ColonyError]]:
    """Yield every error class of the core."""
    for module in pkgutil.walk_packages(colony_core.__path__, "colony_core."):
        importlib.import_module(module.name)
    return (each for each in _family(ColonyError) if each.__module__.startswith("colony_core."))


def _family(kind: type[ColonyError]) -> Iterator[type[ColonyError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


def _kind(error: type[ColonyError]) -> type[ColonyError]:
    return next(kind for kind, _ in STATUSES if issubclass(error, kind))


def _status(error: type[ColonyError]) -> int:
    return next(status for kind, status in STATUSES if issubclass(error, kind))
