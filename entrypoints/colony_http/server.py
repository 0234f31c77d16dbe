"""Runs the application on uvicorn, and stops it gracefully even while clients hold streams open."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

GRACE = 3
"""Seconds that answers may still take once the server is asked to stop."""

_BACKLOG = 2048
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def serve(app: Litestar, host: str, port: int, *, on_ready: Callable[[str], None]) -> None:
    """Serve *app* until SIGINT or SIGTERM, or until cancelled; *on_ready* is told its base URL once it answers.

    Port 0 takes a free one. Raises `OSError` when the address cannot be had. Signals are not passed on: what the
    caller has to put away after the server, it can.
    """
    listener = _listener(host, port)
    config = uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Whose X-Forwarded-For is true depends on the operator's network: `forwarding` knows.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, app, on_ready=lambda: on_ready(_address(listener)))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        server.should_exit = True
        await running
        raise
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn, with its streams told to end before it waits for them, and signals kept to itself."""

    def __init__(self, config: uvicorn.Config, app: Litestar, *, on_ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._closing = app.state.closing
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.say()
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn then says no word to the application, whose task would end with a traceback
            await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and at once on the second; uvicorn's own way would raise it again afterwards."""
        loop = asyncio.get_running_loop()
        try:
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._stop)
        except (RuntimeError, ValueError):  # not in the main thread: whoever is there stops us
            yield
            return
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens; of several addresses that a name has, IPv4 is preferred."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    # Connections inherit it. asyncio does not set it on those of a socket that it did not make itself, and without it
    # every answer's body waits 40 ms for the client to acknowledge its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
