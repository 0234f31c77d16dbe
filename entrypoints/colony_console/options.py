"""What the commands that talk to a server have in common: where it is, the key, and the options of the same name."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec

import click

from colony_console.client import Api
from colony_console.failures import BadInput, NotAdmitted
from colony_console.output import note

P = ParamSpec("P")

DEFAULT_URL = "http://127.0.0.1:8000"
NO_KEY = ("There is no API key", "Set COLONY_API_KEY; `colony api-key create`, beside the server, makes one.")

api_url = click.option(
    "--api-url", envvar="COLONY_API_URL", default=DEFAULT_URL, show_envvar=True, show_default=True, metavar="URL",
    help="Where the server is.",
)  # fmt: skip
api_key = click.option("--api-key", envvar="COLONY_API_KEY", show_envvar=True, metavar="KEY", help="Your key to it.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the API's JSON instead of text for people.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
wait = click.option("--wait", is_flag=True, help="Watch the workflow to its end; exit with 1 unless it completes.")
limit = click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, metavar="N",
    help="Print at most so many, oldest first; longer lists say that there are more.",
)  # fmt: skip


def talks_to_server(command: Callable[Concatenate[Api, P], None]) -> Callable[P, None]:
    """Give *command*, as its first argument, the API that the flags or the environment name."""

    @api_url
    @api_key
    @wraps(command)
    def with_api(*args: P.args, **kwargs: P.kwargs) -> None:
        url, key = str(kwargs.pop("api_url")), kwargs.pop("api_key")
        with connected(url, str(key) if key else None) as api:
            command(api, *args, **kwargs)

    return with_api


@contextmanager
def connected(url: str, key: str | None) -> Iterator[Api]:
    """Give the API at *url* as *key* sees it."""
    if not key:
        raise NotAdmitted(*NO_KEY)
    connect = click.get_current_context().obj or Api  # a test hands in its own
    with closing(connect(url, key, notify=note)) as api:
        yield api


def confirmed(question: str, *, yes: bool) -> None:
    """Return if somebody agrees; end the command if nobody can be asked, or says no."""
    if yes:
        return
    click.echo(f"{question} [y/N]: ", nl=False, err=True)
    answer = sys.stdin.readline()
    if not answer:
        click.echo(err=True)
        raise BadInput("This asks for confirmation, and there is nobody to answer", "Add --yes.")
    if answer.strip().lower() not in ("y", "yes"):
        click.echo("Nothing was done.", err=True)
        click.get_current_context().exit(1)
