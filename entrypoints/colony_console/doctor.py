"""`colony doctor`: looks at what a server and the commands need, and says what to do about what is missing."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from importlib.util import find_spec
from typing import NamedTuple

import click

from colony_console import options, server_options
from colony_console.client import Api
from colony_console.failures import Failure
from colony_console.inside import read_settings, run
from colony_console.output import print_json
from colony_console.wording import clean
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings
from colony_wiring.version import version

_EXTRAS = {
    "http": ("litestar", "uvicorn", "structlog", "prometheus_client"),
    "sqlite": ("aiosqlite", "cryptography"),
    "ipmi": ("pyghmi",),
    "redfish": ("aiohttp",),
    "postgres": ("asyncpg",),
}
_OPTIONAL = frozenset({"ipmi", "redfish", "postgres"})


class Check(NamedTuple):
    """What was looked at, whether it is `ok`, `fail` or `skip` (nothing is wrong, something is not there), and why."""

    name: str
    state: str
    found: str
    advice: str = ""


@click.command()
@server_options.database
@options.api_url
@options.api_key
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, database_url: str | None, api_url: str, api_key: str | None, as_json: bool) -> None:
    """Check settings, database and server, and say what to do.

    It ends with 1 if anything fails.
    An existing database is opened as every command opens it, which brings its schema up to date.
    """
    checks = [*_of_this_place(database_url), *_of_the_server(api_url, api_key)]
    if as_json:
        print_json({"checks": [check._asdict() for check in checks]})
    else:
        _print(checks)
    failed = sum(check.state == "fail" for check in checks)
    if failed:
        raise Failure(f"{failed} of {len(checks)} checks failed")


def _print(checks: Iterable[Check]) -> None:
    colours = {"ok": "green", "fail": "red", "skip": "yellow"}
    for check in checks:
        click.echo(
            f"{click.style(f'{check.state:<4}', fg=colours[check.state])}  {check.name:<10}  {clean(check.found)}"
        )
        if check.advice:
            click.echo(f"      {'':<10}  -> {clean(check.advice)}")


def _of_this_place(database_url: str | None) -> Iterator[Check]:
    yield Check("release", "ok", f"colony {version()} on Python {sys.version.split()[0]}")
    for extra, modules in _EXTRAS.items():
        yield _extra(extra, modules)
    try:
        settings = read_settings(database_url=database_url)
    except Failure as failure:
        yield Check("settings", "fail", failure.message, "Correct the environment variable or the flag.")
        return
    given = sum(name.startswith("COLONY_") for name in os.environ)
    yield Check("settings", "ok", f"all can be read; {given} COLONY_ variables are set")
    yield _database(settings)


def _extra(name: str, modules: Iterable[str]) -> Check:
    missing = [module for module in modules if find_spec(module) is None]
    if not missing:
        return Check(f"[{name}]", "ok", "installed")
    state = "skip" if name in _OPTIONAL else "fail"
    return Check(f"[{name}]", state, f"not installed: {', '.join(missing)}", f"pip install 'colony-core[{name}]'")


def _database(settings: Settings) -> Check:
    path = settings.database_path
    where = str(path) if path is not None else "PostgreSQL"
    if path is not None and not path.exists():
        return Check(
            "database", "skip", f"there is no {path} here", "`colony serve` makes it; --database names another."
        )
    try:
        keys = run(_keys_in(settings))
    except Failure as failure:
        right = (
            "Is it the right file, with its secret key beside it?" if path else "Is the URL right, and the server up?"
        )
        return Check("database", "fail", failure.message, right)
    if not keys:
        advice = "Make the first one: colony api-key create --description first"
        return Check("database", "fail", f"{where} is in order, and holds no API key", advice)
    return Check("database", "ok", f"{where} is in order: schema current, secret key fits, API keys are there")


async def _keys_in(settings: Settings) -> bool:
    async with opened(settings) as colony:
        await colony.ports.store.check()
        return await colony.api_keys.any()


def _of_the_server(api_url: str, api_key: str | None) -> Iterator[Check]:
    connect: Callable[..., Api] = click.get_current_context().obj or Api
    try:
        with closing(connect(api_url, None)) as api:
            api.probe("/readyz")
    except Failure as failure:
        yield Check("server", "fail", failure.message, "Start one with `colony serve`, or set COLONY_API_URL.")
        return
    yield Check("server", "ok", f"{api_url} is ready")
    if not api_key:
        yield Check("key", "fail", "COLONY_API_KEY is not set", options.NO_KEY[1])
        return
    try:
        with closing(connect(api_url, api_key)) as api:
            api.get("/assets", limit=1)
    except Failure as failure:
        yield Check("key", "fail", failure.message, *failure.details[-1:])
    else:
        yield Check("key", "ok", "the server lets it in")
