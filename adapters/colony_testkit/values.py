"""Any value of the domain, drawn from its type: a field that is added to a struct is tested from then on."""

import types
import typing
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.api_keys import ApiKey
from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import Run, StepState
from colony_core.ports.persistence import Answer
from colony_testkit.histories import lives

T = TypeVar("T")

texts = st.text(st.characters(codec="utf-8"), max_size=12)
"""Any text that UTF-8 can hold."""

moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone itself
"""Any moment, to the microsecond."""

_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: texts,
    bytes: st.binary(max_size=40),
    bool: st.booleans(),
    int: st.integers(0, 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: moments,
    timedelta: st.timedeltas(),
    Secret: texts.map(Secret),
    type(None): st.none(),
}


def values_of(type_: type[T]) -> st.SearchStrategy[T]:
    """Return a strategy for any value of *type_*, as its annotations allow it; they may make no sense together."""
    drawn: st.SearchStrategy[T] = _drawn_from(type_)
    return drawn


def _drawn_from(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        hints = get_type_hints(hint)
        return st.builds(hint, **{name: _drawn_from(hints[name]) for name in hint.__struct_fields__})
    return _container(get_origin(hint), get_args(hint))


def _container(origin: object, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(_drawn_from(argument) for argument in arguments))
    if origin is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*(_drawn_from(argument) for argument in arguments))
    if origin is tuple:
        return st.lists(_drawn_from(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_drawn_from(arguments[0]), _drawn_from(arguments[1]), max_size=3)
    raise TypeError(f"no strategy for {origin}[{arguments}]")


def _standing(run: Run) -> Run:
    """Return *run* standing at one of its steps, as every run does."""
    steps = run.steps or (StepState(name="only"),)
    return replace(run, steps=steps, position=run.position % len(steps))


assets = values_of(Asset)
"""Any machine."""

clusters = values_of(Cluster)
"""Any cluster."""

runs = st.one_of(values_of(Run).map(_standing), lives(longest=12).map(lambda life: life.run))
"""Any workflow: some that could not have come about, and some that did."""

api_keys = values_of(ApiKey)
"""Any API key."""

entries = values_of(Entry)
"""Any entry of the journal."""

answers = values_of(Answer)
"""Any answer."""
