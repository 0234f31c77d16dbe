"""`colony bmc`: what is done to management controllers themselves."""

from typing import IO

import click

from colony_console import options
from colony_console.client import Api, Json, at
from colony_console.failures import BadInput, Failure
from colony_console.output import note, print_json
from colony_console.probing import probe
from colony_console.progress import watched
from colony_console.wording import clean
from colony_console.workflows import answer_started, require_completion


@click.group()
def bmc() -> None:
    """Ask management controllers, and change their passwords."""


bmc.add_command(probe)


@bmc.command()
@click.argument("asset_ids", nargs=-1, metavar="ASSET...")
@click.option("--all", "everywhere", is_flag=True, help="Of every machine; those that are busy are left out.")
@click.option(
    "--password-file", type=click.File(encoding="utf-8"), metavar="FILE",
    help="The new password, in the first line (- for standard input); one is made if left out.",
)  # fmt: skip
@options.yes
@options.wait
@options.as_json
@options.talks_to_server
def rotate(
    api: Api,
    *,
    asset_ids: tuple[str, ...],
    everywhere: bool,
    password_file: IO[str] | None,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Change the password on machines' controllers.

    Each controller gets a password of its own that nobody is shown; `colony export` writes them down, sealed.
    """
    body = _body(asset_ids, password_file, everywhere=everywhere)
    if everywhere:
        asset_ids = tuple(asset["id"] for asset in api.listed("assets", limit=1_000_000)["assets"])
        options.confirmed(f"Change the password of {len(asset_ids)} controllers?", yes=yes)
    if len(asset_ids) == 1:
        answer_started(api, api.post(_place(asset_ids[0]), body), wait=wait, as_json=as_json)
        return
    runs, refusals = _start_all(api, asset_ids, silent=as_json)
    runs = [watched(api, run["id"], err=as_json) for run in runs] if wait else runs
    if as_json:
        print_json({"workflows": runs, "refusals": refusals})
    if refusals:
        raise Failure(f"{len(refusals)} of {len(asset_ids)} were not begun")
    for run in runs if wait else ():
        require_completion(run)


def _body(asset_ids: tuple[str, ...], password_file: IO[str] | None, *, everywhere: bool) -> Json:
    if everywhere == bool(asset_ids):
        raise BadInput("Name the machines, or give --all")
    if password_file is None:
        return {}
    if len(asset_ids) != 1:
        raise BadInput("A password is for one machine", "Leave --password-file out: each gets one of its own.")
    password = password_file.readline().rstrip("\r\n")
    if not password:
        raise BadInput("The password file begins with an empty line", "Put the new password into its first line.")
    return {"password": password}


def _start_all(api: Api, asset_ids: tuple[str, ...], *, silent: bool) -> tuple[list[Json], list[Json]]:
    runs, refusals = list[Json](), list[Json]()
    for asset_id in asset_ids:
        try:
            run = api.post(_place(asset_id))
        except Failure as failure:
            if failure.exit_code != Failure.exit_code:
                raise
            refusals.append({"assetId": asset_id, "reason": failure.message})
            note(f"{clean(asset_id)}: {clean(failure.message)}")
            continue
        runs.append(run)
        if not silent:
            click.echo(f"Workflow {clean(run['id'])} ({clean(run['type'])}) was started on {clean(asset_id)}.")
    return runs, refusals


def _place(asset_id: str) -> str:
    return at("assets", asset_id, "bmc", "rotate")
