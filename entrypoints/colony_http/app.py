"""The menu: every route of the service, and what stands before it."""

from typing import Any

from litestar import Litestar, Router
from litestar.di import NamedDependency, Provide

from colony_core import Colony
from colony_core.ports.clock import Clock
from colony_http import api_keys, assets, audit, clusters, docs, events, journals, probes, tasks, webhooks, workflows
from colony_http.errors import answer_error
from colony_http.forwarding import Proxies
from colony_http.fragments import AssetFragments
from colony_http.front_door import FrontDoor
from colony_http.gate import Gate
from colony_http.metrics import Metrics
from colony_http.openapi import API, Document
from colony_http.options import with_options
from colony_http.reading import StrictRequest
from colony_http.streams import Closing

MAX_BODY = 1024 * 1024
"""The largest body that is read, in bytes."""


def create_app(
    colony: Colony,
    *,
    version: str,
    max_body: int = MAX_BODY,
    wall: Clock | None = None,
    proxies: Proxies | None = None,
) -> Litestar:
    """Return the HTTP service over *colony*.

    It starts nothing: whoever makes the colony runs its runner. *wall* is the clock that keys expire by, the
    colony's own unless it is given. *proxies* are believed when they say whose request they pass on.
    `app.state.closing.say()` ends every event stream.
    """
    trusted = proxies or Proxies()
    metrics, document, closing = Metrics(version), Document(version), Closing()
    app = Litestar(
        route_handlers=[
            Router(
                API,
                route_handlers=with_options(
                    (
                        *assets.ROUTES,
                        *clusters.ROUTES,
                        *tasks.ROUTES,
                        *workflows.ROUTES,
                        *journals.ROUTES,
                        *events.ROUTES,
                        *api_keys.ROUTES,
                        *audit.ROUTES,
                        *webhooks.ROUTES,
                    )
                ),
                # A function, as the framework makes deep copies of anything else.
                middleware=[lambda app: Gate(app, colony=colony, max_body=max_body, proxies=trusted)],
            ),
            *with_options((*probes.ROUTES, *docs.ROUTES)),
        ],
        dependencies={
            "colony": _given(colony),
            "now": Provide((wall or colony.ports.wall).now, sync_to_thread=False),
            "fragments": _given_after_query(AssetFragments()),
            "metrics": _given(metrics),
            "document": _given(document),
            "closing": _given(closing),
        },
        exception_handlers={Exception: answer_error},
        request_class=StrictRequest,
        request_max_body_size=max_body,
        openapi_config=None,
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    app.state.closing = closing
    document.describe(app)
    app.asgi_handler = FrontDoor(app.asgi_handler, metrics=metrics)
    return app


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _given_after_query(value: Any) -> Provide:
    """Provide *value* to handlers with a query, one after the other: see `operations`."""

    def provided(asked: NamedDependency[Any] = None) -> Any:  # noqa: ARG001 - named, so that it is resolved first
        return value

    return Provide(provided, sync_to_thread=False)
