"""Reads what clients send: strictly, secrets at once out of sight, and every refusal names its place."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from msgspec import Struct
from msgspec.inspect import DictType, EnumType, ListType, Type, UnionType, VarTupleType, type_info
from msgspec.inspect import StructType as StructInfo

from colony_core import Secret
from colony_core.errors import Invalid

T = TypeVar("T")
Query = TypeVar("Query", bound=Struct)

_MOST_PARAMETERS = 100
_LONGEST_QUERY = 16 * 1024
_PLACED = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[")


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON is decoded straight into the type that its handler asks for.

    The framework would decode to plain values and convert them leniently ("5" for 5); here nothing is bent, and a
    secret never exists as a plain field.
    """

    async def json(self) -> Any:
        """Return the body as the handler's own type."""
        field = self.route_handler.parsed_data_field
        assert field is not None, "only asked for when the handler takes a body"
        return read_body(await self.body(), field.annotation)


def read_body(body: bytes, kind: Any) -> Any:
    """Return *body* as a *kind*; an empty body is an empty object."""
    try:
        return _decoder(kind).decode(body or b"{}")
    except msgspec.ValidationError as error:
        details = explained(str(error), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        details = f"The body is not JSON: {reason}"
    raise Invalid(details)


def read_query(query_string: bytes, kind: type[Query]) -> Query:
    """Return the query as a *kind*; parameters that it does not know are refused, as they would change nothing."""
    given = _parameters(query_string, _repeatable(kind)) if query_string else {}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        details = explained(str(error), kind)
    raise Invalid(f"Query parameter {details}")


def explained(message: str, kind: Any) -> str:
    """Return msgspec's *message* about a *kind* as a sentence: first the place in the words of the wire, then why."""
    match = _PLACED.fullmatch(message)
    what, path = (match["what"], match["path"] or "$") if match else (message, "$")
    place = path.removeprefix("$").removeprefix(".")
    named = _NAMED.fullmatch(what)
    if named:
        place = f"{place}.{named['name']}" if place else named["name"]
        what = "unknown field" if named["how"].startswith("contains") else "required, and missing"
    elif what.startswith("Invalid enum value"):
        what = f"must be one of {', '.join(_choices(kind, path))}"
    return f"{place}: {what}" if place else f"The body is of the wrong type: {what}"


def _hook(kind: type, value: Any) -> Any:
    if kind is not Secret:
        raise NotImplementedError
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{_json_name(value)}`")
    return Secret(value)


def _json_name(value: Any) -> str:
    return {dict: "object", list: "array", type(None): "null"}.get(type(value), type(value).__name__)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=_hook)


def _parameters(query_string: bytes, repeatable: frozenset[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in _pairs(query_string):
        if name in repeatable:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise Invalid(f"Query parameter {name[:80]}: given more than once")
        else:
            given[name] = value
    return given


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    if len(query_string) > _LONGEST_QUERY:
        raise Invalid(f"The query is longer than {_LONGEST_QUERY} bytes")
    try:
        text = query_string.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Invalid("The query is not a list of at most 100 name=value pairs in percent-encoded UTF-8") from None


@cache
def _repeatable(kind: type[Struct]) -> frozenset[str]:
    hints = get_type_hints(kind)
    return frozenset(
        field.encode_name for field in msgspec.structs.fields(kind) if get_origin(hints[field.name]) is tuple
    )


def _choices(kind: Any, path: str) -> list[str]:
    """Return the values of the enumeration that stands at *path* of a *kind*."""
    places = [type_info(kind)]
    for step in _STEP.finditer(path):
        places = [inner for place in places for inner in _inner(place, step[1])]
    enums = [member for place in places for member in _members(place) if isinstance(member, EnumType)]
    return [str(choice.value) for enum in enums for choice in enum.cls]


def _inner(place: Type, name: str | None) -> Iterator[Type]:
    for member in _members(place):
        if isinstance(member, StructInfo) and name is not None:
            yield from (field.type for field in member.fields if field.encode_name == name)
        elif isinstance(member, ListType | VarTupleType):
            yield member.item_type
        elif isinstance(member, DictType):
            yield member.value_type


def _members(place: Type) -> tuple[Type, ...]:
    return place.types if isinstance(place, UnionType) else (place,)
