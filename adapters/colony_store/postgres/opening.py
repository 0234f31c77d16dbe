"""The entry point of PostgreSQL in the group `colony_core.store`."""

from colony_core.ports.sealing import Sealer
from colony_store.postgres.store import PostgresStore


async def open_store(url: str, *, sealer: Sealer, serving: bool) -> PostgresStore:  # noqa: ARG001 - any number may serve
    """Return the store in the database that *url* (`postgresql://...`) names."""
    return await PostgresStore.open(url, sealer=sealer)
