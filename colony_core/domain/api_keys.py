"""API keys: `cd-<12 hex>_<40 hex>`, a public id and a secret of which only the hash is kept."""

import hashlib
import hmac
import re
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.rate_limits import Limits
from colony_core.domain.secrets import Secret
from colony_core.errors import Forbidden, NotFound, Unauthorized

_SHAPE = re.compile(r"(cd-[0-9a-f]{12})_([0-9a-f]{40})")


class ApiRole(StrEnum):
    """What a key may do: everything; everything but API keys; or look."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a call needs."""

    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"


_GRANTS = {
    ApiRole.ADMIN: frozenset(Permission),
    ApiRole.OPERATOR: frozenset({Permission.READ, Permission.OPERATE}),
    ApiRole.VIEWER: frozenset({Permission.READ}),
}


class KeyStatus(StrEnum):
    """Whether a key still opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is kept: `secret_hash` is the SHA-256 (hex) of its second part, which nobody keeps.

    A plain hash is enough: the secret is 160 random bits, so there is nothing to guess. `limits` of None means
    those of the service.
    """

    id: str
    secret_hash: str
    description: str
    role: ApiRole
    limits: Limits | None = None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def status(self, now: datetime) -> KeyStatus:
        """Return whether the key opens anything at *now*."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyStatus.EXPIRED
        return KeyStatus.ACTIVE

    @property
    def masked(self) -> str:
        """Return the key as lists show it: its id, and bullets."""
        return f"{self.id}_••••••••"


class ApiKeyNotFound(NotFound):
    """No API key has this id."""

    code = "API_KEY_NOT_FOUND"
    summary = "API key not found"
    advice = "List the API keys, and use an id from there."

    def __init__(self, key_id: str) -> None:
        super().__init__(f"API key with ID '{key_id}' does not exist")


def whole(key_id: str, secret: str) -> Secret:
    """Return the key as its owner gets to see it, once."""
    return Secret(f"{key_id}_{secret}")


def parsed(presented: str) -> tuple[str, str] | None:
    """Return id and secret of a well-formed key, or None."""
    match = _SHAPE.fullmatch(presented)
    return (match[1], match[2]) if match else None


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def admitted(key: ApiKey | None, secret: str, *, now: datetime) -> ApiKey:
    """Return *key* if *secret* opens it at *now*; otherwise one refusal for every reason."""
    known = key.secret_hash if key is not None else hashed("")
    fits = hmac.compare_digest(known, hashed(secret))
    if key is None or not fits or key.status(now) is not KeyStatus.ACTIVE:
        raise Unauthorized("The API key is missing, malformed, unknown, revoked or expired")
    return key


def require(key: ApiKey, permission: Permission) -> None:
    """Refuse what the role of *key* does not allow."""
    if permission not in _GRANTS[key.role]:
        allowed = " or ".join(role.value for role in ApiRole if permission in _GRANTS[role])
        raise Forbidden(f"API key '{key.id}' has the role {key.role}; this call needs {allowed}")


def revoked(key: ApiKey, *, now: datetime) -> ApiKey:
    """Return *key* as one that opens nothing any more; the first time stands."""
    return key if key.revoked_at is not None else replace(key, revoked_at=now)
