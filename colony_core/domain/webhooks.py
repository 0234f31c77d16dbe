"""Webhooks: who is told of events, how far each has been told, and what becomes of a delivery that fails."""

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.events import Entry, EventType
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import Fault
from colony_core.errors import Invalid, NotFound

TRIES = 10
"""How often one event is tried before it is a dead letter: with the pauses below, over 21 to 43 minutes."""

SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=30)
LONGEST_URL = 2048


class Webhook(Struct, frozen=True, kw_only=True):
    """One endpoint. `cursor` is the seq of the last entry that is done with: delivered, not wanted, or dead.

    `events` of () means every type. `failures` counts the tries of the entry after the cursor that failed, and
    `not_before` is when it is tried again.
    """

    id: str
    url: str
    events: tuple[EventType, ...] = ()
    description: str = ""
    created_at: datetime
    cursor: int = 0
    failures: int = 0
    not_before: datetime | None = None
    last_delivered_at: datetime | None = None
    last_error: Fault | None = None
    last_error_at: datetime | None = None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An event that an endpoint did not take. `asked_for` says that somebody wants it to be sent once more."""

    webhook_id: str
    entry: Entry
    tries: int
    error: Fault
    at: datetime
    asked_for: bool = False


class WebhookNotFound(NotFound):
    """No webhook has this id."""

    code = "WEBHOOK_NOT_FOUND"
    summary = "Webhook not found"
    advice = "List the webhooks, and use an id from there."

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"Webhook with ID '{webhook_id}' does not exist")


def checked_url(url: str) -> str:
    """Return *url* if events can be posted there, or raise `Invalid`; credentials in it would be shown in lists."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits, parts = False, urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if not fits or not plain or parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid(
            "url: must be like https://example.com/colony, of at most 2048 ASCII characters, without user and fragment"
        )
    return url


def wants(webhook: Webhook, entry: Entry) -> bool:
    """Tell whether the endpoint asked for entries of this type."""
    return not webhook.events or entry.type in webhook.events


def passed(webhook: Webhook, seq: int) -> Webhook:
    """Return *webhook* done with everything up to *seq*; a cursor never goes back."""
    return webhook if seq <= webhook.cursor else replace(webhook, cursor=seq, failures=0, not_before=None)


def delivered(webhook: Webhook, entry: Entry, *, now: datetime) -> Webhook:
    """Return *webhook* after it took *entry*."""
    return replace(passed(webhook, entry.seq), last_delivered_at=now, last_error=None, last_error_at=None)


def failed(
    webhook: Webhook, entry: Entry, fault: Fault, *, final: bool, chance: float, now: datetime
) -> tuple[Webhook, DeadLetter | None]:
    """Return *webhook* after it did not take *entry*, and the dead letter if there will be no further try.

    *final* says that another try is useless; *chance*, from 0 to 1, chooses within the pause.
    """
    told = replace(webhook, last_error=fault, last_error_at=now)
    if entry.seq <= webhook.cursor:
        return told, None
    failures = webhook.failures + 1
    if final or failures >= TRIES:
        letter = DeadLetter(webhook_id=webhook.id, entry=entry, tries=failures, error=fault, at=now)
        return passed(told, entry.seq), letter
    return replace(told, failures=failures, not_before=now + pause(failures, chance)), None


def pause(failures: int, chance: float) -> timedelta:
    """Return how long to wait after so many failures: twice as long each time, of which *chance* takes up to half.

    Endpoints that went silent together are so not asked again together.
    """
    whole = min(LONGEST_PAUSE, SHORTEST_PAUSE * (1 << min(failures - 1, 20)))
    return whole * (0.5 + chance / 2)


def hurried(webhook: Webhook) -> Webhook:
    """Return *webhook* with its next try at once: somebody says that the endpoint is well again."""
    return replace(webhook, not_before=None)


def signed(secret: Secret, body: bytes, *, at: datetime) -> str:
    """Return the signature of *body*: `t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over t, a dot and the body>`.

    The time is signed too, so that a receiver can refuse what somebody recorded and sends again.
    """
    seconds = int(at.timestamp())
    mac = hmac.new(secret.reveal().encode(), b"%d." % seconds + body, hashlib.sha256)
    return f"t={seconds},v1={mac.hexdigest()}"
