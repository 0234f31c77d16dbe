"""Deliveries: in order, at least once, each endpoint at its own pace, on a clock that tests move by hand."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colony_core.application.deliveries import LONGEST_SKIP, Deliveries
from colony_core.application.webhooks import DeadLetterNotFound, NewWebhook
from colony_core.domain.events import Entry, EventType
from colony_core.domain.webhooks import LONGEST_PAUSE, TRIES, DeadLetter, Webhook, WebhookNotFound, signed
from colony_core.errors import Invalid
from colony_core.ports.persistence import Paging, StoreUnavailable
from colony_core.ports.webhooks import EndpointRefused, EndpointUnreachable
from colony_testkit.lab import Lab

A, B = "https://a.example.com/", "https://b.example.com/"


class ScriptedCourier:
    """Endpoints by address: what they took, and what goes wrong with the next deliveries."""

    def __init__(self) -> None:
        self.taken: dict[str, list[int]] = defaultdict(list)
        self.tried: dict[str, list[int]] = defaultdict(list)
        self.wrong: dict[str, list[Exception]] = defaultdict(list)
        self.dead: set[str] = set()
        self.silent: set[str] = set()
        self.last: tuple[Mapping[str, str], bytes] = ({}, b"")

    async def deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take the message, or fail as the script says."""
        seq = int(headers["X-Colony-Event-ID"])
        self.tried[url].append(seq)
        self.last = headers, body
        if url in self.silent:
            await asyncio.Event().wait()
        if url in self.dead:
            raise EndpointUnreachable("Nobody answers")
        if self.wrong[url]:
            raise self.wrong[url].pop(0)
        self.taken[url].append(seq)


class Post:
    """A lab, its courier, and whatever delivers in it."""

    def __init__(self) -> None:
        self.lab = Lab()
        self.courier = ScriptedCourier()
        self.deliveries = self.begin()

    def begin(self) -> Deliveries:
        """Start what delivers; again after the process before has ended."""
        self.deliveries = self.lab.open().deliveries(self.courier, written=written)
        return self.deliveries

    async def webhook(self, url: str = A, *events: EventType) -> NewWebhook:
        """Make a webhook."""
        return await self.lab.colony.webhooks.create(url, events=events)

    async def happens(self, *types: EventType) -> list[int]:
        """Let something happen, once for each of *types*; return the numbers."""
        async with self.lab.store.transaction() as tx:
            for about in types:
                tx.journal.write(Entry(at=self.lab.clock.now(), type=about, message="It happened"))
            last = await tx.journal.last()
        return list(range(last - len(types) + 1, last + 1))

    async def wait_for_all(self) -> None:
        """Deliver, and let time pass, until no try is due any more."""
        while (due := await self.deliveries.settle()) is not None:
            self.lab.clock.advance_to(due)

    async def of(self, webhook_id: str = "webhook-1") -> Webhook:
        """Return a webhook."""
        return (await self.lab.colony.webhooks.get(webhook_id)).webhook

    async def letters(self, webhook_id: str = "webhook-1") -> tuple[DeadLetter, ...]:
        """Return its dead letters."""
        return (await self.lab.colony.webhooks.dead_letters(webhook_id, Paging())).items

    @property
    def now(self) -> datetime:
        """Return what time it is."""
        return self.lab.clock.now()


def written(entry: Entry) -> bytes:
    return f"number {entry.seq}".encode()


ASSET, STEP = EventType.ASSET, EventType.STEP


async def test_an_endpoint_hears_what_happens_after_it_was_made_in_order() -> None:
    post = Post()
    await post.happens(ASSET)
    await post.webhook()
    seqs = await post.happens(ASSET, STEP, ASSET)

    assert await post.deliveries.settle() is None
    assert post.courier.taken[A] == seqs


async def test_a_delivery_is_signed_with_the_secret_that_was_shown_once() -> None:
    post = Post()
    new = await post.webhook()
    (seq,) = await post.happens(ASSET)
    await post.deliveries.settle()

    assert post.courier.last == (
        {
            "Content-Type": "application/json",
            "X-Colony-Webhook-ID": "webhook-1",
            "X-Colony-Event": "asset",
            "X-Colony-Event-ID": str(seq),
            "X-Colony-Signature": signed(new.secret, b"number %d" % seq, at=post.now),
        },
        b"number %d" % seq,
    )


async def test_two_endpoints_have_two_secrets() -> None:
    post = Post()

    assert (await post.webhook()).secret != (await post.webhook()).secret


async def test_an_endpoint_hears_the_types_that_it_asked_for() -> None:
    post = Post()
    await post.webhook(A, ASSET, ASSET)
    first, _, _, last = await post.happens(ASSET, STEP, STEP, ASSET)
    await post.happens(STEP)
    await post.deliveries.settle()

    assert post.courier.taken[A] == [first, last]
    assert (await post.of()).events == (ASSET,)


