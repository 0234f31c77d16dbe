"""`colony version`."""

import json
import platform

import click

from colony_wiring.version import version as installed


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def version(as_json: bool) -> None:  # noqa: FBT001 - click hands flags over as booleans
    """Show the installed release."""
    if as_json:
        click.echo(json.dumps({"version": installed(), "python": platform.python_version()}))
    else:
        click.echo(f"colony {installed()} (Python {platform.python_version()})")
