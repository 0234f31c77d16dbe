"""What is done to a database as a whole: bringing its schema up to date, and copying it to another one."""

from contextlib import AsyncExitStack

from colony_core.errors import Invalid
from colony_core.ports.sealing import Sealer as SealerPort
from colony_crypto.sealing import Sealer, parse_key
from colony_store.copying import copied
from colony_system.keyfile import find_secret_key
from colony_wiring.plugins import load
from colony_wiring.settings import Settings


class DatabaseMissing(Invalid):
    """The database to be copied from is not there."""

    code = "DATABASE_MISSING"
    summary = "Database is missing"
    advice = "Name a database that is there."


def kind_of(settings: Settings) -> str:
    """Return the name under which the adapters for the database are found."""
    return "postgresql" if settings.database_path is None else "sqlite"


async def schema(settings: Settings, *, apply: bool) -> tuple[int, int]:
    """Return the schema of the database and the newest that this release knows; *apply* brings it there first."""
    found: tuple[int, int] = await load("colony_core.schema", kind_of(settings))(settings.database_url, apply=apply)
    return found


async def copy(source: Settings, target: Settings) -> dict[str, int]:
    """Copy everything from one database to another, which is empty, and return how many rows of each table.

    Both are opened first, as every command opens them: the schemas are current then, and the secret key fits both.
    """
    if source.database_path is not None and not source.database_path.exists():
        raise DatabaseMissing(f"There is no {source.database_path} to copy from")
    if source.database_url == target.database_url:
        raise DatabaseMissing("The copy would go to where it comes from: name two databases")
    found = find_secret_key(source.secret_key, source.secret_key_file, database=source.database_path)
    sealer = Sealer(parse_key(found.secret))
    for settings in (source, target):
        await _try(settings, sealer)
    async with AsyncExitStack() as stack:
        sides = []
        for settings, writes in ((source, False), (target, True)):
            side = await load("colony_core.copy", kind_of(settings))(settings.database_url, writes=writes)
            stack.push_async_callback(side.aclose)
            sides.append(side)
        return await copied(*sides)


async def _try(settings: Settings, sealer: SealerPort) -> None:
    """Open the database once, as a command does."""
    store = await load("colony_core.store", kind_of(settings))(settings.database_url, sealer=sealer, serving=False)
    await store.aclose()
