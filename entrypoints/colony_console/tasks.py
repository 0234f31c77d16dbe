"""`colony tasks`: what people have to do by hand; and `colony add-manual`, machines that need them."""

import click

from colony_console import options
from colony_console.assets import ListByDefault, print_asset
from colony_console.client import Api, Json, at
from colony_console.failures import BadInput
from colony_console.output import Columns, note, print_json, print_list
from colony_console.registering import pairs
from colony_console.wording import clean, moment

COLUMNS: Columns = {
    "ID": lambda task: task["id"],
    "ASSET": lambda task: task["assetId"],
    "UNTIL": lambda task: moment(task["deadline"]),
    "WHAT TO DO": lambda task: task["instruction"],
}


@click.group(cls=ListByDefault)
def tasks() -> None:
    """List what somebody has to do by hand, or confirm it."""


@tasks.command("list")
@options.as_json
@options.talks_to_server
def list_tasks(api: Api, *, as_json: bool) -> None:
    """List what waits for somebody."""
    print_list(api.get("/tasks"), "tasks", COLUMNS, as_json=as_json)


@tasks.command()
@click.argument("task_id")
@options.as_json
@options.talks_to_server
def confirm(api: Api, *, task_id: str, as_json: bool) -> None:
    """Say that a task is done. Saying it again changes nothing."""
    workflow = api.get(at("workflows", task_id.partition(".")[0]))
    if workflow.get("assetId") is None:
        raise BadInput(f"{task_id} is no task: `colony tasks` lists them")
    run = api.post(at("assets", workflow["assetId"], "tasks", task_id, "confirm"))
    if as_json:
        print_json(run)
    else:
        note(f"Confirmed. Workflow {clean(run['id'])} is {clean(run['status'])}.")


@click.command("add-manual")
@click.option("--hostname", help="Its host name.")
@click.option("--mac", "macs", multiple=True, required=True, help="An interface that it boots from; may be repeated.")
@click.option("--id", "asset_id", metavar="ID", help="What to call the machine; the server chooses.")
@click.option("--tag", "tags", multiple=True, metavar="KEY:VALUE", help="May be repeated; rack and slot help people.")
@options.as_json
@options.talks_to_server
def add_manual(
    api: Api,
    *,
    hostname: str | None,
    macs: tuple[str, ...],
    asset_id: str | None,
    tags: tuple[str, ...],
    as_json: bool,
) -> None:
    """Register a machine that has no management controller.

    Whatever a controller would do, somebody is asked to do by hand: `colony tasks` lists it.
    """
    chosen = {"id": asset_id, "hostname": hostname, "macs": list(macs), "tags": pairs(tags)}
    body: Json = {"bmc": {"protocol": "manual"}} | {name: value for name, value in chosen.items() if value}
    asset = api.post("/assets", body)
    if as_json:
        print_json(asset)
        return
    print_asset(asset)
    note("It is being discovered, for which somebody has to start it: colony tasks")
