"""The pieces of an operation in the OpenAPI document: parameters, bodies, answers and every error."""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from colony_core.application.repeats import IdempotencyKeyReused
from colony_core.domain.assets import AssetNotFound
from colony_core.domain.validation import ValidationFailed
from colony_core.errors import ColonyError, Forbidden, Invalid, RateLimited, Unauthorized
from colony_core.ports.persistence import StoreUnavailable
from colony_http import examples
from colony_http.errors import ErrorView, PayloadTooLarge, UnsupportedMediaType, status_of
from colony_http.operations import Operation

HEADERS: dict[str, Any] = {
    "X-Request-ID": {
        "description": "The request's id: the client's own, if it sent a sane one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "Location": {"description": "Where the new resource is found.", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Whole seconds to wait; that long is enough.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string", "const": "Bearer"}},
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "There, and `true`, when this is the answer to an earlier request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
}
_REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "An id for the request, to be found in the answer and the log: 1 to 64 of `A-Za-z0-9._-`.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "Makes the request act once within 24 hours, however often it is sent.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    },
    "Last-Event-ID": {
        "description": "The id of the last event that was seen; the stream resumes after it.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
    },
}
_BY_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",), 201: ("Location",)}
_JSON = "application/json"


class Schemas:
    """Where each shape is described, and what the queries know."""

    def __init__(
        self, references: dict[type[Struct], dict[str, Any]], queries: dict[type[Struct], dict[str, Any]]
    ) -> None:
        self._references = references
        self._queries = queries

    def of(self, kind: type[Struct]) -> dict[str, Any]:
        """Return the reference to the description of *kind*."""
        return self._references[kind]

    def query(self, kind: type[Struct]) -> dict[str, dict[str, Any]]:
        """Return the schemas of the parameters of *kind*, by name."""
        return self._queries.get(kind, {})


def parameters_of(path: str, method: str, operation: Operation, *, schemas: Schemas) -> list[dict[str, Any]]:
    """Return everything that a client may say beside the body."""
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    for name, schema in schemas.query(operation.query).items():
        found.append({"name": name, "in": "query", "required": False, "schema": schema})
    wanted = ["X-Request-ID"] + (["Idempotency-Key"] if method == "POST" else [])
    wanted += [name for name in operation.headers if name in _REQUEST_HEADERS]
    return found + [{"name": name, "in": "header", "required": False, **_REQUEST_HEADERS[name]} for name in wanted]


def body_of(kind: type[Struct], operation: Operation, *, schemas: Schemas) -> dict[str, Any]:
    """Return what the body of *kind* is; one without required fields may be left out."""
    required = any(
        field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
        for field in msgspec.structs.fields(kind)
    )
    content: dict[str, Any] = {"schema": schemas.of(kind)}
    if operation.body_example is not None:
        content["example"] = operation.body_example
    return {"required": required, "content": {_JSON: content}}


def responses_of(method: str, operation: Operation, *, public: bool, schemas: Schemas) -> dict[str, Any]:
    """Return every answer that the operation can give, by status."""
    shown = {str(status): _success(status, method, operation, schemas=schemas) for status in operation.answers}
    by_status: dict[int, list[type[ColonyError]]] = {}
    for kind in dict.fromkeys((*_errors(method, public=public), *operation.errors)):
        by_status.setdefault(status_of(kind), []).append(kind)
    for status, kinds in sorted(by_status.items()):
        shown[str(status)] = _failure(status, kinds, schemas=schemas)
    return shown


def _errors(method: str, *, public: bool) -> Iterator[type[ColonyError]]:
    """Yield the errors that every operation of its kind can end in."""
    yield ColonyError
    if public:
        return
    yield from (Invalid, Unauthorized, Forbidden, RateLimited, StoreUnavailable)
    if method != "GET":
        yield from (PayloadTooLarge, UnsupportedMediaType)
    if method == "POST":
        yield IdempotencyKeyReused


def _success(status: int, method: str, operation: Operation, *, schemas: Schemas) -> dict[str, Any]:
    kind = operation.answers[status]
    names = ["X-Request-ID", *_BY_STATUS.get(status, ())]
    names += ["Idempotent-Replayed"] if method == "POST" else []
    names += [name for name in operation.headers if name in HEADERS]
    shown: dict[str, Any] = {"description": _phrase(status), "headers": _headers(names)}
    if status == HTTPStatus.NO_CONTENT:
        return shown
    if kind is None or operation.media != _JSON:
        schema: dict[str, Any] = {"type": "string"}
        if kind is not None:
            schema["description"] = f"Events whose `data` is {kind.__name__} as JSON."
        shown["content"] = {operation.media: {"schema": schema}}
        return shown
    shown["content"] = {_JSON: {"schema": schemas.of(kind)}}
    if operation.example is not None and status == next(iter(operation.answers)):
        summary = "Fields beyond those of the published reference are left out"
        shown["content"][_JSON]["examples"] = {"reference": {"summary": summary, "value": operation.example}}
    return shown


def _failure(status: int, kinds: list[type[ColonyError]], *, schemas: Schemas) -> dict[str, Any]:
    codes = sorted({kind.code for kind in kinds})
    schema = {"allOf": [schemas.of(ErrorView), {"properties": {"code": {"enum": codes}}}]}
    shown = {kind.code: {"summary": kind.advice, "value": _example(kind)} for kind in kinds}
    return {
        "description": f"{_phrase(status)}: {', '.join(f'`{code}`' for code in codes)}",
        "headers": _headers(["X-Request-ID", *_BY_STATUS.get(status, ())]),
        "content": {_JSON: {"schema": schema, "examples": shown}},
    }


def _example(kind: type[ColonyError]) -> dict[str, Any]:
    if kind is AssetNotFound:
        return examples.ASSET_NOT_FOUND
    details = (inspect.getdoc(kind) or "").partition("\n")[0]
    shown: dict[str, Any] = {"error": kind.summary, "code": kind.code, "details": details}
    if kind is ValidationFailed:
        shown |= examples.VIOLATIONS
    return shown


def _headers(names: list[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
