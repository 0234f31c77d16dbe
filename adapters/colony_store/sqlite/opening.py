"""The entry point of SQLite in the group `colony_core.store`."""

from pathlib import Path

from colony_core.ports.sealing import Sealer
from colony_store.sqlite.store import SqliteStore

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
