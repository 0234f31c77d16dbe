"""`colony serve`: the API, and the work behind it."""

from collections.abc import Iterable
from typing import Any

import click

from colony_console import server_options
from colony_console.inside import read_settings, run
from colony_console.output import note
from colony_console.server_options import HASTE, PORT, SPEED
from colony_wiring.serving import serve as serve_until_stopped

ANOTHER_PORT = "If the address is taken, give another with --port; --port 0 takes any that is free."


@click.command()
@click.option(
    "--host", envvar="COLONY_HOST", show_envvar=True, help="The address to listen on; 127.0.0.1 unless given."
)
@click.option(
    "--port", type=PORT, envvar="COLONY_PORT", show_envvar=True, help="8000 unless given; 0 for any that is free."
)
@server_options.database
@click.option("--simulator", type=click.IntRange(0), metavar="N", help="Manage N simulated machines, and no real ones.")
@click.option("--simulator-speed", type=SPEED, metavar="FACTOR", help=f"{HASTE} 1 unless given.")
@server_options.simulator_recording
@click.option(
    "--worker/--no-worker", default=None, envvar="COLONY_WORKER", show_envvar=True,
    help="Do the work too (unless told otherwise), or leave it to `colony worker`: on PostgreSQL only.",
)  # fmt: skip
@server_options.rack
@server_options.concurrency
@server_options.logging
def serve(**flags: Any) -> None:
    """Serve the API, and do the work, unless workers do it.

    Once it answers, it prints its base URL on standard output. SIGINT and SIGTERM stop the server; steps that run then
    are taken up at the next start.
    """
    settings = read_settings(**flags)
    run(serve_until_stopped(settings, on_ready=announce), ANOTHER_PORT)


def announce(address: str, notices: Iterable[str]) -> None:
    """Tell where the service is reached, and what people should know."""
    click.echo(f"Colony is ready at {address}")
    for notice in notices:
        note(notice)
