"""The audit trail, webhooks and dead letters in memory."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from colony_core.domain.audit import Deed
from colony_core.domain.webhooks import DeadLetter, Webhook, WebhookNotFound
from colony_core.ports.persistence import AuditFilter, Page, Paging
from colony_testkit.memory_shelves import cut


class Told:
    """Who did what, and who is told of what: the tuple and the dicts are never changed once they are committed."""

    def __init__(self, before: "Told | None" = None) -> None:
        self.deeds: tuple[Deed, ...] = before.deeds if before else ()
        self.webhooks: dict[str, Webhook] = dict(before.webhooks) if before else {}
        self.places: dict[str, int] = dict(before.places) if before else {}
        self.letters: dict[tuple[str, int], DeadLetter] = dict(before.letters) if before else {}


class MemoryAudit:
    """See `colony_core.ports.persistence.Audit`."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def write(self, deed: Deed) -> None:
        """Add a deed."""
        self._told.deeds += (replace(deed, seq=len(self._told.deeds) + 1),)

    async def page(self, paging: Paging, where: AuditFilter) -> Page[Deed]:
        """Return one page of the deeds that match."""
        matching = [
            (deed.seq, deed)
            for deed in self._told.deeds
            if where.actor in (None, deed.actor)
            and where.action in (None, deed.action)
            and where.resource in (None, deed.resource)
        ]
        return cut(matching, paging, of="audit")


class MemoryWebhooks:
    """See `colony_core.ports.persistence.Webhooks`."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def get(self, webhook_id: str) -> Webhook:
        """Return the webhook."""
        webhook = self._told.webhooks.get(webhook_id)
        if webhook is None:
            raise WebhookNotFound(webhook_id)
        return webhook

    async def all(self) -> tuple[Webhook, ...]:
        """Return every webhook."""
        return tuple(self._told.webhooks.values())

    async def page(self, paging: Paging) -> Page[Webhook]:
        """Return one page of the webhooks."""
        placed = [(self._told.places[webhook.id], webhook) for webhook in self._told.webhooks.values()]
        return cut(placed, paging, of="webhooks")

    def put(self, webhook: Webhook) -> None:
        """Add or replace a webhook."""
        if webhook.id not in self._told.webhooks:
            self._told.places[webhook.id] = 1 + max(self._told.places.values(), default=0)
        self._told.webhooks[webhook.id] = webhook

    def remove(self, webhook_id: str) -> None:
        """Forget a webhook and its letters; its place in the list is not given again."""
        self._told.webhooks.pop(webhook_id, None)
        for key in [key for key in self._told.letters if key[0] == webhook_id]:
            del self._told.letters[key]


class MemoryDeadLetters:
    """See `colony_core.ports.persistence.DeadLetters`."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def page(self, webhook_id: str, paging: Paging) -> Page[DeadLetter]:
        """Return one page of the letters of one webhook."""
        return cut([(letter.entry.seq, letter) for letter in self._of(webhook_id)], paging, of="dead-letters")

    async def asked_for(self, webhook_id: str, limit: int) -> tuple[DeadLetter, ...]:
        """Return letters to be sent once more."""
        return tuple([letter for letter in self._of(webhook_id) if letter.asked_for][:limit])

    async def count(self, webhook_ids: Sequence[str]) -> dict[str, int]:
        """Return how many letters each webhook has that has any."""
        counts = Counter(webhook_id for webhook_id, _ in self._told.letters)
        return {webhook_id: counts[webhook_id] for webhook_id in webhook_ids if counts[webhook_id]}

    def put(self, letter: DeadLetter) -> None:
        """Add or replace a letter."""
        self._told.letters[letter.webhook_id, letter.entry.seq] = letter

    def remove(self, webhook_id: str, seq: int) -> None:
        """Forget a letter."""
        self._told.letters.pop((webhook_id, seq), None)

    def _of(self, webhook_id: str) -> list[DeadLetter]:
        return [letter for (owner, _), letter in sorted(self._told.letters.items()) if owner == webhook_id]
