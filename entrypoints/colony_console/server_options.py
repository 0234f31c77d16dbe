"""Options of the commands that work on the service itself; the environment gives what a flag does not."""

from collections.abc import Callable
from typing import Any

import click

PORT = click.IntRange(0, 65535)
SPEED = click.FloatRange(min=0, min_open=True)
HASTE = "Simulated seconds in each real one."

_LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)
_FORMATS = click.Choice(["json", "console"])


def database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* name the database."""
    return click.option(
        "--database", "database_url", envvar="COLONY_DATABASE_URL", show_envvar=True, metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME; sqlite:///colony.db unless given.",
    )(command)  # fmt: skip


def rack(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* name the socket of a simulated rack that processes share."""
    return click.option(
        "--simulator-rack", type=click.Path(), envvar="COLONY_SIMULATOR_RACK", show_envvar=True, metavar="SOCKET",
        help="Work on the simulated machines that another process holds at this socket (`colony rack`).",
    )(command)  # fmt: skip


def concurrency(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* bound what it does at once."""
    return click.option(
        "--concurrency", type=click.IntRange(0), envvar="COLONY_CONCURRENCY", show_envvar=True, metavar="N",
        help="Perform at most N acts at once in this process; 0, the default, is any number.",
    )(command)  # fmt: skip


def logging(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* say how much is logged, and how."""
    how = click.option("--log-format", type=_FORMATS, envvar="COLONY_LOG_FORMAT", show_envvar=True)
    how_much = click.option("--log-level", type=_LEVELS, envvar="COLONY_LOG_LEVEL", show_envvar=True)
    return how_much(how(command))


def simulator_recording(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let *command* make its simulated machines like a recorded one."""
    return click.option(
        "--simulator-recording", type=click.Path(), envvar="COLONY_SIMULATOR_RECORDING", show_envvar=True,
        metavar="FILE", help="Make new simulated machines like the one that `colony bmc probe --record` has written.",
    )(command)  # fmt: skip
