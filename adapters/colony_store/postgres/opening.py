"""The entry points of PostgreSQL in the groups `colony_core.store`, `rate_limits`, `schema` and `copy`."""

from colony_core.domain.secrets import Secret
from colony_core.ports.sealing import Sealer
from colony_store.postgres.copying import PostgresSide
from colony_store.postgres.link import Address
from colony_store.postgres.migrations import current_version, migrate, schema_of
from colony_store.postgres.rate_limits import PostgresRateLimiter
from colony_store.postgres.store import PostgresStore


async def open_store(url: str, *, sealer: Sealer, serving: bool) -> PostgresStore:  # noqa: ARG001 - any number may serve
    """Return the store in the database that *url* (`postgresql://...`) names."""
    return await PostgresStore.open(url, sealer=sealer)


def open_rate_limiter(url: str) -> PostgresRateLimiter:
    """Return the limiter whose memory is in the database that *url* names; `aclose` lets go of it."""
    return PostgresRateLimiter(url)


async def schema(url: str, *, apply: bool) -> tuple[int, int]:
    """Return the schema of the database and the newest that this release knows; *apply* brings it there first."""
    address = Address(url=Secret(url))
    if apply:
        return (await migrate(address)).version, current_version()
    link = await address.connect()
    try:
        return (await schema_of(link)).version, current_version()
    finally:
        await link.close(within=2.0)


async def open_side(url: str, *, writes: bool) -> PostgresSide:  # noqa: ARG001 - either way it is kept for us alone
    """Return the database as a side of a copy."""
    return await PostgresSide.open(url)
