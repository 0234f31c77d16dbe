"""Who may call: keys are made, shown once, checked, counted and revoked."""

from datetime import datetime

from msgspec import Struct

from colony_core.domain.api_keys import ApiKey, ApiKeyNotFound, ApiRole, admitted, hashed, parsed, revoked, whole
from colony_core.domain.rate_limits import UNAUTHENTICATED, Limits, Window
from colony_core.domain.secrets import Secret
from colony_core.errors import RateLimited, Unauthorized
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Page, Paging, Store
from colony_core.ports.rate_limits import RateLimiter

_ID_DIGITS = 12
_SECRET_DIGITS = 40


class NewApiKey(Struct, frozen=True):
    """A key that was just made: the only time that the whole of it can be seen."""

    key: ApiKey
    whole: Secret


class ApiKeyDesk:
    """Makes and checks API keys; *clock* is the real one, whatever time the machines live in."""

    def __init__(
        self, store: Store, *, clock: Clock, chance: Chance, limiter: RateLimiter, limits: Limits = Limits()
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._limiter = limiter
        self._limits = limits

    async def create(
        self,
        description: str,
        role: ApiRole = ApiRole.ADMIN,
        *,
        expires_at: datetime | None = None,
        limits: Limits | None = None,
    ) -> NewApiKey:
        """Make a key. Nobody can show it again."""
        secret = self._chance.token(_SECRET_DIGITS)
        key = ApiKey(
            id=f"cd-{self._chance.token(_ID_DIGITS)}",
            secret_hash=hashed(secret),
            description=description,
            role=role,
            limits=limits,
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        async with self._store.transaction() as tx:
            tx.api_keys.add(key)
        return NewApiKey(key, whole(key.id, secret))

    async def page(self, paging: Paging) -> Page[ApiKey]:
        """Return some of the keys, revoked ones too, oldest first."""
        async with self._store.reading() as look:
            return await look.api_keys.page(paging)

    async def any(self) -> bool:
        """Tell whether any key was ever made."""
        async with self._store.reading() as look:
            return await look.api_keys.any()

    async def revoke(self, key_id: str) -> ApiKey:
        """Make the key open nothing from now on; the row stays."""
        async with self._store.transaction() as tx:
            key = await tx.api_keys.find(key_id)
            if key is None:
                raise ApiKeyNotFound(key_id)
            key = revoked(key, now=self._clock.now())
            tx.api_keys.put(key)
        return key

    async def admit(self, presented: str, *, client: str) -> ApiKey:
        """Return the key that *presented* is, and count the call against its limits.

        A call without a living key is counted against the *client*'s address instead. Raises `Unauthorized` or
        `RateLimited`.
        """
        try:
            key = await self._recognised(presented)
        except Unauthorized:
            await self._count(f"client {client}", UNAUTHENTICATED)
            raise
        await self._count(f"key {key.id}", (key.limits or self._limits).windows)
        return key

    async def _recognised(self, presented: str) -> ApiKey:
        parts = parsed(presented)
        if parts is None:
            return admitted(None, "", now=self._clock.now())
        key_id, secret = parts
        async with self._store.reading() as look:
            key = admitted(await look.api_keys.find(key_id), secret, now=self._clock.now())
            look.api_keys.touch(key.id, self._clock.now())
        return key

    async def _count(self, subject: str, windows: tuple[Window, ...]) -> None:
        verdict = await self._limiter.admit(subject, windows)
        if not verdict.admitted:
            allowed = " and ".join(f"{window.limit} requests in {window.seconds} seconds" for window in windows)
            raise RateLimited(
                f"At most {allowed} are allowed: wait {verdict.retry_after} seconds", retry_after=verdict.retry_after
            )
