"""Turns every error into one shape, and every kind of error into one status; nothing else decides a status."""

import traceback
from typing import Any

import msgspec
import structlog
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Response
from msgspec import UNSET, Struct, UnsetType

from colony_core.domain.validation import ValidationFailed, Violation
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

_log = structlog.get_logger("colony.http")

UNAVAILABLE_RETRY_AFTER = 5
"""Seconds after which a call that found something out of reach may be tried again."""


class MethodNotAllowed(ColonyError):
    """The route exists, and knows no such method."""

    code = "METHOD_NOT_ALLOWED"
    summary = "Method not allowed"
    advice = "Use one of the methods in the `Allow` header."


class PayloadTooLarge(ColonyError):
    """The body is larger than the service reads."""

    code = "PAYLOAD_TOO_LARGE"
    summary = "Payload too large"
    advice = "Send a smaller body; the details name the limit."


class UnsupportedMediaType(ColonyError):
    """The body is of a type that the service does not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    summary = "Unsupported media type"
    advice = "Send JSON, with `Content-Type: application/json`."


STATUSES: dict[type[ColonyError], int] = {
    Invalid: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
    RateLimited: 429,
    Refused: 502,
    Unavailable: 503,
}
"""The status of each kind of error; of anything else it is 500."""


class ErrorView(Struct, frozen=True, rename="camel"):
    """An error: `error` is the same for every error of one `code`, `details` is a sentence about this case."""

    error: str
    code: str
    details: str
    violations: tuple[Violation, ...] | UnsetType = UNSET


def status_of(kind: type[ColonyError]) -> int:
    """Return the status that errors of class *kind* are answered with."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), 500)


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the answer to a request that ended in *error*; what nobody foresaw is logged and not shown."""
    known = _folded(request, error)
    status = status_of(type(known)) if known is not None else 500
    if known is None or status == 500:
        _log_unforeseen(request, error)
        view = ErrorView(ColonyError.summary, ColonyError.code, request.scope["state"].get("request_id", ""))
        return _response(view, 500, {})
    violations = known.violations if isinstance(known, ValidationFailed) else UNSET
    return _response(ErrorView(known.summary, known.code, known.details, violations), status, _headers(known, error))


def _folded(request: Request[Any, Any, Any], error: Exception) -> ColonyError | None:
    """Return *error* as one of ours, or None if it has no business here."""
    if isinstance(error, ColonyError):
        return error
    if not isinstance(error, HTTPException) or error.status_code >= 500:
        return None
    where = f"{request.method} {request.scope['path']}"
    match error.status_code:
        case 404:
            return NotFound(f"There is no route for {where}")
        case 405:
            return MethodNotAllowed(f"{where} is not allowed: use one of {(error.headers or {}).get('allow')}")
        case 413:
            return PayloadTooLarge(f"The body of {where} is larger than this service reads")
    return Invalid(error.detail)


def _headers(known: ColonyError, error: Exception) -> dict[str, str]:
    match known:
        case Unauthorized():
            return {"www-authenticate": "Bearer"}
        case RateLimited(retry_after=seconds):
            return {"retry-after": str(seconds)}
        case Unavailable():
            return {"retry-after": str(UNAVAILABLE_RETRY_AFTER)}
        case MethodNotAllowed() if isinstance(error, HTTPException):
            return dict(error.headers or {})
    return {}


def _response(view: ErrorView, status: int, headers: dict[str, str]) -> Response[bytes]:
    body = msgspec.json.encode(view)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _log_unforeseen(request: Request[Any, Any, Any], error: Exception) -> None:
    """Log *error* with its frames as text: without their variables, which may hold secrets."""
    _log.error(
        "request failed",
        request_id=request.scope["state"].get("request_id", ""),
        error=type(error).__name__,
        traceback="".join(traceback.format_exception(error)),
    )