async def test_what_nobody_wants_is_read_again_within_bounds() -> None:
    post = Post()
    await post.webhook(A, ASSET)
    await post.happens(*[STEP] * (LONGEST_SKIP + 50))
    await post.deliveries.settle()

    assert (await post.of()).cursor >= LONGEST_SKIP
    assert post.courier.tried[A] == []


async def test_a_failure_is_tried_again_after_a_pause_and_nothing_overtakes_it() -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET, ASSET, ASSET)
    post.courier.wrong[A] = [EndpointUnreachable("503"), EndpointUnreachable("503")]

    due = await post.deliveries.settle()
    assert due is not None
    assert await post.deliveries.settle() == due, "nothing is sent before its time"
    assert post.courier.tried[A] == seqs[:1]
    assert (await post.of()).last_error is not None
    await post.wait_for_all()

    assert post.courier.taken[A] == seqs
    assert post.courier.tried[A] == [seqs[0], seqs[0], *seqs]
    assert (await post.of()).last_error is None


async def test_the_pauses_grow_and_an_event_that_is_never_taken_is_a_dead_letter() -> None:
    post = Post()
    await post.webhook()
    (seq,) = await post.happens(ASSET)
    post.courier.dead.add(A)
    pauses = []
    while (due := await post.deliveries.settle()) is not None:
        pauses.append(due - post.now)
        post.lab.clock.advance_to(due)

    assert post.courier.tried[A] == [seq] * TRIES
    assert len(pauses) == TRIES - 1
    assert all(later > earlier * 0.9 for earlier, later in itertools.pairwise(pauses))
    assert max(pauses) <= LONGEST_PAUSE
    (letter,) = await post.letters()
    assert (letter.entry.seq, letter.tries, letter.error.message) == (seq, TRIES, "Nobody answers")
    assert (await post.lab.colony.webhooks.get("webhook-1")).dead_letters == 1


async def test_a_refusal_is_not_tried_again_and_holds_nothing_up() -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET, ASSET)
    post.courier.wrong[A] = [EndpointRefused("422")]

    assert await post.deliveries.settle() is None
    assert post.courier.taken[A] == seqs[1:]
    assert [letter.entry.seq for letter in await post.letters()] == seqs[:1]


async def test_a_courier_that_breaks_is_a_failed_delivery(caplog: pytest.LogCaptureFixture) -> None:
    post = Post()
    await post.webhook()
    await post.happens(ASSET)
    post.courier.wrong[A] = [KeyError("whsec_planted")]
    await post.deliveries.settle()

    error = (await post.of()).last_error
    assert error is not None
    assert (error.code, error.message) == ("INTERNAL_ERROR", "The delivery broke (KeyError)")


async def test_dead_letters_are_sent_once_more_when_somebody_asks() -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET, ASSET, ASSET)
    post.courier.wrong[A] = [EndpointRefused("422")] * 3
    await post.deliveries.settle()
    post.courier.taken[A].clear()

    watched = await post.lab.colony.webhooks.redeliver("webhook-1", [seqs[2], seqs[0]])
    await post.deliveries.settle()

    assert watched.dead_letters == 3
    assert post.courier.taken[A] == [seqs[0], seqs[2]]
    assert [letter.entry.seq for letter in await post.letters()] == [seqs[1]]


async def test_a_dead_letter_that_is_not_taken_again_stays_with_its_new_error() -> None:
    post = Post()
    await post.webhook()
    await post.happens(ASSET)
    post.courier.wrong[A] = [EndpointRefused("422"), EndpointUnreachable("503")]
    await post.deliveries.settle()
    await post.lab.colony.webhooks.redeliver("webhook-1")
    await post.deliveries.settle()

    (letter,) = await post.letters()
    assert (letter.tries, letter.error.message, letter.asked_for) == (2, "503", False)
    assert await post.deliveries.settle() is None


async def test_asking_again_also_ends_the_pause_of_what_waits() -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET)
    post.courier.wrong[A] = [EndpointUnreachable("503")]
    assert await post.deliveries.settle() is not None

    await post.lab.colony.webhooks.redeliver("webhook-1")

    assert await post.deliveries.settle() is None
    assert post.courier.taken[A] == seqs


async def test_what_is_no_dead_letter_cannot_be_asked_for() -> None:
    post = Post()
    await post.webhook()
    (seq,) = await post.happens(ASSET)
    post.courier.wrong[A] = [EndpointRefused("422")]
    await post.deliveries.settle()

    with pytest.raises(DeadLetterNotFound, match="event 98, 99"):
        await post.lab.colony.webhooks.redeliver("webhook-1", [99, seq, 98])
    assert not (await post.letters())[0].asked_for, "all or none"


async def test_a_webhook_that_is_gone_hears_nothing_and_leaves_no_secret() -> None:
    post = Post()
    await post.webhook()
    await post.happens(ASSET)
    gone = await post.lab.colony.webhooks.remove("webhook-1")
    await post.deliveries.settle()

    assert gone.webhook.url == A
    assert post.courier.tried[A] == []
    with pytest.raises(WebhookNotFound):
        await post.lab.colony.webhooks.get("webhook-1")
    async with post.lab.store.reading() as look:
        assert await look.vault.get("webhook-1", "webhook-secret") is None
    assert (await post.webhook()).webhook.id == "webhook-2", "an id is never given twice"


