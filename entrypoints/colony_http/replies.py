"""What goes back over the wire: encoded at once, and sent with as little between as can be."""

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

JSON = b"application/json"

# No hook: a value that msgspec does not know, such as a Secret, must fail here and never be written.
_encode = msgspec.json.Encoder().encode


class Reply:
    """A complete answer; an ASGI application that sends itself."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: bytes, *, status: int = 200, media: bytes = JSON, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.body = body
        self.status = status
        extra = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        # An answer without a body (204) must not tell its length.
        about = [(b"content-type", media), (b"content-length", b"%d" % len(body))] if status != 204 else []
        self.headers = about + extra

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def shown(view: Any) -> Reply:
    """Answer 200 with *view*."""
    return Reply(_encode(view))


def created(view: Any, location: str) -> Reply:
    """Answer 201 with *view*, which is found at *location* from now on."""
    return Reply(_encode(view), status=201, headers=[("location", location)])


def attached(text: str, filename: str) -> Reply:
    """Answer 200 with YAML to be saved as *filename*; nobody on the way may keep it."""
    headers = [("content-disposition", f'attachment; filename="{filename}"'), ("cache-control", "no-store")]
    return Reply(text.encode(), media=b"application/yaml", headers=headers)


def raw(view: Any) -> msgspec.Raw:
    """Return *view* encoded, for use inside another view."""
    return msgspec.Raw(_encode(view))
