"""What a request to the API passes before its handler: its key, its role, its size and type, whether it is new."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from colony_core import ApiKey, Colony
from colony_core.domain.api_keys import Permission, require
from colony_core.errors import Invalid
from colony_http.auditing import Auditor, hands_out
from colony_http.errors import PayloadTooLarge, UnsupportedMediaType
from colony_http.forwarding import Proxies
from colony_http.operations import KEY, NoBody, NoQuery, Operation
from colony_http.reading import read_body, read_query
from colony_http.repeating import Repeater, Sent

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON = "application/json"


class Gate:
    """Middleware of the API's router: bound to its routes, so that no spelling of a path leads around it."""

    def __init__(self, app: ASGIApp, *, colony: Colony, max_body: int, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies
        self._api_keys = colony.api_keys
        self._repeater = Repeater(app, colony)
        self._auditor = Auditor(colony)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the request, or raise what is wrong with it."""
        await self._pass(cast(HTTPScope, scope), receive, send)

    async def _pass(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        method: str = scope["method"]
        operation: Operation | None = scope["route_handler"].opt.get(KEY)
        key = await self._admitted(scope, headers)
        if method in _SAFE and not hands_out(operation):
            _check(key, operation, scope)
            await self._app(scope, receive, send)
            return
        async with self._auditor.noting_refusals(scope):
            _check(key, operation, scope)
            if method in _SAFE:
                await self._auditor.hand_out(lambda answer: self._app(scope, receive, answer), scope, send)
            else:
                await self._act(scope, headers, key=key, receive=receive, send=send)

    async def _act(
        self, scope: HTTPScope, headers: dict[bytes, bytes], *, key: ApiKey, receive: Receive, send: Send
    ) -> None:
        body = await self._body(headers, receive)
        if scope["route_handler"].parsed_data_field is None:
            read_body(body, NoBody)
        # The framework takes an empty body for none at all; to us it is an object without fields.
        body = body or b"{}"
        again = Sent(key=key, token=_token(headers), body=body)
        replayed = _replayed(body, receive)

        async def call(answer: Send) -> None:
            if scope["method"] == "POST" and again.token is not None:
                await self._repeater.once(again, scope, receive=replayed, send=answer)
            else:
                await self._app(scope, replayed, answer)

        await self._auditor.act(call, scope, send)

    async def _admitted(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> ApiKey:
        client = self._proxies.client_of(scope.get("client"), scope["headers"])
        key = await self._api_keys.admit(_presented(headers), client=client)
        scope["state"]["key_id"] = key.id
        scope["state"]["api_key"] = key
        return key

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """Return the whole body, of a size and a type that the service reads."""
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_body:
            raise self._too_large()
        body, more = b"", True
        while more:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise Invalid("The client went away before its body was complete")
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._max_body:
                raise self._too_large()
        _check_type(headers.get(b"content-type", b"") if body else b"")
        return body

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(f"The body is larger than {self._max_body} bytes: this service reads no more")


def _check(key: ApiKey, operation: Operation | None, scope: HTTPScope) -> None:
    """Refuse what the key's role does not allow, and parameters where the route knows none."""
    require(key, _needed(operation, scope["method"]))
    if operation is not None and operation.query is NoQuery:
        read_query(scope["query_string"], NoQuery)


def _needed(operation: Operation | None, method: str) -> Permission:
    if operation is not None and operation.needs is not None:
        return operation.needs
    return Permission.READ if method in _SAFE else Permission.OPERATE


def _presented(headers: dict[bytes, bytes]) -> str:
    scheme, _, presented = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return presented.strip() if scheme.lower() == "bearer" else ""


def _token(headers: dict[bytes, bytes]) -> str | None:
    """Return the idempotency key, or None where there is none."""
    raw = headers.get(b"idempotency-key")
    if raw is None:
        return None
    token = raw.decode("latin-1")
    if not 1 <= len(token) <= 255 or not (token.isascii() and token.isprintable()):
        raise Invalid("Idempotency-Key: must be 1 to 255 printable ASCII characters")
    return token


def _check_type(content_type: bytes) -> None:
    """Refuse a body of another type than JSON; one of no type is taken to be JSON."""
    media = content_type.decode("latin-1").partition(";")[0].strip().lower()
    if media and media != _JSON and not (media.startswith("application/") and media.endswith("+json")):
        raise UnsupportedMediaType(f"The body is of type '{media[:80]}': only {_JSON} is read")


def _replayed(body: bytes, receive: Receive) -> Callable[[], Awaitable[Any]]:
    """Return a `receive` that gives *body* once, and then what *receive* gives."""
    first: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Any:
        return first.pop() if first else await receive()

    return replayed