async def test_an_address_that_cannot_be_posted_to_is_refused_and_leaves_nothing() -> None:
    post = Post()

    with pytest.raises(Invalid, match="url"):
        await post.webhook("ftp://example.com/")
    assert (await post.lab.colony.webhooks.page(Paging())).items == ()


@settings(max_examples=30)
@given(
    script=st.lists(st.sampled_from(["happens", "fails", "refuses", "restarts", "settles", "waits"]), max_size=25),
)
async def test_no_restart_and_no_failure_loses_doubles_or_disorders_an_event(script: list[str]) -> None:
    post = Post()
    await post.webhook()
    seqs: list[int] = []
    for what in script:
        match what:
            case "happens":
                seqs += await post.happens(ASSET, STEP)
            case "fails":
                post.courier.wrong[A].append(EndpointUnreachable("503"))
            case "refuses":
                post.courier.wrong[A].append(EndpointRefused("422"))
            case "restarts":
                post.begin()
            case "settles":
                await post.deliveries.settle()
            case "waits":
                await post.wait_for_all()
    await post.wait_for_all()

    taken, dead = post.courier.taken[A], [letter.entry.seq for letter in await post.letters()]
    assert taken == sorted(set(taken))
    assert sorted(taken + dead) == seqs


async def test_a_process_that_ends_before_the_cursor_is_stored_doubles_that_one_delivery_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET, ASSET, ASSET)
    take, store = post.courier.deliver, post.lab.store

    async def taken_and_then_the_disk_is_away(url: str, headers: Mapping[str, str], body: bytes) -> None:
        await take(url, headers, body)
        if len(post.courier.taken[A]) == 2:
            monkeypatch.setattr(store, "transaction", away)

    def away() -> None:
        raise StoreUnavailable("The disk is away")

    with monkeypatch.context() as patched:
        patched.setattr(post.courier, "deliver", taken_and_then_the_disk_is_away)
        with pytest.raises(StoreUnavailable):
            await post.deliveries.settle()
    monkeypatch.undo()
    post.begin()
    await post.wait_for_all()

    assert post.courier.taken[A] == [seqs[0], seqs[1], seqs[1], seqs[2]]


class Running:
    """Deliveries that go on beside the test."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._post.deliveries.run())
        await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._task


async def turns(count: int = 200) -> None:
    """Let everybody who can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_an_endpoint_that_hangs_or_is_dead_delays_no_other() -> None:
    post = Post()
    for url in (A, B, "https://c.example.com/"):
        await post.webhook(url)
    post.courier.silent.add(A)
    post.courier.dead.add("https://c.example.com/")
    async with Running(post):
        first = await post.happens(ASSET, ASSET)
        await turns()
        second = await post.happens(ASSET)
        await turns()

        assert post.courier.taken[B] == first + second
        assert post.courier.tried[A] == first[:1]


async def test_while_it_runs_it_hears_of_news_of_new_webhooks_and_of_the_end_of_a_pause() -> None:
    post = Post()
    async with Running(post):
        await post.webhook(A)
        await turns()
        await post.webhook(B)
        post.courier.wrong[A] = [EndpointUnreachable("503")]
        seqs = await post.happens(ASSET)
        await turns()
        assert (post.courier.taken[A], post.courier.taken[B]) == ([], seqs)
        post.lab.clock.advance(timedelta(seconds=5))
        await turns()

        assert post.courier.taken[A] == seqs
        await post.lab.colony.webhooks.remove("webhook-1")
        more = await post.happens(ASSET)
        await turns()
        assert (post.courier.taken[A], post.courier.taken[B]) == (seqs, seqs + more)


async def test_a_store_out_of_reach_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    await post.webhook()
    seqs = await post.happens(ASSET)

    def away() -> None:
        raise StoreUnavailable("The disk is away")

    monkeypatch.setattr(post.lab.store, "reading", away)
    async with Running(post):
        await turns()
        monkeypatch.undo()
        post.lab.clock.advance(timedelta(seconds=5))
        await turns()

        assert post.courier.taken[A] == seqs


async def test_a_webhook_that_cannot_be_served_now_is_served_later_and_delays_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Post()
    await post.webhook(A)
    await post.webhook(B)
    seqs = await post.happens(ASSET)
    deliver = post.deliveries.deliver

    async def broken(webhook_id: str) -> datetime | None:
        if webhook_id == "webhook-1":
            raise ZeroDivisionError
        return await deliver(webhook_id)

    monkeypatch.setattr(post.deliveries, "deliver", broken)
    async with Running(post):
        await turns()
        assert (post.courier.taken[A], post.courier.taken[B]) == ([], seqs)
        monkeypatch.undo()
        post.lab.clock.advance(timedelta(seconds=5))
        await turns()

        assert post.courier.taken[A] == seqs
