"""The server: a service, and the HTTP in front of it."""

import gc
from collections.abc import Callable

from colony_http.app import create_app
from colony_http.forwarding import Proxies
from colony_http.server import serve as serve_http
from colony_wiring.assembly import assembled
from colony_wiring.journal import configure_logging
from colony_wiring.settings import Settings
from colony_wiring.version import version


async def serve(settings: Settings, *, on_ready: Callable[[str, tuple[str, ...]], None]) -> None:
    """Serve until told to stop by SIGINT or SIGTERM; *on_ready* gets the base URL and what people should know."""
    configure_logging(settings.log_level, settings.log_format)
    async with assembled(settings) as service:
        proxies = Proxies.of(settings.trusted_proxies)
        app = create_app(service.colony, version=version(), wall=service.wall, proxies=proxies)
        _leave_to_stay()
        await serve_http(app, settings.host, settings.port, on_ready=lambda address: on_ready(address, service.notices))


def _leave_to_stay() -> None:
    """Let garbage be looked for among what comes from now on: looking through all that was loaded holds every request.

    A full collection took 35 to 49 ms of the event loop before, every few seconds under load.
    """
    gc.collect()
    gc.freeze()
