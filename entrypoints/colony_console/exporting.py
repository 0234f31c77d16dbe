"""`colony export`: every machine in a list that `colony import` reads again."""

from pathlib import Path

import click

from colony_console import machine_lists, options, server_options
from colony_console.files import hand_over
from colony_console.inside import read_settings, run
from colony_console.machine_rows import Row, row_of_asset, row_of_view
from colony_core import Paging, Secret
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

_PAGE = 1000
_ALL = 1_000_000


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output unless given."
)
@machine_lists.form
@click.option(
    "--with-secrets", is_flag=True,
    help="With the controllers' passwords, sealed to a passphrase. It works on the database, beside a server that may"
    " be running, and needs the server's secret key: the API never shows a password.",
)  # fmt: skip
@machine_lists.passphrase_file
@server_options.database
@options.api_url
@options.api_key
def export(
    *,
    output: Path | None,
    form: str | None,
    with_secrets: bool,
    passphrase_file: Path | None,
    database_url: str | None,
    api_url: str,
    api_key: str | None,
) -> None:
    """Write every machine into a list that `colony import` reads.

    The oldest comes first. It is CSV unless the file's name or --format says YAML. Imported again it changes nothing;
    the same machines give the same bytes. Passwords are left out unless they are asked for.
    """
    chosen = machine_lists.form_of(str(output or ""), form) or "csv"
    if with_secrets:
        passphrase = machine_lists.passphrase(passphrase_file, new=True)
        rows = machine_lists.sealed(run(_with_passwords(read_settings(database_url=database_url))), passphrase)
    else:
        with options.connected(api_url, api_key) as api:
            api.be_patient()
            rows = [row_of_view(asset) for asset in api.listed("assets", limit=_ALL)["assets"]]
    hand_over(machine_lists.write_list(rows, chosen, secrets=with_secrets), output)


async def _with_passwords(settings: Settings) -> list[Row]:
    """Return every machine with its password; the audit trail says that they were taken."""
    rows: list[Row] = []
    paging: Paging | None = Paging(limit=_PAGE)
    async with opened(settings) as colony:
        async with colony.audit.at_the_console("export_secrets", "assets"):
            pass  # nobody gets them unless this is on disk
        while paging is not None:
            page, passwords = await colony.assets.page_with_passwords(paging)
            rows += [row_of_asset(asset, passwords.get(asset.id, Secret(""))) for asset in page.items]
            paging = Paging(limit=_PAGE, cursor=page.next_cursor) if page.next_cursor else None
    return rows
