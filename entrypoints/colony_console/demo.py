"""`colony demo`: a simulated rack in a temporary place, shown to a newcomer, then theirs to play with."""

import asyncio
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

import click

from colony_console.api_keys import make_key
from colony_console.failures import Failure, Unreachable
from colony_console.inside import run
from colony_console.output import note
from colony_console.server_options import HASTE, PORT, SPEED
from colony_console.serving import ANOTHER_PORT
from colony_console.tour import tour
from colony_wiring.serving import serve
from colony_wiring.settings import Settings

_MACHINES = click.IntRange(min=1)
_FAREWELL = 10.0
"""Real seconds that a server may take to stop."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=PORT, default=8000, show_default=True, help="The port; 0 for any that is free.")
@click.option("--simulator", type=_MACHINES, default=5, show_default=True, metavar="N", help="How many machines.")
@click.option("--simulator-speed", type=SPEED, default=30.0, show_default=True, metavar="FACTOR", help=HASTE)
@click.option("--once", is_flag=True, help="End when the first cluster is ready; with 1 if it does not get there.")
def demo(*, host: str, port: int, simulator: int, simulator_speed: float, once: bool) -> None:
    """Build a first cluster in a simulated rack, then serve it until Ctrl-C.

    Nothing outlives it: the database is temporary, and settings of the environment are not read.
    """
    with tempfile.TemporaryDirectory(prefix="colony-demo-") as place:
        settings = Settings(
            database_url=f"sqlite:///{Path(place) / 'demo.db'}",
            host=host,
            port=port,
            simulator=simulator,
            simulator_speed=simulator_speed,
            log_level="warning",
        )
        key = run(make_key(settings, "demo")).whole.reveal()
        run(_shown(settings, key, once=once), ANOTHER_PORT)


async def _shown(settings: Settings, key: str, *, once: bool) -> None:
    """Serve, and let a guide show the place through its front door; a guide that fails ends the demo only if *once*."""
    loop = asyncio.get_running_loop()
    seen: asyncio.Future[Failure | None] = loop.create_future()

    def guide(address: str, _: tuple[str, ...]) -> None:
        threading.Thread(target=_guided, args=(address, key, settings, seen), name="guide", daemon=True).start()

    server = asyncio.create_task(serve(settings, on_ready=guide))
    both: set[asyncio.Future[Any]] = {server, seen}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    stopped = Failure("The demo was stopped before its cluster was ready")
    failure = seen.result() if seen.done() else stopped
    if isinstance(failure, Unreachable):  # our own server: it must be stopping
        ended, _ = await asyncio.wait({server}, timeout=_FAREWELL)
        failure = stopped if ended else failure
    if not server.done():
        _go_on(failure, once=once)
    await server
    if once and failure is not None:
        raise failure


def _go_on(failure: Failure | None, *, once: bool) -> None:
    if once:
        signal.raise_signal(signal.SIGTERM)  # as anybody would stop it
        return
    if failure is not None:
        failure.show()
    note("Serving until Ctrl-C.")


def _guided(address: str, key: str, settings: Settings, seen: "asyncio.Future[Failure | None]") -> None:
    failure: Failure | None = None
    try:
        tour(address, key, machines=settings.simulator, speed=settings.simulator_speed)
    except Failure as error:
        failure = error
    finally:
        loop = seen.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, seen, failure)


def _tell(seen: "asyncio.Future[Failure | None]", failure: Failure | None) -> None:
    if not seen.done():
        seen.set_result(failure)
