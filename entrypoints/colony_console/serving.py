"""`colony serve` and `colony worker`: the service itself."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from typing import Any

import click

from colony_console.failures import BadInput
from colony_console.inside import read_settings, run
from colony_console.output import note
from colony_wiring.assembly import assembled
from colony_wiring.journal import configure_logging
from colony_wiring.serving import serve as serve_until_stopped
from colony_wiring.settings import Settings

PORT = click.IntRange(0, 65535)
SPEED = click.FloatRange(min=0, min_open=True)
HASTE = "Simulated seconds in each real one."

_LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
_FORMATS = click.Choice(["json", "console"])


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* name the database."""
    return click.option(
        "--database", "database_url", envvar="COLONY_DATABASE_URL", show_envvar=True, metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME; sqlite:///colony.db unless given.",
    )(command)  # fmt: skip


def log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* say how much is logged, and how."""
    how = click.option("--log-format", type=_FORMATS, envvar="COLONY_LOG_FORMAT", show_envvar=True)
    how_much = click.option("--log-level", type=_LEVELS, envvar="COLONY_LOG_LEVEL", show_envvar=True)
    return how_much(how(command))


@click.command()
@click.option(
    "--host", envvar="COLONY_HOST", show_envvar=True, help="The address to listen on; 127.0.0.1 unless given."
)
@click.option(
    "--port", type=PORT, envvar="COLONY_PORT", show_envvar=True, help="8000 unless given; 0 for any that is free."
)
@database_option
@click.option(
    "--simulator", type=click.IntRange(min=0), metavar="N", help="Manage N simulated machines, and no real ones."
)
@click.option("--simulator-speed", type=SPEED, metavar="FACTOR", help=f"{HASTE} 1 unless given.")
@log_options
def serve(**flags: Any) -> None:
    """Serve the API, and do the work.

    Once it answers, it prints its base URL on standard output. SIGINT and SIGTERM stop the server;
    steps that run then are taken up at the next start.
    """
    run(serve_until_stopped(read_settings(**flags), on_ready=announce))


def announce(address: str, notices: Iterable[str]) -> None:
    """Tell where the service is reached, and what people should know."""
    click.echo(f"Colony is ready at {address}")
    for notice in notices:
        note(notice)


@click.command()
@database_option
@log_options
def worker(**flags: Any) -> None:
    """Do the work of servers that share a PostgreSQL database."""
    settings = read_settings(**flags)
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
