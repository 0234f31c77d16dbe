"""`colony rack`: simulated machines for servers and workers that share a database."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from colony_console import server_options
from colony_console.failures import BadInput
from colony_console.inside import read_settings, run
from colony_console.server_options import HASTE, SPEED
from colony_wiring.assembly import assembled
from colony_wiring.journal import configure_logging
from colony_wiring.settings import Settings


@click.command()
@click.argument("socket", type=click.Path(path_type=Path), envvar="COLONY_SIMULATOR_RACK")
@server_options.database
@click.option(
    "--simulator",
    type=click.IntRange(1),
    default=5,
    envvar="COLONY_SIMULATOR",
    show_default=True,
    metavar="N",
    help="How many machines.",
)
@click.option("--simulator-speed", type=SPEED, metavar="FACTOR", help=f"{HASTE} 1 unless given.")
@server_options.simulator_recording
@server_options.logging
def rack(*, socket: Path, **flags: Any) -> None:
    """Hold a simulated rack that servers and workers share.

    They name the same SOCKET as COLONY_SIMULATOR_RACK and the same PostgreSQL database, and run as the same user on the
    same machine. The machines are enrolled, speak to the database themselves when they boot, and are kept in a file
    beside the socket.
    """
    settings = read_settings(simulator_rack=socket, worker=True, **flags)
    if settings.database_path is not None:
        raise BadInput(
            "A rack is shared on a PostgreSQL database: on SQLite one server does everything",
            "Give --database postgresql://..., or use `colony serve --simulator N` alone.",
        )
    configure_logging(settings.log_level, settings.log_format)
    run(_hold(replace(settings, worker=False)))


async def _hold(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with assembled(settings):
        click.echo(f"Colony rack is ready at {settings.simulator_rack}")
        await stop.wait()
