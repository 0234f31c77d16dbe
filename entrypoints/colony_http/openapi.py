"""Writes the OpenAPI document from the routes themselves: what a handler takes and gives is what is described."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import Struct

from colony_core import Secret
from colony_http.errors import ErrorView
from colony_http.openapi_parts import HEADERS, Schemas, body_of, parameters_of, responses_of
from colony_http.operations import KEY, NoQuery, Operation

API = "/api/v1"
_ORDER = "GET POST PATCH DELETE"
_REF = "#/components/schemas/{name}"

_INTRODUCTION = """Colony turns bare-metal machines into installed systems and Kubernetes clusters.

Send `Authorization: Bearer <key>` with every request under `/api/v1`. A key may call 100 times in any minute and 1000
times in any hour, unless the operator set other limits; beyond that it gets 429 with `Retry-After`. Every answer
carries `X-Request-ID`. A POST with `Idempotency-Key` acts once, however often it is sent within 24 hours."""

_Described = tuple[str, str, HTTPRouteHandler, Operation]


class Document:
    """The OpenAPI document of an application, written when it is first asked for."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._app: Litestar | None = None
        self._encoded = b""

    def describe(self, app: Litestar) -> None:
        """Let this be the document of *app*."""
        self._app = app

    @property
    def encoded(self) -> bytes:
        """Return the document as JSON."""
        if not self._encoded:
            assert self._app is not None, "the application is named as soon as it is made"
            self._encoded = msgspec.json.encode(document(self._app, version=self._version))
        return self._encoded


def document(app: Litestar, *, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of *app*."""
    described = list(_operations(app))
    schemas, components = _schemas(described)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler, operation in described:
        paths.setdefault(path, {})[method.lower()] = _operation(path, method, handler, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Colony API",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for *_, operation in described)],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": HEADERS,
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer", "description": "`cd-<12 hex>_<40 hex>`"}
            },
        },
    }


def _operations(app: Litestar) -> Iterator[_Described]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+)\}", lambda match: "{" + _camel(match[1]) + "}", route.path_format)
            handlers = [handler for handler in route.route_handlers if KEY in handler.opt]
            for handler in sorted(handlers, key=lambda each: _ORDER.find(min(each.http_methods))):
                yield path, min(handler.http_methods), handler, handler.opt[KEY]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _schemas(described: list[_Described]) -> tuple[Schemas, dict[str, Any]]:
    """Return where each shape is described, and all the descriptions; those of queries become parameters instead."""
    queries = {operation.query for *_, operation in described if operation.query is not NoQuery}
    shapes = {kind for *_, handler, operation in described for kind in _shapes(handler, operation)}
    kinds: list[type[Struct]] = sorted({ErrorView, *queries, *shapes}, key=lambda kind: kind.__name__)
    references, components = msgspec.json.schema_components(kinds, schema_hook=_hook, ref_template=_REF)
    properties = {query: components.pop(query.__name__)["properties"] for query in queries}
    return Schemas(dict(zip(kinds, references, strict=True)), properties), components


def _shapes(handler: HTTPRouteHandler, operation: Operation) -> Iterator[type[Struct]]:
    yield from (kind for kind in operation.answers.values() if kind is not None)
    if handler.parsed_data_field is not None:
        yield handler.parsed_data_field.annotation


def _hook(kind: type) -> dict[str, Any]:
    assert kind is Secret, f"{kind} is not a type of the wire"
    return {"type": "string", "format": "password", "writeOnly": True}


def _operation(
    path: str, method: str, handler: HTTPRouteHandler, operation: Operation, schemas: Schemas
) -> dict[str, Any]:
    public = not path.startswith(API)
    field = handler.parsed_data_field
    shown: dict[str, Any] = {
        "operationId": handler.fn.__name__,
        "summary": operation.summary,
        "description": inspect.getdoc(handler.fn),
        "tags": [operation.tag],
        "parameters": parameters_of(path, method, operation, schemas=schemas),
        "responses": responses_of(method, operation, public=public, schemas=schemas),
        "security": [] if public else [{"apiKey": []}],
    }
    if field is not None:
        shown["requestBody"] = body_of(field.annotation, operation, schemas=schemas)
    return shown
