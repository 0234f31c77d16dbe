"""Every way in which Colony says no.

    ColonyError
    ├── Invalid            the request can never be right as it stands        (400)
    ├── Unauthorized       nobody we know asked                               (401)
    ├── Forbidden          somebody we know asked for too much                (403)
    ├── NotFound           there is no such thing                             (404)
    ├── Conflict           the present state forbids it                       (409)
    ├── RateLimited        too many requests; waiting helps                   (429)
    ├── Unavailable        something we depend on is out of reach; try again  (503)
    └── Refused            a peer understood and said no; trying again is useless (502)

A *kind* (the classes above) decides what a caller can do about it; each entry point maps kinds once (HTTP to
statuses, the command line to exit codes). A *code* names the exact case for good: it never changes its meaning.
Concrete errors live beside the idea that raises them, and carry `code`, `summary` and `advice` as class
attributes; `docs/errors.md` is generated from them.
"""

from typing import ClassVar


class ColonyError(Exception):
    """An error that says what happened and what to do.

    `summary` is the same for every error of one code; `details` is a sentence about this case; `advice` is what
    the documentation tells about the code.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    summary: ClassVar[str] = "Internal error"
    advice: ClassVar[str] = "Report it with the request id."

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self.details = details


class Invalid(ColonyError):
    """The request can never be right as it stands."""

    code = "INVALID_REQUEST"
    summary = "Invalid request"
    advice = "Correct what the details name, and send it again."


class Unauthorized(ColonyError):
    """The key is absent, malformed, unknown, revoked or expired: one answer for all, so that none can be told apart."""

    code = "UNAUTHORIZED"
    summary = "Unauthorized"
    advice = "Send `Authorization: Bearer <key>` with a living API key."


class Forbidden(ColonyError):
    """The key's role does not allow this call."""

    code = "FORBIDDEN"
    summary = "Forbidden"
    advice = "Use a key with a higher role."


class NotFound(ColonyError):
    """There is no such thing."""

    code = "NOT_FOUND"
    summary = "Not found"
    advice = "Check the address against the API reference."


class Conflict(ColonyError):
    """The present state forbids it; the details name that state and what is allowed."""

    code = "CONFLICT"
    summary = "The present state forbids this"
    advice = "Read the details: they name the present state and what is allowed in it."


class RateLimited(ColonyError):
    """Too many requests; `retry_after` whole seconds (at least 1) are enough to wait."""

    code = "RATE_LIMITED"
    summary = "Too many requests"
    advice = "Wait as many seconds as `Retry-After` says; that is always enough."

    def __init__(self, details: str, *, retry_after: int) -> None:
        super().__init__(details)
        self.retry_after = retry_after


class Unavailable(ColonyError):
    """Something that Colony depends on is out of reach; the same call may succeed later."""

    code = "UNAVAILABLE"
    summary = "Service unavailable"
    advice = "Try again after `Retry-After` seconds; if it lasts, look at the server's log."


class Refused(ColonyError):
    """A peer understood the call and said no; trying again is useless until something is changed."""

    code = "REFUSED"
    summary = "Refused by the peer"
    advice = "Change what the details name; the same call will not succeed."
