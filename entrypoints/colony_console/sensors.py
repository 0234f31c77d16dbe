"""`colony sensors`: what a machine measures of itself, now."""

import click

from colony_console import options
from colony_console.client import Api, at
from colony_console.output import Columns, print_list

COLUMNS: Columns = {
    "SENSOR": lambda sensor: sensor["name"],
    "KIND": lambda sensor: sensor["kind"],
    "VALUE": lambda sensor: f"{sensor['value']:g}",
    "UNIT": lambda sensor: sensor["unit"],
}


@click.command()
@click.argument("asset_id")
@options.as_json
@options.talks_to_server
def sensors(api: Api, *, asset_id: str, as_json: bool) -> None:
    """Show a machine's temperatures, fans and power.

    They are read from its controller now, which takes a slow one some seconds.
    """
    print_list(api.get(at("assets", asset_id, "sensors")), "sensors", COLUMNS, as_json=as_json)
