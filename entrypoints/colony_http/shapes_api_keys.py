"""An API key as clients see it: whole once, and bullets ever after."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from colony_core import ApiKey, ApiRole
from colony_core.application.api_keys import NewApiKey
from colony_core.domain.api_keys import KeyStatus
from colony_core.domain.rate_limits import Limits
from colony_http.shapes_paging import Moment

PerWindow = Annotated[int, Meta(ge=1, le=1_000_000)]


class LimitsView(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How often a key may call in any minute and in any hour."""

    per_minute: PerWindow
    per_hour: PerWindow

    def limits(self) -> Limits:
        """Return the same in the words of the core."""
        return Limits(per_minute=self.per_minute, per_hour=self.per_hour)


class CreateApiKey(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A key to be made; without `limits` those of the service hold."""

    description: Annotated[str, Meta(min_length=1, max_length=200)]
    role: ApiRole = ApiRole.ADMIN
    expires_at: Moment | None = None
    limits: LimitsView | None = None


class ApiKeyView(Struct, frozen=True, kw_only=True, rename="camel"):
    """An API key. `key` is masked, except in the answer that creates it: nobody can show it again."""

    id: str
    key: str
    description: str
    role: ApiRole
    status: KeyStatus
    limits: LimitsView | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, *, now: datetime) -> "ApiKeyView":
        """Return *key* as clients see it at *now*."""
        return cls(
            id=key.id,
            key=key.masked,
            description=key.description,
            role=key.role,
            status=key.status(now),
            limits=msgspec.convert(key.limits, LimitsView | None, from_attributes=True),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )

    @classmethod
    def whole(cls, new: NewApiKey, *, now: datetime) -> "ApiKeyView":
        """Return a *new* key with all of it to be seen."""
        return msgspec.structs.replace(cls.of(new.key, now=now), key=new.whole.reveal())


class ApiKeyList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the keys, revoked ones too, oldest first; `nextCursor` is null on the last page."""

    api_keys: tuple[ApiKeyView, ...]
    next_cursor: str | None = None
