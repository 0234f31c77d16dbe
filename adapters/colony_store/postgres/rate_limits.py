"""A rate limiter in PostgreSQL: exact for all processes that share the database, in one round trip."""

from collections.abc import Callable

from colony_core.domain.rate_limits import ADMITTED, NANOSECONDS, Verdict, Window
from colony_core.domain.secrets import Secret
from colony_store.postgres.link import Address, Patience
from colony_store.postgres.pool import Pool

CONNECTIONS = 4
PATIENCE = Patience(lock=5.0, statement=5.0)

_ADMIT = "SELECT colony_admit($1, $2::bigint[], $3::bigint[], $4::bigint)"


class PostgresRateLimiter:
    """Exact sliding windows for the callers of every process; the function `colony_admit` keeps the log.

    The times are the server's, unless *now_ns* gives them. The log is unlogged and not synced: it outlives every
    process, and is lost when PostgreSQL itself crashes.
    """

    def __init__(self, url: str, *, now_ns: Callable[[], int] | None = None) -> None:
        self._pool = Pool(Address(url=Secret(url), patience=PATIENCE), room=CONNECTIONS)
        self._now_ns = now_ns

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        """Admit and count one request of *subject*, or refuse it and count nothing."""
        at = None if self._now_ns is None else self._now_ns()
        limits, seconds = [window.limit for window in windows], [window.seconds for window in windows]
        ((wait,),) = await self._pool.ask(lambda link: link.rows(_ADMIT, subject, limits, seconds, at))
        return Verdict(admitted=False, retry_after=-(-wait // NANOSECONDS)) if wait else ADMITTED

    async def aclose(self) -> None:
        """Let go of every connection."""
        await self._pool.close()
