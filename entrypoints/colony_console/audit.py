"""`colony audit`: who did what."""

import click

from colony_console import options
from colony_console.client import Api
from colony_console.output import Columns, print_list
from colony_console.wording import moment

COLUMNS: Columns = {
    "AT": lambda deed: moment(deed["at"]),
    "KEY": lambda deed: deed["key"],
    "ACTION": lambda deed: deed["action"],
    "RESOURCE": lambda deed: deed["resource"],
    "OUTCOME": lambda deed: deed["outcome"],
    "CODE": lambda deed: deed["code"],
    "CREATED": lambda deed: deed["created"],
    "REQUEST": lambda deed: deed["requestId"],
}


@click.command()
@click.option("--key", metavar="ID", help="Only what this API key did, such as cd-0123456789ab; or console.")
@click.option("--resource", metavar="PATH", help="Only what was done to this, such as assets/asset-1.")
@click.option("--action", metavar="NAME", help="Only this action, such as wipe_asset.")
@options.limit
@options.as_json
@options.talks_to_server
def audit(api: Api, *, key: str | None, resource: str | None, action: str | None, limit: int, as_json: bool) -> None:
    """List who did what, and what came of it.

    Calls that were refused show too. It needs an administrator's key.
    """
    key = key.partition("_")[0] if key else None
    answer = api.listed("audit", limit=limit, key=key, resource=resource, action=action)
    print_list(answer, "audit", COLUMNS, as_json=as_json)
