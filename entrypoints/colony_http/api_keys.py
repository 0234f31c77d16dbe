"""Routes of API keys; only administrators pass."""

from datetime import datetime

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from colony_core import Colony
from colony_core.domain.api_keys import ApiKeyNotFound, Permission
from colony_core.errors import Invalid
from colony_core.ports.persistence import CursorInvalid
from colony_http import examples
from colony_http.operations import Operation, described
from colony_http.replies import Reply, created, shown
from colony_http.shapes_api_keys import ApiKeyList, ApiKeyView, CreateApiKey
from colony_http.shapes_paging import PagingQuery, in_utc

TAG = "API keys"

_LIST = Operation(
    summary="List API keys",
    tag=TAG,
    query=PagingQuery,
    answers={200: ApiKeyList},
    errors=(CursorInvalid,),
    needs=Permission.ADMINISTER,
)
_GET = Operation(
    summary="Get one API key",
    tag=TAG,
    answers={200: ApiKeyView},
    errors=(ApiKeyNotFound,),
    needs=Permission.ADMINISTER,
)
_CREATE = Operation(
    summary="Create an API key",
    tag=TAG,
    answers={201: ApiKeyView},
    needs=Permission.ADMINISTER,
    body_example=examples.API_KEY,
)
_REVOKE = Operation(
    summary="Revoke an API key",
    tag=TAG,
    answers={200: ApiKeyView},
    errors=(ApiKeyNotFound,),
    needs=Permission.ADMINISTER,
)


@get("/api-keys", **described(_LIST))
async def list_api_keys(
    asked: NamedDependency[PagingQuery], colony: NamedDependency[Colony], now: NamedDependency[datetime]
) -> Reply:
    """Return some of the keys, masked, revoked ones too, oldest first."""
    page = await colony.api_keys.page(asked.paging())
    views = tuple(ApiKeyView.of(key, now=now) for key in page.items)
    return shown(ApiKeyList(api_keys=views, next_cursor=page.next_cursor))


@get("/api-keys/{id:str}", **described(_GET))
async def get_api_key(id: FromPath[str], colony: NamedDependency[Colony], now: NamedDependency[datetime]) -> Reply:
    """Return one key, masked."""
    key_id = _public(id)
    async with colony.ports.store.reading() as look:
        key = await look.api_keys.find(key_id)
    if key is None:
        raise ApiKeyNotFound(key_id)
    return shown(ApiKeyView.of(key, now=now))


@post("/api-keys", **described(_CREATE))
async def create_api_key(
    data: JSONBody[CreateApiKey], colony: NamedDependency[Colony], now: NamedDependency[datetime]
) -> Reply:
    """Make a key. This answer is the only one that ever shows the whole of it."""
    new = await colony.api_keys.create(
        data.description,
        data.role,
        expires_at=_future(data.expires_at, now),
        limits=data.limits.limits() if data.limits else None,
    )
    return created(ApiKeyView.whole(new, now=now), f"/api/v1/api-keys/{new.key.id}")


@delete("/api-keys/{id:str}", **described(_REVOKE))
async def revoke_api_key(id: FromPath[str], colony: NamedDependency[Colony], now: NamedDependency[datetime]) -> Reply:
    """Make a key open nothing from now on; it stays in the list."""
    return shown(ApiKeyView.of(await colony.api_keys.revoke(_public(id)), now=now))


def _public(id: str) -> str:
    """Return the public part of a key's id: a whole key in its place must not be repeated in an answer."""
    return id.partition("_")[0]


def _future(moment: datetime | None, now: datetime) -> datetime | None:
    if moment is None:
        return None
    expires = in_utc(moment, "expiresAt")
    if expires <= now:
        raise Invalid("expiresAt: must be in the future")
    return expires


ROUTES = (list_api_keys, get_api_key, create_api_key, revoke_api_key)
