"""Answers to OPTIONS: the framework's own know only the method that was registered first."""

from collections.abc import Iterable

from litestar import route
from litestar.handlers import HTTPRouteHandler

from colony_http.replies import Reply


def with_options(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return *handlers*, and before those of each path one that tells all methods of it."""
    by_path: dict[str, list[HTTPRouteHandler]] = {}
    for handler in handlers:
        by_path.setdefault(min(handler.paths), []).append(handler)
    complete: list[HTTPRouteHandler] = []
    for path, alike in by_path.items():
        methods = {str(method) for handler in alike for method in handler.http_methods}
        complete += [_options(path, ", ".join(sorted({*methods, "OPTIONS"}))), *alike]
    return complete


def _options(path: str, allowed: str) -> HTTPRouteHandler:
    @route(path, http_method=["OPTIONS"])
    async def tell_methods() -> Reply:
        return Reply(b"", status=204, headers=[("allow", allowed)])

    return tell_methods
