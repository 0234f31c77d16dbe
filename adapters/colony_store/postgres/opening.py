"""The entry points of PostgreSQL in the groups `colony_core.store` and `colony_core.rate_limits`."""

from colony_core.ports.sealing import Sealer
from colony_store.postgres.rate_limits import PostgresRateLimiter
from colony_store.postgres.store import PostgresStore


async def open_store(url: str, *, sealer: Sealer, serving: bool) -> PostgresStore:  # noqa: ARG001 - any number may serve
    """Return the store in the database that *url* (`postgresql://...`) names."""
    return await PostgresStore.open(url, sealer=sealer)


def open_rate_limiter(url: str) -> PostgresRateLimiter:
    """Return the limiter whose memory is in the database that *url* names; `aclose` lets go of it."""
    return PostgresRateLimiter(url)
