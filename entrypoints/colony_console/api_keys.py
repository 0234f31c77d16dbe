"""`colony api-key`: who may call. It works on the store itself, as the first key has to come from somewhere."""

from datetime import UTC, datetime
from typing import Any

import click

from colony_console import options, server_options
from colony_console.client import Json
from colony_console.inside import read_settings, run
from colony_console.output import Columns, print_json, print_list
from colony_core import ApiKey, ApiRole, Paging
from colony_core.application.api_keys import NewApiKey
from colony_core.domain.rate_limits import Limits
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

COLUMNS: Columns = {
    "ID": lambda key: key["id"],
    "DESCRIPTION": lambda key: key["description"],
    "ROLE": lambda key: key["role"],
    "STATUS": lambda key: key["status"],
    "CREATED": lambda key: key["createdAt"],
    "LAST USED": lambda key: key["lastUsedAt"],
    "EXPIRES": lambda key: key["expiresAt"],
}
_PAGE = 1000
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@click.group("api-key")
def api_key() -> None:
    """Make, list and revoke API keys.

    These commands work on the database, beside a server that may be running.
    """


@api_key.command()
@click.option("--description", required=True, metavar="TEXT", help="Who or what the key is for.")
@click.option("--role", type=click.Choice([role.value for role in ApiRole]), default="admin", show_default=True)
@click.option(
    "--expires-at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="When it ends, in UTC; never unless given.",
)
@click.option(
    "--per-minute", type=click.IntRange(min=1), help="Requests in any minute; the server's limit unless given."
)
@click.option("--per-hour", type=click.IntRange(min=1), help="Requests in any hour; the server's limit unless given.")
@server_options.database
@click.option("--json", "as_json", is_flag=True, help="Print the key with what is known of it, as JSON.")
def create(
    *,
    description: str,
    role: str,
    expires_at: datetime | None,
    per_minute: int | None,
    per_hour: int | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Make a key, and print it alone on standard output. It cannot be shown again."""
    settings = read_settings(database_url=database_url, rate_limit_per_minute=per_minute, rate_limit_per_hour=per_hour)
    limits = Limits(per_minute=settings.rate_limit_per_minute, per_hour=settings.rate_limit_per_hour)
    new = run(
        make_key(
            settings,
            description,
            role=ApiRole(role),
            expires_at=expires_at.replace(tzinfo=UTC) if expires_at else None,
            limits=limits if per_minute or per_hour else None,
        )
    )
    if as_json:
        print_json(shown(new.key) | {"key": new.whole.reveal()})
    else:
        click.echo(new.whole.reveal())


@api_key.command("list")
@options.limit
@server_options.database
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API would.")
def list_keys(*, limit: int, database_url: str | None, as_json: bool) -> None:
    """List the keys, revoked ones too; what is secret of them is not kept anywhere."""
    answer = run(_listed(read_settings(database_url=database_url), limit))
    print_list(answer, "apiKeys", COLUMNS, as_json=as_json)


@api_key.command()
@click.argument("key_id")
@server_options.database
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API would.")
def revoke(*, key_id: str, database_url: str | None, as_json: bool) -> None:
    """Make a key open nothing from now on. KEY_ID is its first part, like cd-0123456789ab."""
    key = run(_revoked(read_settings(database_url=database_url), key_id.partition("_")[0]))
    if as_json:
        print_json(shown(key))
    else:
        click.echo(f"API key {key.id} ({key.description}) opens nothing any more.")


async def make_key(settings: Settings, description: str, *, role: ApiRole = ApiRole.ADMIN, **terms: Any) -> NewApiKey:
    """Make a key in the store that *settings* name; the audit trail shows it as an act of the console."""
    async with opened(settings) as colony, colony.audit.at_the_console("create_api_key", "api-keys") as known:
        new = await colony.api_keys.create(description, role, **terms)
        known(f"api-keys/{new.key.id}")
        return new


async def _listed(settings: Settings, limit: int) -> Json:
    keys: list[ApiKey] = []
    cursor = None
    async with opened(settings) as colony:
        while len(keys) < limit:
            page = await colony.api_keys.page(Paging(limit=min(_PAGE, limit - len(keys)), cursor=cursor))
            keys += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    return {"apiKeys": [shown(key) for key in keys], "nextCursor": cursor}


async def _revoked(settings: Settings, key_id: str) -> ApiKey:
    async with opened(settings) as colony, colony.audit.at_the_console("revoke_api_key", f"api-keys/{key_id}"):
        return await colony.api_keys.revoke(key_id)


def shown(key: ApiKey) -> Json:
    """Return a key as the API shows it."""
    return {
        "id": key.id,
        "key": key.masked,
        "description": key.description,
        "role": key.role.value,
        "status": key.status(datetime.now(UTC)).value,
        "limits": {"perMinute": key.limits.per_minute, "perHour": key.limits.per_hour} if key.limits else None,
        "createdAt": _time(key.created_at),
        "expiresAt": _time(key.expires_at),
        "revokedAt": _time(key.revoked_at),
        "lastUsedAt": _time(key.last_used_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
