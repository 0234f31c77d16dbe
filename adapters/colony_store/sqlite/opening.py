"""The entry points of SQLite in the groups `colony_core.store`, `colony_core.schema` and `colony_core.copy`."""

import sqlite3
from contextlib import closing
from pathlib import Path

from colony_core.ports.sealing import Sealer
from colony_store.sqlite.copying import SqliteSide
from colony_store.sqlite.link import translated
from colony_store.sqlite.migrations import current_version, migrate, version_of
from colony_store.sqlite.store import SqliteStore, make_private

_SCHEME = "sqlite:///"


async def open_store(url: str, *, sealer: Sealer, serving: bool) -> SqliteStore:
    """Return the store in the file that *url* (`sqlite:///FILE`) names; *serving* keeps every other server off it."""
    store = await SqliteStore.open(Path(url.removeprefix(_SCHEME)), sealer=sealer)
    try:
        if serving:
            store.acquire_server_lock()
    except BaseException:
        await store.aclose()
        raise
    return store


async def schema(url: str, *, apply: bool) -> tuple[int, int]:
    """Return the schema of the file and the newest that this release knows; *apply* brings the file there first."""
    return _schema(Path(url.removeprefix(_SCHEME)), apply=apply)


async def open_side(url: str, *, writes: bool) -> SqliteSide:
    """Return the file as a side of a copy."""
    return await SqliteSide.open(Path(url.removeprefix(_SCHEME)), writes=writes)


def _schema(path: Path, *, apply: bool) -> tuple[int, int]:
    if not path.exists() and not apply:
        return 0, current_version()
    if apply:
        make_private(path)
    with translated(), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if apply:
            migrate(connection)
        return version_of(connection), current_version()
