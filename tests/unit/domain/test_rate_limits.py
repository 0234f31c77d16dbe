"""Sliding windows are exact: held against a model that counts by brute force."""

from collections import deque
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from colony_core.domain.rate_limits import ADMITTED, NANOSECONDS, UNAUTHENTICATED, Limits, Window, judge

windows = st.lists(st.builds(Window, st.integers(1, 5), st.integers(1, 20)), min_size=1, max_size=3).map(tuple)
steps = st.lists(st.integers(0, 30) | st.integers(0, 30 * NANOSECONDS), min_size=1, max_size=40)
jumps = st.lists(st.integers(0, 100 * NANOSECONDS), min_size=40, max_size=40)


def most_in_any(window: Window, admitted: list[int]) -> int:
    """Return how many of *admitted* lie in the fullest window that there was."""
    length = window.seconds * NANOSECONDS
    return max((sum(end - length < at <= end for at in admitted) for end in admitted), default=0)


@given(limits=windows, gaps=steps)
def test_no_window_ever_holds_more_than_its_limit_and_none_is_refused_that_had_room(
    limits: tuple[Window, ...], gaps: list[int]
) -> None:
    log: deque[int] = deque()
    admitted: list[int] = []

    for now in accumulate(gaps):
        verdict = judge(log, limits, now)
        room = all(most_in_any(window, [*admitted, now]) <= window.limit for window in limits)

        assert verdict.admitted == room
        admitted += [now] if verdict.admitted else []


@given(limits=windows, gaps=steps)
def test_waiting_as_long_as_was_said_is_enough_and_never_longer_than_the_longest_window(
    limits: tuple[Window, ...], gaps: list[int]
) -> None:
    log: deque[int] = deque()
    longest = max(window.seconds for window in limits)

    for now in accumulate(gaps):
        verdict = judge(log, limits, now)
        if not verdict.admitted:
            assert 1 <= verdict.retry_after <= longest
            assert judge(deque(log), limits, now + verdict.retry_after * NANOSECONDS) == ADMITTED


@given(limits=windows, gaps=steps)
def test_the_wait_is_the_shortest_in_whole_seconds(limits: tuple[Window, ...], gaps: list[int]) -> None:
    log: deque[int] = deque()

    for now in accumulate(gaps):
        verdict = judge(log, limits, now)
        if verdict.retry_after > 1:
            assert not judge(deque(log), limits, now + (verdict.retry_after - 1) * NANOSECONDS).admitted


@given(limits=windows, gaps=steps)
def test_a_refused_request_leaves_no_trace(limits: tuple[Window, ...], gaps: list[int]) -> None:
    log: deque[int] = deque()

    for now in accumulate(gaps):
        before = deque(log)
        if not judge(log, limits, now).admitted:
            assert log == before


@given(limits=windows, gaps=steps, back=jumps)
def test_a_clock_that_goes_backwards_lets_nobody_in_early_and_nobody_wait_in_vain(
    limits: tuple[Window, ...], gaps: list[int], back: list[int]
) -> None:
    log: deque[int] = deque()
    longest = max(window.seconds for window in limits)
    admitted: list[int] = []
    behind = 0

    for true, jump in zip(accumulate(gaps), back, strict=False):
        behind += jump if jump % 3 == 0 else 0
        verdict = judge(log, limits, true - behind)

        admitted += [true] if verdict.admitted else []
        assert all(most_in_any(window, admitted) <= window.limit for window in limits)
        if not verdict.admitted:
            assert 1 <= verdict.retry_after <= longest
            assert judge(deque(log), limits, true - behind + verdict.retry_after * NANOSECONDS) == ADMITTED


@given(gaps=st.lists(st.integers(0, NANOSECONDS), min_size=50, max_size=100))
def test_the_log_keeps_no_more_than_the_windows_can_see(gaps: list[int]) -> None:
    log: deque[int] = deque()
    limits = (Window(5, 2), Window(20, 10))

    for now in accumulate(gaps):
        judge(log, limits, now)

        assert len(log) <= 20


def test_the_services_limits_are_the_references() -> None:
    assert Limits().windows == (Window(100, 60), Window(1000, 3600))
    assert (Window(60, 60),) == UNAUTHENTICATED


def test_the_hundred_and_first_request_of_a_minute_waits_for_the_first_to_be_a_minute_old() -> None:
    log: deque[int] = deque()
    verdicts = [judge(log, Limits().windows, second * NANOSECONDS // 10) for second in range(101)]

    assert [verdict.admitted for verdict in verdicts] == [True] * 100 + [False]
    assert verdicts[-1].retry_after == 50


def test_without_windows_everything_passes() -> None:
    log: deque[int] = deque()

    assert all(judge(log, (), now).admitted for now in range(1000))


def test_a_window_that_admits_nothing_names_its_length() -> None:
    assert judge(deque(), (Window(0, 60),), 0).retry_after == 60


def test_what_is_admitted_need_not_wait_and_what_no_window_sees_is_not_kept() -> None:
    log: deque[int] = deque()

    assert judge(log, (), 7) == ADMITTED
    assert (ADMITTED.admitted, ADMITTED.retry_after) == (True, 0)
    assert not log


def test_a_log_is_kept_for_the_longest_window_however_the_shorter_ones_stand() -> None:
    short, long = Window(5, 1), Window(2, 60)

    for limits in ((short, long), (long, short)):
        log: deque[int] = deque()
        admitted = [judge(log, limits, second * NANOSECONDS).admitted for second in (0, 10, 20, 59, 60)]

        assert admitted == [True, True, False, False, True]


def test_seconds_are_counted_in_nanoseconds_and_without_a_limit_everybody_is_let_in() -> None:
    log = deque([0])

    assert judge(log, (Window(1, 1),), 999_999_999).retry_after == 1
    assert judge(log, (Window(1, 1),), 1_000_000_000) == ADMITTED
    assert judge(log, (), 1_000_000_000) == ADMITTED
