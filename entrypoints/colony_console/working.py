"""`colony worker`: hands for servers that share a database."""

import asyncio
import signal
from typing import Any

import click

from colony_console import server_options
from colony_console.failures import BadInput
from colony_console.inside import read_settings, run
from colony_wiring.assembly import assembled
from colony_wiring.journal import configure_logging
from colony_wiring.settings import Settings


@click.command()
@server_options.database
@server_options.rack
@server_options.concurrency
@server_options.logging
def worker(**flags: Any) -> None:
    """Do the work of servers that share a PostgreSQL database.

    Start and stop any number, in any order. SIGINT and SIGTERM give what runs back, for others to take up at once; what
    a killed worker did is taken up within COLONY_TAKEOVER_SECONDS, 10 unless set.
    """
    settings = read_settings(**flags, worker=True)
    if settings.database_path is not None:
        raise BadInput(
            "A worker needs a PostgreSQL database: on SQLite the server does all the work itself",
            "Give --database postgresql://..., or use `colony serve` alone.",
        )
    configure_logging(settings.log_level, settings.log_format)
    run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with assembled(settings):
        click.echo("Colony worker is ready")
        await stop.wait()
