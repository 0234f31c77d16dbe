"""Routes of webhooks; only administrators pass, as they choose where this server sends to."""

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from colony_core import Colony
from colony_core.application.webhooks import DeadLetterNotFound
from colony_core.domain.api_keys import Permission
from colony_core.domain.webhooks import WebhookNotFound
from colony_core.ports.persistence import CursorInvalid
from colony_http import examples
from colony_http.operations import Operation, described
from colony_http.replies import Reply, created, shown
from colony_http.shapes_paging import PagingQuery
from colony_http.shapes_webhooks import (
    CreateWebhook,
    DeadLetterList,
    DeadLetterView,
    Redeliver,
    WebhookList,
    WebhookView,
)

TAG = "Webhooks"

_LIST = Operation(
    summary="List webhooks",
    tag=TAG,
    query=PagingQuery,
    answers={200: WebhookList},
    errors=(CursorInvalid,),
    needs=Permission.ADMINISTER,
)
_GET = Operation(
    summary="Get one webhook",
    tag=TAG,
    answers={200: WebhookView},
    errors=(WebhookNotFound,),
    needs=Permission.ADMINISTER,
)
_CREATE = Operation(
    summary="Create a webhook",
    tag=TAG,
    answers={201: WebhookView},
    needs=Permission.ADMINISTER,
    body_example=examples.WEBHOOK,
)
_REMOVE = Operation(
    summary="Delete a webhook",
    tag=TAG,
    answers={200: WebhookView},
    errors=(WebhookNotFound,),
    needs=Permission.ADMINISTER,
)
_DEAD = Operation(
    summary="List what an endpoint did not take",
    tag=TAG,
    query=PagingQuery,
    answers={200: DeadLetterList},
    errors=(CursorInvalid, WebhookNotFound),
    needs=Permission.ADMINISTER,
)
_REDELIVER = Operation(
    summary="Send dead letters once more",
    tag=TAG,
    answers={200: WebhookView},
    errors=(WebhookNotFound, DeadLetterNotFound),
    needs=Permission.ADMINISTER,
    body_example={"events": [17, 18]},
)


@get("/webhooks", **described(_LIST))
async def list_webhooks(asked: NamedDependency[PagingQuery], colony: NamedDependency[Colony]) -> Reply:
    """Return some of the webhooks, oldest first, and how far each endpoint has been told."""
    page = await colony.webhooks.page(asked.paging())
    return shown(WebhookList(webhooks=tuple(map(WebhookView.of, page.items)), next_cursor=page.next_cursor))


@get("/webhooks/{id:str}", **described(_GET))
async def get_webhook(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Return one webhook, and how far its endpoint has been told."""
    return shown(WebhookView.of(await colony.webhooks.get(id)))


@post("/webhooks", **described(_CREATE))
async def create_webhook(data: JSONBody[CreateWebhook], colony: NamedDependency[Colony]) -> Reply:
    """Post to an endpoint what happens from now on, in order. This answer is the only one that shows the secret.

    Each delivery is signed with it: see docs/events.md, which has a receiver that checks.
    """
    new = await colony.webhooks.create(data.url, events=data.events, description=data.description)
    return created(WebhookView.whole(new), f"/api/v1/webhooks/{new.webhook.id}")


@delete("/webhooks/{id:str}", **described(_REMOVE))
async def delete_webhook(id: FromPath[str], colony: NamedDependency[Colony]) -> Reply:
    """Tell the endpoint nothing more, and return the webhook as it was; its dead letters go too."""
    return shown(WebhookView.of(await colony.webhooks.remove(id)))


@get("/webhooks/{id:str}/dead-letters", **described(_DEAD))
async def list_dead_letters(
    id: FromPath[str], asked: NamedDependency[PagingQuery], colony: NamedDependency[Colony]
) -> Reply:
    """Return some of the events that the endpoint refused, or did not take in any of its tries."""
    page = await colony.webhooks.dead_letters(id, asked.paging())
    letters = tuple(map(DeadLetterView.of, page.items))
    return shown(DeadLetterList(dead_letters=letters, next_cursor=page.next_cursor))


@post("/webhooks/{id:str}/redeliver", **described(_REDELIVER))
async def redeliver(id: FromPath[str], data: JSONBody[Redeliver], colony: NamedDependency[Colony]) -> Reply:
    """Send dead letters once more, and end the pause before the next try of what waits for one.

    A dead letter that is taken is gone from the list; one that is not stays, with its new error.
    """
    return shown(WebhookView.of(await colony.webhooks.redeliver(id, data.events or None)))


ROUTES = (list_webhooks, get_webhook, create_webhook, delete_webhook, list_dead_letters, redeliver)
