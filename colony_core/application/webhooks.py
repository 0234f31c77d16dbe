"""What administrators do with webhooks: make them, look at them, take them away, send again what was not taken."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from colony_core.application.bell import Bell
from colony_core.application.safekeeping import WEBHOOK_SECRET
from colony_core.domain.events import EventType
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import DeadLetter, Webhook, checked_url, hurried
from colony_core.errors import NotFound
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Page, Paging, Store, Transaction

_SECRET_DIGITS = 64
_GULP = 500


class DeadLetterNotFound(NotFound):
    """The webhook has no dead letter of this event."""

    code = "DEAD_LETTER_NOT_FOUND"
    summary = "Dead letter not found"
    advice = "List the webhook's dead letters, and use a seq from there."

    def __init__(self, webhook_id: str, seqs: Sequence[int]) -> None:
        super().__init__(f"Webhook '{webhook_id}' has no dead letter of event {', '.join(map(str, seqs))}")


class NewWebhook(Struct, frozen=True):
    """A webhook that was just made: the only time that its secret can be seen."""

    webhook: Webhook
    secret: Secret


class WatchedWebhook(Struct, frozen=True):
    """A webhook, and how many events it did not take."""

    webhook: Webhook
    dead_letters: int = 0


class WebhookDesk:
    """Keeps webhooks; *clock* is the real one, and *mail* wakes whoever delivers."""

    def __init__(self, store: Store, *, clock: Clock, chance: Chance, mail: Bell) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._mail = mail

    async def create(self, url: str, *, events: Sequence[EventType] = (), description: str = "") -> NewWebhook:
        """Tell *url* of what happens from now on; no *events* means all types. Nobody can show the secret again."""
        secret = Secret(f"whsec_{self._chance.token(_SECRET_DIGITS)}")
        async with self._store.transaction() as tx:
            webhook = Webhook(
                id=await tx.next_id("webhook"),
                url=checked_url(url),
                events=tuple(dict.fromkeys(events)),
                description=description,
                created_at=self._clock.now(),
                cursor=await tx.journal.last(),
            )
            tx.webhooks.put(webhook)
            tx.vault.put(webhook.id, WEBHOOK_SECRET, secret)
            tx.after_commit(self._mail.ring)
        return NewWebhook(webhook, secret)

    async def get(self, webhook_id: str) -> WatchedWebhook:
        """Return one webhook, or raise `WebhookNotFound`."""
        async with self._store.reading() as look:
            return await _watched(look, await look.webhooks.get(webhook_id))

    async def page(self, paging: Paging) -> Page[WatchedWebhook]:
        """Return some of the webhooks, oldest first."""
        async with self._store.reading() as look:
            page = await look.webhooks.page(paging)
            counts = await look.dead_letters.count([webhook.id for webhook in page.items])
        items = tuple(WatchedWebhook(webhook, counts.get(webhook.id, 0)) for webhook in page.items)
        return Page(items, page.next_cursor)

    async def remove(self, webhook_id: str) -> WatchedWebhook:
        """Tell the endpoint nothing more, and return the webhook as it was; its dead letters go too."""
        async with self._store.transaction() as tx:
            watched = await _watched(tx, await tx.webhooks.get(webhook_id))
            tx.webhooks.remove(webhook_id)
            tx.vault.remove(webhook_id)
            tx.after_commit(self._mail.ring)
        return watched

    async def dead_letters(self, webhook_id: str, paging: Paging) -> Page[DeadLetter]:
        """Return some of what the endpoint did not take, oldest event first."""
        async with self._store.reading() as look:
            await look.webhooks.get(webhook_id)
            return await look.dead_letters.page(webhook_id, paging)

    async def redeliver(self, webhook_id: str, seqs: Sequence[int] | None = None) -> WatchedWebhook:
        """Send the dead letters of these events once more, or all; and try at once what waits for its next try."""
        async with self._store.transaction() as tx:
            webhook = hurried(await tx.webhooks.get(webhook_id))
            unknown = await _ask_for(tx, webhook_id, None if seqs is None else set(seqs))
            if unknown:
                raise DeadLetterNotFound(webhook_id, sorted(unknown))
            tx.webhooks.put(webhook)
            tx.after_commit(self._mail.ring)
            return await _watched(tx, webhook)


async def _watched(look: Transaction, webhook: Webhook) -> WatchedWebhook:
    counts = await look.dead_letters.count([webhook.id])
    return WatchedWebhook(webhook, counts.get(webhook.id, 0))


async def _ask_for(tx: Transaction, webhook_id: str, seqs: set[int] | None) -> set[int]:
    """Ask for the letters of these events, or all; return the events that have none."""
    paging, found = Paging(limit=_GULP), set[int]()
    while True:
        page = await tx.dead_letters.page(webhook_id, paging)
        for letter in page.items:
            if seqs is None or letter.entry.seq in seqs:
                found.add(letter.entry.seq)
                tx.dead_letters.put(replace(letter, asked_for=True))
        if page.next_cursor is None:
            return (seqs or set()) - found
        paging = Paging(limit=_GULP, cursor=page.next_cursor)
