"""Brings the journal to every webhook: in order, at least once, and each endpoint at its own pace.

The store is the only memory: an endpoint's cursor moves when it has taken an event, so that a restart repeats the one
that was on its way, and no other. What an endpoint does not take is tried again, and is a dead letter in the end.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from colony_core.application.bell import Bell
from colony_core.application.safekeeping import WEBHOOK_SECRET
from colony_core.domain.events import Entry
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import (
    DeadLetter,
    Webhook,
    WebhookNotFound,
    delivered,
    failed,
    passed,
    signed,
    wants,
)
from colony_core.domain.workflows import Fault
from colony_core.errors import ColonyError, Refused
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import EntryFilter, Store
from colony_core.ports.webhooks import Courier

log = logging.getLogger("colony.webhooks")

BATCH = 100
"""How many entries of the journal, and how many letters, are read at once."""

LONGEST_SKIP = 500
"""After how many unwanted entries the cursor is stored, though nothing was delivered: what a restart reads again."""

REST = timedelta(seconds=5)
"""How long an endpoint waits after the store was out of reach, or something broke."""

_CHANCE_DIGITS = 8

Written = Callable[[Entry], bytes]
"""Writes an entry as the body of a delivery."""


class Failure(Struct, frozen=True):
    """Why an endpoint did not take an event, and whether another try is useless."""

    fault: Fault
    final: bool = False


class Batch(Struct, frozen=True, kw_only=True):
    """What there is to do for one webhook now. `seen` is how far the journal was looked through."""

    webhook: Webhook
    secret: Secret
    letters: tuple[DeadLetter, ...]
    entries: tuple[Entry, ...]
    seen: int


class Deliveries:
    """Delivers for one store; exactly one may be at work on a store at a time. *clock* is the real one.

    So often, if ever, does it *look* for what other processes asked for: new webhooks, another delivery.
    """

    def __init__(
        self,
        store: Store,
        courier: Courier,
        *,
        written: Written,
        clock: Clock,
        chance: Chance,
        news: Bell,
        mail: Bell,
        look: timedelta | None = None,
    ) -> None:
        self._store = store
        self._courier = courier
        self._written = written
        self._clock = clock
        self._chance = chance
        self._news = news
        self._mail = mail
        self._look = look
        self._seen: dict[str, int] = {}

    async def run(self) -> None:
        """Deliver until cancelled; a delivery on its way is then dropped, and made again at the next start."""
        serving: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                rung = self._mail.next()
                for webhook_id in await self._known():
                    if webhook_id not in serving:
                        serving[webhook_id] = asyncio.create_task(self._serve(webhook_id), name=webhook_id)
                await self._first_of(rung.wait(), *self._looks())
                serving = {id: task for id, task in serving.items() if not task.done()}
        finally:
            for task in serving.values():
                task.cancel()
            await asyncio.gather(*serving.values(), return_exceptions=True)

    async def settle(self) -> datetime | None:
        """Deliver everything that can be delivered at the present moment; return when the next try is due."""
        dues = [await self.deliver(webhook_id) for webhook_id in await self._known()]
        return min((due for due in dues if due is not None), default=None)

    async def deliver(self, webhook_id: str) -> datetime | None:
        """Deliver all that one webhook can have now; return when its next try is due, None if only news brings more.

        Raises `WebhookNotFound` once it is gone.
        """
        while True:
            batch = await self._collect(webhook_id)
            for letter in batch.letters:
                await self._send_again(batch, letter)
            if not await self._go_on(batch) and not batch.letters:
                return batch.webhook.not_before if self._pauses(batch.webhook) else None

    async def _known(self) -> tuple[str, ...]:
        while True:
            try:
                async with self._store.reading() as look:
                    return tuple(webhook.id for webhook in await look.webhooks.all())
            except ColonyError as error:
                log.warning("store out of reach: %s", error.details)
            await self._clock.sleep_until(self._clock.now() + REST)

    async def _serve(self, webhook_id: str) -> None:
        """Deliver for one webhook until it is gone; nothing that goes wrong here is felt by another."""
        while True:
            news, mail = self._news.next(), self._mail.next()
            try:
                due = await self.deliver(webhook_id)
            except WebhookNotFound:
                self._seen.pop(webhook_id, None)
                return
            except ColonyError as error:
                log.warning("%s rests: %s", webhook_id, error.details)
                due = self._clock.now() + REST
            except Exception:
                log.exception("%s rests", webhook_id)
                due = self._clock.now() + REST
            # Whoever waits for its next try has news enough.
            next_try = news.wait() if due is None else self._clock.sleep_until(due)
            await self._first_of(mail.wait(), next_try, *self._looks())

    async def _first_of(self, *waits: Coroutine[Any, Any, object]) -> None:
        tasks = [asyncio.create_task(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _looks(self) -> tuple[Coroutine[Any, Any, object], ...]:
        """Return what ends a wait for mail all the same, where other processes have mail of which we do not hear."""
        return () if self._look is None else (self._clock.sleep_until(self._clock.now() + self._look),)

    def _pauses(self, webhook: Webhook) -> bool:
        return webhook.not_before is not None and webhook.not_before > self._clock.now()

    async def _collect(self, webhook_id: str) -> Batch:
        """Return what there is to do: letters that are asked for at once, the journal when no pause holds it back."""
        async with self._store.reading() as look:
            webhook = await look.webhooks.get(webhook_id)
            secret = await look.vault.get(webhook_id, WEBHOOK_SECRET)
            letters = await look.dead_letters.asked_for(webhook_id, BATCH)
            begin = max(webhook.cursor, self._seen.get(webhook_id, 0))
            if secret is None:
                raise WebhookNotFound(webhook_id)
            entries = () if self._pauses(webhook) else await look.journal.after(begin, BATCH, EntryFilter())
        return Batch(
            webhook=webhook,
            secret=secret,
            letters=letters,
            entries=entries,
            seen=entries[-1].seq if entries else begin,
        )

    async def _go_on(self, batch: Batch) -> bool:
        """Deliver the journal's next entries in order, up to the first that is not taken; tell if there were any."""
        for entry in batch.entries:
            if wants(batch.webhook, entry) and not await self._send(batch, entry):
                return True
        self._seen[batch.webhook.id] = batch.seen
        if batch.seen - batch.webhook.cursor >= LONGEST_SKIP:
            async with self._store.transaction() as tx:
                tx.webhooks.put(passed(await tx.webhooks.get(batch.webhook.id), batch.seen))
        return bool(batch.entries)

    async def _send(self, batch: Batch, entry: Entry) -> bool:
        """Try to deliver an entry, store how it went, and tell whether the next one may follow."""
        failure, letter = await self._tried(batch, entry), None
        async with self._store.transaction() as tx:
            webhook, now = await tx.webhooks.get(batch.webhook.id), self._clock.now()
            if failure is None:
                webhook = delivered(webhook, entry, now=now)
            else:
                chance = int(self._chance.token(_CHANCE_DIGITS), 16) / 16**_CHANCE_DIGITS
                webhook, letter = failed(webhook, entry, failure.fault, final=failure.final, chance=chance, now=now)
            tx.webhooks.put(webhook)
            if letter is not None:
                tx.dead_letters.put(letter)
        return webhook.cursor >= entry.seq

    async def _send_again(self, batch: Batch, letter: DeadLetter) -> None:
        """Try a dead letter once more; it is gone, or dead again."""
        failure = await self._tried(batch, letter.entry)
        async with self._store.transaction() as tx:
            webhook, now = await tx.webhooks.get(batch.webhook.id), self._clock.now()
            if failure is None:
                tx.dead_letters.remove(webhook.id, letter.entry.seq)
                tx.webhooks.put(delivered(webhook, letter.entry, now=now))
            else:
                dead = replace(letter, asked_for=False, tries=letter.tries + 1, error=failure.fault, at=now)
                tx.dead_letters.put(dead)
                tx.webhooks.put(replace(webhook, last_error=failure.fault, last_error_at=now))

    async def _tried(self, batch: Batch, entry: Entry) -> Failure | None:
        """Try to deliver *entry*; whatever goes wrong is the endpoint's, and is told in its dead letter."""
        body = self._written(entry)
        headers = {
            "Content-Type": "application/json",
            "X-Colony-Webhook-ID": batch.webhook.id,
            "X-Colony-Event": entry.type.value,
            "X-Colony-Event-ID": str(entry.seq),
            "X-Colony-Signature": signed(batch.secret, body, at=self._clock.now()),
        }
        try:
            await self._courier.deliver(batch.webhook.url, headers, body)
        except ColonyError as error:
            return Failure(Fault(error.code, error.details), final=isinstance(error, Refused))
        except Exception as error:
            log.exception("%s could not be delivered to", batch.webhook.id)
            return Failure(Fault(ColonyError.code, f"The delivery broke ({type(error).__name__})"))
        return None
