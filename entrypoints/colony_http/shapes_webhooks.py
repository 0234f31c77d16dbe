"""A webhook as administrators see it: its secret once, and how far its endpoint has been told."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from colony_core.application.webhooks import NewWebhook, WatchedWebhook
from colony_core.domain.events import EventType
from colony_core.domain.webhooks import LONGEST_URL, DeadLetter
from colony_http.shapes_events import EventView, Seq

Url = Annotated[str, Meta(min_length=1, max_length=LONGEST_URL, description="Where events are posted to.")]


class CreateWebhook(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An endpoint to be told; without `events` it is told of every type."""

    url: Url
    events: Annotated[tuple[EventType, ...], Meta(max_length=20)] = ()
    description: Annotated[str, Meta(max_length=200)] = ""


class Redeliver(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which events are sent once more, by `seq`; all dead letters unless any are named."""

    events: Annotated[tuple[Seq, ...], Meta(min_length=1, max_length=1000)] | UnsetType = UNSET


class DeliveryFaultView(Struct, frozen=True, kw_only=True, rename="camel"):
    """Why an event was not taken: a stable code, a sentence about this case, and when."""

    code: str
    message: str
    at: datetime


class WebhookView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook. `secret` is there in the answer that creates it alone: nobody can show it again.

    `cursor` is the `seq` of the last event that is done with: delivered, not wanted, or a dead letter. `failures`
    counts the tries of the next one that failed; `nextTryAt` is when it is tried again.
    """

    id: str
    url: str
    events: tuple[EventType, ...]
    description: str
    secret: str | UnsetType = UNSET
    cursor: int
    failures: int
    next_try_at: datetime | None
    last_delivered_at: datetime | None
    last_error: DeliveryFaultView | None
    dead_letters: int
    created_at: datetime

    @classmethod
    def of(cls, watched: WatchedWebhook) -> "WebhookView":
        """Return a webhook as administrators see it."""
        webhook, error = watched.webhook, None
        if webhook.last_error is not None and webhook.last_error_at is not None:
            fault = webhook.last_error
            error = DeliveryFaultView(code=fault.code, message=fault.message, at=webhook.last_error_at)
        return cls(
            id=webhook.id,
            url=webhook.url,
            events=webhook.events,
            description=webhook.description,
            cursor=webhook.cursor,
            failures=webhook.failures,
            next_try_at=webhook.not_before,
            last_delivered_at=webhook.last_delivered_at,
            last_error=error,
            dead_letters=watched.dead_letters,
            created_at=webhook.created_at,
        )

    @classmethod
    def whole(cls, new: NewWebhook) -> "WebhookView":
        """Return a *new* webhook with its secret to be seen."""
        return replace(cls.of(WatchedWebhook(new.webhook)), secret=new.secret.reveal())


class WebhookList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the webhooks, oldest first; `nextCursor` is null on the last page."""

    webhooks: tuple[WebhookView, ...]
    next_cursor: str | None = None


class DeadLetterView(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that the endpoint did not take. `redelivering` says that it is about to be sent once more."""

    seq: int
    tries: int
    redelivering: bool
    error: DeliveryFaultView
    event: EventView

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterView":
        """Return *letter* as administrators see it."""
        return cls(
            seq=letter.entry.seq,
            tries=letter.tries,
            redelivering=letter.asked_for,
            error=DeliveryFaultView(code=letter.error.code, message=letter.error.message, at=letter.at),
            event=EventView.of(letter.entry),
        )


class DeadLetterList(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of what an endpoint did not take, oldest event first; `nextCursor` is null on the last page."""

    dead_letters: tuple[DeadLetterView, ...]
    next_cursor: str | None = None
