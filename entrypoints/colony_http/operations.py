"""What a route is, beside the code behind it: all that the OpenAPI document and the gate need to know of it."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from colony_core import Colony
from colony_core.domain.api_keys import Permission
from colony_core.errors import ColonyError
from colony_http.reading import read_query

KEY = "operation"
"""Under which name a handler's `opt` holds its operation."""


class NoQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a route that knows no parameter."""


class NoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a route that takes none: an empty object will do."""


class Operation(Struct, frozen=True, kw_only=True):
    """One route as clients see it. Its description is the handler's docstring.

    `answers` are the shapes by status, the usual one first; None means that the answer is no JSON, but `media`.
    `errors` are those beyond the ones that every route can give. `example` belongs to the first answer.
    """

    summary: str
    tag: str
    answers: dict[int, Any]
    media: str = "application/json"
    query: type[Struct] = NoQuery
    errors: tuple[type[ColonyError], ...] = ()
    needs: Permission | None = None
    example: Any = None
    body_example: Any = None
    headers: tuple[str, ...] = ()


def described(operation: Operation) -> dict[str, Any]:
    """Return the keyword arguments that make a handler of the framework this operation."""
    status = next(iter(operation.answers))
    arguments: dict[str, Any] = {"opt": {KEY: operation}, "status_code": status}
    if operation.query is not NoQuery:
        arguments["dependencies"] = {"asked": Provide(_reader(operation.query), sync_to_thread=False)}
    return arguments


def _reader(kind: type[Struct]) -> Any:
    # It asks for the colony only to come after it: for dependencies that can be had at once, the framework starts a
    # task each, which costs a request more than all of them.
    def asked(request: Request[Any, Any, Any], colony: NamedDependency[Colony]) -> Any:  # noqa: ARG001 - named, so that it is resolved first
        return read_query(request.scope["query_string"], kind)

    return asked
