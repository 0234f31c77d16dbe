"""A gate shuts in front of a controller that fails, opens again in time, and never tries refused credentials twice."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from colony_core.domain.breakers import (
    Credentials,
    Gate,
    Pace,
    Shut,
    Standing,
    Trouble,
    admission,
    answered,
    begun,
    dropped,
    failed,
    may_be_seated,
    recalled,
    standing,
)
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.healths import BmcState, Health
from colony_core.domain.secrets import Secret
from colony_testkit.builders import NOON

BMC = Bmc(protocol=Protocol.IPMI, address="192.168.2.50", port=623, username="admin")
OURS: Credentials = (BMC, Secret("one"))
OTHERS: Credentials = (BMC, Secret("two"))
PACE = Pace(gap=timedelta(milliseconds=50))
FAILURES = [trouble for trouble in Trouble if trouble is not Trouble.REFUSED]

times = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))
shares = st.floats(0, 1)
askers = st.sampled_from([None, None, "workflow-1", "workflow-2"])


class Call(Struct, frozen=True):
    """Somebody asks after so long, and this comes of it if the gate lets it through; None: an answer."""

    after: timedelta
    trouble: Trouble | None
    credentials: Credentials
    asker: str | None
    share: float


calls = st.builds(
    Call,
    after=times,
    trouble=st.none() | st.sampled_from(list(Trouble)),
    credentials=st.sampled_from([OURS, OTHERS]),
    asker=askers,
    share=shares,
)


def live(gate: Gate, call: Call, *, now: datetime) -> Gate:
    """Return the gate after the call, which waits out a pause; one that was not let through changes nothing."""
    admitted = admission(gate, call.credentials, asker=call.asker, now=now)
    if isinstance(admitted, Shut):
        return gate
    gate = begun(gate, asker=call.asker)
    if call.trouble is None:
        return answered(gate, now=admitted, pace=PACE)
    return failed(gate, call.trouble, "why", credentials=call.credentials, now=admitted, share=call.share, pace=PACE)


def after(*troubles: Trouble | None, asker: str | None = None) -> Gate:
    """Return the gate after calls a second apart."""
    gate = Gate()
    for number, trouble in enumerate(troubles):
        call = Call(timedelta(0), trouble, OURS, asker, 0.0)
        gate = live(gate, call, now=NOON + timedelta(seconds=number))
    return gate


@given(st.lists(calls, max_size=30))
def test_refused_credentials_are_never_tried_again_by_the_same_wish(history: list[Call]) -> None:
    gate, now = Gate(), NOON
    refused: set[tuple[Credentials, str | None]] = set()
    for call in history:
        now += call.after
        before, gate = gate, live(gate, call, now=now)

        let_through = gate is not before and gate != before
        if let_through and call.trouble is Trouble.REFUSED:
            assert (call.credentials, call.asker) not in refused or before.turned_down != call.credentials
            refused = {(call.credentials, None), (call.credentials, call.asker)}
        elif let_through and call.trouble is None:
            refused.clear()


@given(st.lists(calls, max_size=30))
def test_whatever_happened_a_controller_that_refused_nothing_is_asked_again_within_the_longest_rest(
    history: list[Call],
) -> None:
    gate, now = Gate(), NOON
    for call in history:
        now += call.after
        gate = live(gate, call, now=now)
    at = now + PACE.longest_rest + PACE.pause * 4

    admitted = admission(gate, OURS, asker=None, now=at)
    assert admitted == at or gate.turned_down == OURS


@given(st.lists(calls, max_size=30), askers, times)
def test_a_shut_gate_says_why_and_since_when_and_lets_a_new_wish_through(
    history: list[Call], asker: str | None, later: timedelta
) -> None:
    gate, now = Gate(), NOON
    for call in history:
        now += call.after
        gate = live(gate, call, now=now)
    now += later

    verdict = admission(gate, OURS, asker=asker, now=now)
    if isinstance(verdict, Shut):
        assert verdict.why == "why"
        assert verdict.since <= now + PACE.longest_rest
        assert verdict.until is None or verdict.until > now
        assert verdict.until is not None or verdict.trouble is Trouble.REFUSED
        assert admission(gate, OURS, asker="workflow-3", now=now) == max(now, _pause_of(gate, now))


def _pause_of(gate: Gate, now: datetime) -> datetime:
    return now if gate.state is BmcState.DEGRADED else gate.ready_at or now


@given(st.lists(calls, max_size=30))
def test_an_answer_heals_at_once(history: list[Call]) -> None:
    gate, now = Gate(), NOON
    for call in history:
        now += call.after
        gate = live(gate, call, now=now)

    healed = answered(gate, now=now, pace=PACE)
    assert (healed.state, healed.failures, healed.why) == (BmcState.OK, 0, "")
    assert admission(healed, OURS, asker=None, now=now) == now + PACE.gap


@pytest.mark.parametrize("trouble", FAILURES)
def test_a_gate_shuts_at_the_third_failure_in_a_row_since_the_first(trouble: Trouble) -> None:
    gate = after(trouble, trouble)
    assert gate.state is BmcState.UNKNOWN

    shut = failed(gate, trouble, "silence", credentials=OURS, now=NOON + timedelta(minutes=1), share=0.0, pace=PACE)
    assert (shut.state, shut.since, shut.why) == (BmcState.DEGRADED, NOON, "silence")
    now = NOON + timedelta(minutes=1)
    assert admission(shut, OURS, asker=None, now=now) == Shut(trouble, "silence", NOON, now + PACE.rest)


def test_a_failure_between_answers_is_a_pause_and_no_state() -> None:
    gate = after(None, Trouble.UNREACHABLE)

    assert gate.state is BmcState.OK
    assert admission(gate, OURS, asker=None, now=NOON) == NOON + timedelta(seconds=1) + PACE.pause


def test_rests_double_up_to_the_longest() -> None:
    gate, now, rests = Gate(), NOON, []
    for _ in range(10):
        gate = failed(gate, Trouble.BUSY, "why", credentials=OURS, now=now, share=0.0, pace=PACE)
        rests.append(((gate.ready_at or now) - now).total_seconds())
        now = gate.ready_at or now

    assert rests == [1, 2, 10, 20, 40, 80, 160, 300, 300, 300]


@given(share=shares)
def test_chance_takes_up_to_half_off_a_rest(share: float) -> None:
    gate = after(Trouble.UNREACHABLE, Trouble.UNREACHABLE)

    shut = failed(gate, Trouble.UNREACHABLE, "why", credentials=OURS, now=NOON, share=share, pace=PACE)
    assert PACE.rest / 2 <= (shut.ready_at or NOON) - NOON <= PACE.rest


def test_refused_credentials_are_refused_until_they_are_others_or_somebody_wishes_anew() -> None:
    gate = after(Trouble.REFUSED, asker="workflow-1")
    much_later = NOON + timedelta(days=400)

    assert admission(gate, OURS, asker=None, now=much_later) == Shut(Trouble.REFUSED, "why", NOON, None)
    assert isinstance(admission(gate, OURS, asker="workflow-1", now=much_later), Shut)
    assert admission(gate, OURS, asker="workflow-2", now=much_later) == much_later
    assert admission(gate, OTHERS, asker=None, now=much_later) == much_later


def test_a_second_refusal_is_as_old_as_the_first() -> None:
    again = failed(
        after(Trouble.REFUSED), Trouble.REFUSED, "no", credentials=OTHERS, now=NOON + PACE.rest, share=0, pace=PACE
    )

    assert (again.since, again.turned_down) == (NOON, OTHERS)


def test_a_wish_is_let_through_a_shut_gate_once() -> None:
    gate = after(*[Trouble.UNREACHABLE] * 9)
    now = NOON + timedelta(seconds=9)
    assert admission(gate, OURS, asker="workflow-1", now=now) == now

    assert isinstance(admission(begun(gate, asker="workflow-1"), OURS, asker="workflow-1", now=now), Shut)


def test_a_call_that_was_given_up_leaves_the_gap() -> None:
    gate = dropped(after(None), now=NOON + PACE.rest, pace=PACE)

    assert admission(gate, OURS, asker=None, now=NOON) == NOON + PACE.rest + PACE.gap


@pytest.mark.parametrize("state", list(BmcState))
def test_a_new_process_goes_on_where_the_last_one_was(state: BmcState) -> None:
    health = Health(asset_id="asset-1", state=state, since=NOON, why="why", checked_at=NOON)
    gate = recalled(health, OURS, now=NOON, share=1.0, pace=PACE)

    assert (gate.state, gate.since, gate.why) == (state, NOON, "why")
    shut = isinstance(admission(gate, OURS, asker=None, now=NOON), Shut)
    assert shut == (state in {BmcState.DEGRADED, BmcState.REFUSED})
    later = NOON + PACE.rest
    assert isinstance(admission(gate, OURS, asker=None, now=later), Shut) == (state is BmcState.REFUSED)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (Gate(), Standing.NEW),
        (after(None), Standing.LIVING),
        (after(None, Trouble.BUSY), Standing.FAILING),
        (after(Trouble.UNREACHABLE), Standing.FAILING),
        (after(Trouble.REFUSED), Standing.NEW),
    ],
)
def test_who_failed_last_is_failing(gate: Gate, expected: Standing) -> None:
    assert standing(gate) is expected


@given(st.lists(st.sampled_from(list(Standing))), st.integers(4, 300))
def test_whoever_comes_first_the_living_keep_a_quarter_and_nobody_exceeds_all(
    arrivals: list[Standing], sessions: int
) -> None:
    taken = dict.fromkeys(Standing, 0)
    for who in [*arrivals, *[Standing.FAILING, Standing.NEW] * sessions]:
        taken[who] += may_be_seated(who, taken, sessions=sessions)

    assert sum(taken.values()) <= sessions
    assert taken[Standing.FAILING] <= sessions // 4
    assert taken[Standing.FAILING] + taken[Standing.NEW] <= sessions - sessions // 4
    assert may_be_seated(Standing.LIVING, taken, sessions=sessions) or sum(taken.values()) == sessions


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_where_few_sessions_are_allowed_one_is_for_those_that_fail_and_one_for_new_ones(sessions: int) -> None:
    nobody = dict.fromkeys(Standing, 0)

    assert all(may_be_seated(who, nobody, sessions=sessions) for who in Standing)
    assert not may_be_seated(Standing.FAILING, nobody | {Standing.FAILING: 1}, sessions=sessions)
    assert not may_be_seated(Standing.NEW, nobody | {Standing.NEW: max(1, sessions - 1)}, sessions=sessions)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 10), (4, 20), (5, 40), (6, 80), (7, 160), (8, 300), (40, 300)]
)
def test_pauses_double_then_rests_do_and_chance_takes_up_to_half_off(failures: int, seconds: int) -> None:
    before = Gate(failures=failures - 1)

    def waits(share: float) -> timedelta:
        gate = failed(before, Trouble.BUSY, "why", credentials=OURS, now=NOON, share=share, pace=Pace())
        assert gate.ready_at is not None
        return gate.ready_at - NOON

    assert waits(0) == timedelta(seconds=seconds)
    assert waits(0.5) == 0.75 * timedelta(seconds=seconds)
    assert waits(1) == 0.5 * timedelta(seconds=seconds)


def test_a_controller_that_answers_is_well_since_it_first_did() -> None:
    later = NOON + timedelta(minutes=1)

    assert answered(Gate(state=BmcState.OK, since=NOON), now=later, pace=PACE).since == NOON
    assert answered(Gate(state=BmcState.DEGRADED, since=NOON), now=later, pace=PACE).since == later


def test_a_call_without_a_name_forgets_nobodys_wish() -> None:
    assert begun(Gate(asker="workflow-1"), asker=None) == Gate(asker="workflow-1")
    assert begun(Gate(asker="workflow-1"), asker="workflow-2") == Gate(asker="workflow-2")


def test_a_gate_of_which_only_its_state_is_remembered_is_shut_since_now_as_unreachable() -> None:
    until = NOON + timedelta(seconds=5)

    shut = admission(Gate(state=BmcState.DEGRADED, why="why", ready_at=until), OURS, asker=None, now=NOON)

    assert shut == Shut(Trouble.UNREACHABLE, "why", NOON, until)


def test_a_controller_that_still_fails_after_a_restart_rests_twice_as_long_and_is_as_ill_as_before() -> None:
    health = Health(asset_id="asset-1", state=BmcState.DEGRADED, since=NOON, why="why", checked_at=NOON)
    later = NOON + timedelta(hours=1)

    gate = recalled(health, OURS, now=later, share=0.0, pace=PACE)
    again = failed(gate, Trouble.BUSY, "busy", credentials=OURS, now=later, share=0.0, pace=PACE)

    assert (gate.ready_at, standing(gate)) == (later + PACE.rest, Standing.FAILING)
    assert (again.state, again.since, again.ready_at) == (BmcState.DEGRADED, NOON, later + 2 * PACE.rest)


def test_a_refusal_that_an_earlier_process_was_told_is_one_still() -> None:
    health = Health(asset_id="asset-1", state=BmcState.REFUSED, since=NOON, why="why", checked_at=NOON)

    assert recalled(health, OURS, now=NOON, share=0.0, pace=PACE).trouble is Trouble.REFUSED


def test_a_call_that_was_refused_leaves_the_gap_too_and_one_given_up_takes_no_pause_back() -> None:
    refused = after(Trouble.REFUSED)
    paused = Gate(ready_at=NOON + timedelta(hours=1))

    assert admission(refused, OTHERS, asker=None, now=NOON) == NOON + PACE.gap
    assert dropped(paused, now=NOON, pace=PACE) == paused
