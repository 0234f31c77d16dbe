"""What every store promises about the audit trail, webhooks and dead letters."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.audit import CONSOLE, AuditOutcome, Deed
from colony_core.domain.events import EventType
from colony_core.domain.webhooks import DeadLetter, Webhook, WebhookNotFound
from colony_core.domain.workflows import Fault
from colony_core.ports.persistence import AuditFilter, CursorInvalid, Paging, Store
from colony_testkit.builders import NOON
from colony_testkit.store_given import entry

ANYTHING = AuditFilter()


def deed(number: int = 1, *, actor: str = "cd-1", action: str = "wipe_asset", resource: str = "assets/asset-1") -> Deed:
    """Return something that was done so many minutes after noon."""
    return Deed(
        at=NOON + timedelta(minutes=number),
        actor=actor,
        action=action,
        resource=resource,
        method="POST",
        status=201,
        created=f"workflows/workflow-{number}",
        request_id=f"request-{number}",
    )


def webhook(number: int) -> Webhook:
    """Return the webhook of that number."""
    return Webhook(
        id=f"webhook-{number}",
        url=f"https://example.com/{number}",
        events=(EventType.ASSET, EventType.CLUSTER),
        description="é",
        created_at=NOON,
        cursor=2**40 + number,
    )


def letter(seq: int, *, of: int = 1, asked_for: bool = False) -> DeadLetter:
    """Return what a webhook did not take."""
    return DeadLetter(
        webhook_id=f"webhook-{of}",
        entry=replace(entry(f"number {seq}"), seq=seq),
        tries=3,
        error=Fault("ENDPOINT_UNREACHABLE", "Silence"),
        at=NOON,
        asked_for=asked_for,
    )


async def tell(store: Store, *values: Deed | Webhook | DeadLetter) -> None:
    """Store *values* in one transaction."""
    async with store.transaction() as tx:
        for value in values:
            match value:
                case Deed():
                    tx.audit.write(value)
                case Webhook():
                    tx.webhooks.put(value)
                case DeadLetter():
                    tx.dead_letters.put(value)


class ToldContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_deeds_come_back_word_for_word_in_the_order_of_commits(self, store: Store) -> None:
        refused = replace(deed(3), outcome=AuditOutcome.REFUSED, code="ASSET_BUSY", status=409, created=None)
        console = Deed(at=NOON, actor=CONSOLE, action="create_api_key", resource="api-keys/cd-2")
        await tell(store, deed(2), deed(1))
        await tell(store, refused, console)

        async with store.reading() as look:
            page = await look.audit.page(Paging(), ANYTHING)
        assert [replace(each, seq=0) for each in page.items] == [deed(2), deed(1), refused, console]
        assert [each.seq for each in page.items] == sorted({each.seq for each in page.items})
        assert page.next_cursor is None

    async def test_a_deed_of_a_transaction_that_fails_was_never_done(self, store: Store) -> None:
        async def fail() -> None:
            async with store.transaction() as tx:
                tx.audit.write(deed())
                assert len((await tx.audit.page(Paging(), ANYTHING)).items) == 1
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()

        async with store.reading() as look:
            assert (await look.audit.page(Paging(), ANYTHING)).items == ()

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (ANYTHING, [1, 2, 3, 4]),
            (AuditFilter(actor="cd-1"), [1, 3, 4]),
            (AuditFilter(action="wipe_asset"), [1, 2, 4]),
            (AuditFilter(resource="assets/asset-1"), [1, 2, 3]),
            (AuditFilter(actor="cd-1", action="wipe_asset", resource="assets/asset-1"), [1]),
            (AuditFilter(resource="assets/asset"), []),
        ],
    )
    async def test_filters_of_the_trail_must_all_match(
        self, store: Store, where: AuditFilter, expected: list[int]
    ) -> None:
        await tell(
            store, deed(1), deed(2, actor="cd-2"), deed(3, action="reboot_asset"), deed(4, resource="assets/asset-2")
        )

        async with store.reading() as look:
            found = (await look.audit.page(Paging(), where)).items
        assert [(each.at - NOON) // timedelta(minutes=1) for each in found] == expected

    async def test_the_trail_comes_in_pages(self, store: Store) -> None:
        await tell(store, *(deed(number, actor=f"cd-{number % 2}") for number in range(9)))
        where = AuditFilter(actor="cd-0")

        async with store.reading() as look:
            first = await look.audit.page(Paging(limit=3), where)
            second = await look.audit.page(Paging(limit=3, cursor=first.next_cursor), where)
            with pytest.raises(CursorInvalid):
                await look.webhooks.page(Paging(cursor=first.next_cursor))
        assert [each.request_id for each in (*first.items, *second.items)] == [f"request-{n}" for n in (0, 2, 4, 6, 8)]
        assert second.next_cursor is None

    async def test_a_webhook_is_kept_changed_and_removed(self, store: Store) -> None:
        await tell(store, webhook(1), webhook(2))
        later = replace(webhook(1), failures=3, not_before=NOON, last_error=Fault("A", "b"), last_error_at=NOON)

        async with store.transaction() as tx:
            tx.webhooks.put(later)
            assert await tx.webhooks.get("webhook-1") == later
            tx.webhooks.remove("webhook-2")
            with pytest.raises(WebhookNotFound):
                await tx.webhooks.get("webhook-2")
        async with store.reading() as look:
            assert await look.webhooks.all() == (later,)
            with pytest.raises(WebhookNotFound, match="webhook-2"):
                await look.webhooks.get("webhook-2")

    async def test_webhooks_come_in_pages_and_none_is_skipped_when_one_goes(self, store: Store) -> None:
        await tell(store, webhook(1), webhook(2), webhook(3))
        async with store.reading() as look:
            first = await look.webhooks.page(Paging(limit=1))
        async with store.transaction() as tx:
            tx.webhooks.put(replace(webhook(1), cursor=2**50))
            tx.webhooks.remove("webhook-3")
        await tell(store, webhook(4))

        async with store.reading() as look:
            rest = await look.webhooks.page(Paging(cursor=first.next_cursor))
        assert [each.id for each in (*first.items, *rest.items)] == ["webhook-1", "webhook-2", "webhook-4"]

    async def test_dead_letters_are_those_of_one_endpoint_in_the_order_of_their_events(self, store: Store) -> None:
        await tell(store, webhook(1), webhook(2), letter(9), letter(3), letter(5), letter(4, of=2))

        async with store.reading() as look:
            first = await look.dead_letters.page("webhook-1", Paging(limit=2))
            second = await look.dead_letters.page("webhook-1", Paging(limit=2, cursor=first.next_cursor))
            counts = await look.dead_letters.count(["webhook-1", "webhook-2", "webhook-3"])
        assert (first.items, second.items) == ((letter(3), letter(5)), (letter(9),))
        assert counts == {"webhook-1": 3, "webhook-2": 1}

    async def test_letters_that_are_asked_for_are_found_until_they_are_gone(self, store: Store) -> None:
        await tell(store, webhook(1), letter(1), letter(2, asked_for=True), letter(3, asked_for=True))

        async with store.transaction() as tx:
            assert await tx.dead_letters.asked_for("webhook-1", 1) == (letter(2, asked_for=True),)
            tx.dead_letters.put(letter(2))
            tx.dead_letters.remove("webhook-1", 3)
            assert await tx.dead_letters.asked_for("webhook-1", 10) == ()
        async with store.reading() as look:
            assert (await look.dead_letters.page("webhook-1", Paging())).items == (letter(1), letter(2))

    async def test_a_webhook_takes_its_dead_letters_along(self, store: Store) -> None:
        await tell(store, webhook(1), webhook(2), letter(1), letter(1, of=2))
        async with store.transaction() as tx:
            tx.webhooks.remove("webhook-1")

        async with store.reading() as look:
            assert await look.dead_letters.count(["webhook-1", "webhook-2"]) == {"webhook-2": 1}
            assert (await look.dead_letters.page("webhook-1", Paging())).items == ()

    async def test_what_is_told_outlives_the_store(
        self, store: Store, open_store: Callable[[], Awaitable[Store]]
    ) -> None:
        await tell(store, deed(), webhook(1), letter(1))
        await store.aclose()

        again = await open_store()
        async with again.reading() as look:
            assert replace((await look.audit.page(Paging(), ANYTHING)).items[0], seq=0) == deed()
            assert await look.webhooks.all() == (webhook(1),)
            assert (await look.dead_letters.page("webhook-1", Paging())).items == (letter(1),)
        await again.aclose()
