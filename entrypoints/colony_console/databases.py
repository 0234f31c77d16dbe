"""`colony migrate` and `colony copy`: what is done to a database as a whole."""

import click

from colony_console import server_options
from colony_console.failures import Failure
from colony_console.inside import read_settings, run
from colony_console.output import print_json
from colony_wiring.databases import copy as copy_database
from colony_wiring.databases import schema


@click.command()
@server_options.database
@click.option("--check", is_flag=True, help="Change nothing; end with 1 unless the schema is current.")
def migrate(*, database_url: str | None, check: bool) -> None:
    """Bring the schema of the database up to date.

    Every server and command does so when it starts; run it by hand to do it before an upgrade.
    Processes of the previous release go on meanwhile.
    """
    settings = read_settings(database_url=database_url)
    before, newest = run(schema(settings, apply=False))
    after = before if check else run(schema(settings, apply=True))[0]
    if after > newest:
        click.echo(f"Schema {after}, made by a newer release: this one knows up to {newest}")
    elif after < newest:
        raise Failure(f"The database has schema {after} and the newest is {newest}", "Run `colony migrate`.")
    elif before == after:
        click.echo(f"Schema {after} is the newest: nothing to do")
    else:
        click.echo(f"Schema {before} was brought to {after}, the newest")


@click.command()
@click.option("--from", "source", required=True, metavar="URL", help="The database to read.")
@click.option("--to", "target", required=True, metavar="URL", help="An empty database, or a file that is not there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def copy(*, source: str, target: str, as_json: bool) -> None:
    """Copy everything from one database to another, SQLite or PostgreSQL.

    Ids, revisions, seqs and sealed secrets stay as they are; each row is read back and compared, and nothing is kept
    unless all agree. Stop the servers first. The secret key is that of the source, and goes on being the key.
    """
    both = [read_settings(database_url=url) for url in (source, target)]
    done = run(copy_database(both[0], both[1]))
    if as_json:
        print_json({"rows": done})
        return
    for table, number in done.items():
        click.echo(f"{number:>9}  {table}")
    click.echo(f"{sum(done.values()):>9}  rows copied, read back and compared. Keep the secret key: it is the same.")
