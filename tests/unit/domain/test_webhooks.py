"""Webhooks: which addresses, which events, how far an endpoint has been told, and what becomes of failures."""

import hashlib
import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.events import Entry, EventType
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import (
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    TRIES,
    DeadLetter,
    Webhook,
    WebhookNotFound,
    checked_url,
    delivered,
    failed,
    hurried,
    passed,
    pause,
    signed,
    wants,
)
from colony_core.domain.workflows import Fault
from colony_core.errors import Invalid
from colony_testkit.builders import NOON

FAULT = Fault("ENDPOINT_UNREACHABLE", "Silence")
WEBHOOK = Webhook(id="webhook-1", url="https://example.com/", created_at=NOON, cursor=10)
chances = st.floats(0, 1)


def entry(seq: int, about: EventType = EventType.ASSET) -> Entry:
    return Entry(at=NOON, type=about, message="It happened", seq=seq)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/hook?a=b", "https://example.com", "https://[::1]:8443/x", "HTTPS://Example.com/"]
)
def test_an_address_that_can_be_posted_to_is_taken_as_it_is(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.com", "ftp://example.com/", "https://", "https:///path", "file:///etc/passwd"),
        *("https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://[::1/"),
        *("https://user:secret@example.com/", "https://user@example.com/", "https://example.com/#part"),
        *(
            "https://example.com/a b",
            "https://example.com/\r\nX-Evil: 1",
            "https://exämple.com/",
            "https://example.com/\x7f",
            "https://example.com/\ta",
            f"https://a/{'x' * 2048}",
        ),
    ],
)
def test_any_other_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Invalid, match=r"^url: ") as refused:
        checked_url(url)

    assert "secret" not in refused.value.details


def test_a_webhook_wants_the_types_it_asked_for_and_without_any_all() -> None:
    some = replace(WEBHOOK, events=(EventType.ASSET, EventType.CLUSTER))

    assert [each for each in EventType if wants(some, entry(1, each))] == [EventType.ASSET, EventType.CLUSTER]
    assert all(wants(WEBHOOK, entry(1, each)) for each in EventType)


def test_a_delivery_moves_the_cursor_and_forgets_the_trouble_before() -> None:
    troubled, _ = failed(WEBHOOK, entry(11), FAULT, final=False, chance=0, now=NOON)
    after = delivered(troubled, entry(11), now=NOON + timedelta(seconds=9))

    assert (after.cursor, after.failures, after.not_before, after.last_error) == (11, 0, None, None)
    assert (after.last_delivered_at, after.last_error_at) == (NOON + timedelta(seconds=9), None)


def test_a_failure_holds_the_cursor_and_waits() -> None:
    after, letter = failed(WEBHOOK, entry(11), FAULT, final=False, chance=1, now=NOON)

    assert letter is None
    assert (after.cursor, after.failures, after.not_before) == (10, 1, NOON + SHORTEST_PAUSE)
    assert (after.last_error, after.last_error_at) == (FAULT, NOON)


def test_a_refusal_is_a_dead_letter_at_once_and_the_next_event_may_go() -> None:
    after, letter = failed(WEBHOOK, entry(11), FAULT, final=True, chance=0, now=NOON)

    assert letter is not None
    assert (letter.webhook_id, letter.entry.seq, letter.tries, letter.error) == ("webhook-1", 11, 1, FAULT)
    assert (after.cursor, after.failures, after.not_before) == (11, 0, None)


@given(chance=st.lists(chances, min_size=TRIES, max_size=TRIES))
def test_an_event_is_tried_so_often_and_no_more(chance: list[float]) -> None:
    webhook, now, letters = WEBHOOK, NOON, list[DeadLetter]()
    for each in chance:
        assert letters == []
        webhook, letter = failed(webhook, entry(11), FAULT, final=False, chance=each, now=now)
        letters += [letter] if letter else []
        now = webhook.not_before or now

    assert [letter.tries for letter in letters] == [TRIES]
    assert webhook.cursor == 11
    assert timedelta(minutes=21) <= now - NOON <= timedelta(minutes=43)


@given(failures=st.integers(1, 1000), chance=chances, other=chances)
def test_a_pause_is_never_nothing_and_never_for_ever_and_never_shorter_by_more_than_chance(
    failures: int, chance: float, other: float
) -> None:
    one, next_one = pause(failures, chance), pause(failures + 1, other)

    assert SHORTEST_PAUSE / 2 <= one <= LONGEST_PAUSE
    assert next_one >= one / 2
    assert pause(failures, 0) <= one <= pause(failures, 1)


@given(
    history=st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from(["delivered", "failed", "refused", "passed", "hurried"]), chances)
    )
)
def test_no_history_takes_a_cursor_back_or_loses_an_event_without_a_letter(
    history: list[tuple[int, str, float]],
) -> None:
    webhook, settled = WEBHOOK, set[int]()
    for seq, what, chance in history:
        before, letter = webhook.cursor, None
        match what:
            case "delivered":
                webhook = delivered(webhook, entry(seq), now=NOON)
                settled.add(seq)
            case "failed" | "refused":
                final = what == "refused"
                webhook, letter = failed(webhook, entry(seq), FAULT, final=final, chance=chance, now=NOON)
            case "passed":
                webhook = passed(webhook, seq)
                settled.add(seq)
            case "hurried":
                webhook = hurried(webhook)
        settled |= {letter.entry.seq} if letter else set()

        assert webhook.cursor >= before
        assert webhook.cursor == before or webhook.cursor in settled
        assert webhook.failures < TRIES


def test_a_signature_is_what_the_documents_say_it_is() -> None:
    mac = hmac.new(b"whsec_1", b'1767268800.{"a":1}', hashlib.sha256).hexdigest()

    assert signed(Secret("whsec_1"), b'{"a":1}', at=NOON) == f"t=1767268800,v1={mac}"


@given(secret=st.text(min_size=1).filter(lambda text: text.isascii()), body=st.binary(), later=st.integers(1, 10**6))
def test_a_signature_is_of_one_secret_one_body_and_one_moment(secret: str, body: bytes, later: int) -> None:
    known = signed(Secret(secret), body, at=NOON)

    assert signed(Secret(secret), body, at=NOON) == known
    assert signed(Secret(secret + "x"), body, at=NOON) != known
    assert signed(Secret(secret), body + b"x", at=NOON) != known
    assert signed(Secret(secret), body, at=NOON + timedelta(seconds=later)) != known


@pytest.mark.parametrize("seq", [9, 10])
def test_what_was_passed_already_is_told_of_but_is_no_dead_letter(seq: int) -> None:
    after, letter = failed(WEBHOOK, entry(seq), FAULT, final=True, chance=0.5, now=NOON)

    assert letter is None
    assert after == replace(WEBHOOK, last_error=FAULT, last_error_at=NOON)
    waiting = replace(WEBHOOK, failures=2, not_before=NOON)
    assert passed(waiting, seq) == waiting


def test_an_endpoint_begins_before_the_first_event() -> None:
    assert passed(Webhook(id="webhook-1", url="https://example.com/", created_at=NOON), 1).cursor == 1
    assert Webhook(id="webhook-1", url="https://example.com/", created_at=NOON).cursor < 1


def test_an_endpoint_that_is_not_found_is_named() -> None:
    assert WebhookNotFound("webhook-7").details == "Webhook with ID 'webhook-7' does not exist"


def test_an_address_has_at_most_2048_characters() -> None:
    longest = "https://example.com/".ljust(2048, "x")

    assert checked_url(longest) == longest
    with pytest.raises(Invalid):
        checked_url(f"{longest}x")
