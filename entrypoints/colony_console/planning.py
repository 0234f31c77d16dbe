"""What `colony cluster create --dry-run` prints for people."""

import click

from colony_console.client import Json
from colony_console.output import Columns, print_table
from colony_console.wording import clean

_MACHINES: Columns = {
    "NODE": lambda machine: machine["hostname"],
    "ROLE": lambda machine: machine["role"],
    "ADDRESS": lambda machine: f"{machine['ip']}/{machine['subnet']}" if machine.get("ip") else "DHCP",
    "ASSET": lambda machine: machine["assetId"],
    "DESTROYS": lambda machine: machine["destroys"],
}


def print_plan(plan: Json) -> None:
    """Print which machines would become what, what is lost, and the steps in their order."""
    least, most = (round(plan["estimate"][key] / 60) for key in ("leastSeconds", "mostSeconds"))
    click.echo(f"Nothing was done. Cluster {clean(plan['name'])} would take {least} to {most} minutes.\n")
    print_table(plan["machines"], _MACHINES)
    if plan["machines"]:
        click.echo("\nOn each machine:")
        _print_steps(plan["machines"][0]["steps"])
    click.echo("\nFor the cluster:")
    _print_steps(plan["steps"])
    click.echo(f"\nTo do exactly this, add: --plan-hash {clean(plan['planHash'])}")


def _print_steps(steps: list[Json]) -> None:
    for number, step in enumerate(steps, start=1):
        click.echo(f"  {number:>2}. {clean(step['title'])}")
