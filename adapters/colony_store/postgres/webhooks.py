"""Webhooks in PostgreSQL, and what their endpoints did not take."""

from collections.abc import Sequence

from colony_core.domain.webhooks import DeadLetter, Webhook, WebhookNotFound
from colony_core.ports.persistence import Page, Paging
from colony_store.postgres.documents import page_of, rows_of
from colony_store.postgres.held import Held
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.texts import received
from colony_store.postgres.unit import Unit
from colony_store.records import DEAD_LETTERS, WEBHOOKS

_ALL = None


class PostgresWebhooks:
    """See `colony_core.ports.persistence.Webhooks`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._held = Held(unit)

    async def get(self, webhook_id: str) -> Webhook:
        """Return the webhook of that id."""
        rows = await rows_of(self._unit, OTHERS["webhook_by_id"], webhook_id)
        if not rows:
            raise WebhookNotFound(webhook_id)
        return _webhook(*rows[0])

    async def all(self) -> tuple[Webhook, ...]:
        """Return every webhook, oldest first."""
        return tuple(_webhook(*row) for row in await rows_of(self._unit, OTHERS["webhook_page"], 0, _ALL))

    async def page(self, paging: Paging) -> Page[Webhook]:
        """Return one page of all webhooks."""
        found = await page_of(self._unit, OTHERS["webhook_page"], (), paging=paging, of="webhooks")
        return Page(tuple(_webhook(*row) for row in found.items), found.next_cursor)

    def put(self, webhook: Webhook) -> None:
        """Hold back a webhook, new or changed."""
        self._held.add("webhook_put", webhook.id, WEBHOOKS.version, WEBHOOKS.encode(webhook))

    def remove(self, webhook_id: str) -> None:
        """Hold back the end of a webhook and of its dead letters."""
        self._held.add("webhook_remove", webhook_id)


class PostgresDeadLetters:
    """See `colony_core.ports.persistence.DeadLetters`."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._held = Held(unit)

    async def page(self, webhook_id: str, paging: Paging) -> Page[DeadLetter]:
        """Return one page of the letters of one webhook."""
        found = await page_of(self._unit, OTHERS["letter_page"], (webhook_id,), paging=paging, of="dead-letters")
        return Page(tuple(_letter(*row) for row in found.items), found.next_cursor)

    async def asked_for(self, webhook_id: str, limit: int) -> tuple[DeadLetter, ...]:
        """Return letters to be sent once more, oldest first."""
        return tuple(_letter(*row) for row in await rows_of(self._unit, OTHERS["letters_asked_for"], webhook_id, limit))

    async def count(self, webhook_ids: Sequence[str]) -> dict[str, int]:
        """Return how many letters each webhook has that has any."""
        wanted = list(webhook_ids)
        rows = await self._unit.run(lambda link: link.rows(OTHERS["letter_counts"], wanted))
        return {received(webhook_id): number for webhook_id, number in rows}

    def put(self, letter: DeadLetter) -> None:
        """Hold back a letter, new or changed."""
        row = (letter.webhook_id, letter.entry.seq, letter.asked_for)
        self._held.add("letter_put", *row, DEAD_LETTERS.version, DEAD_LETTERS.encode(letter))

    def remove(self, webhook_id: str, seq: int) -> None:
        """Hold back the end of a letter."""
        self._held.add("letter_remove", webhook_id, seq)


def _webhook(_seq: int, version: int, document: str) -> Webhook:
    return WEBHOOKS.decode(document, version)


def _letter(_seq: int, version: int, document: str) -> DeadLetter:
    return DEAD_LETTERS.decode(document, version)
