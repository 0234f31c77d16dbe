"""Controllers are asked evenly over an interval, everybody gets a turn, and no more is asked at once than fits."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_core.domain.rounds import Budget, Polling, Round
from colony_testkit.builders import NOON

MINUTE = timedelta(minutes=1)
spans = st.integers(0, 100_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


def test_what_is_not_said_is_once_a_minute_and_fifty_in_a_second() -> None:
    assert Polling() == Polling(interval=MINUTE, per_second=50.0, quick=timedelta(seconds=3))


@pytest.mark.parametrize(
    ("seconds", "visited", "wanted"),
    [(0, 0, 0), (1, 0, 1), (30, 0, 5), (30, 5, 0), (30, 2, 3), (30, 9, 0), (59, 0, 10), (54, 5, 4)],
)
def test_by_each_moment_its_share_should_have_had_a_turn(seconds: int, visited: int, wanted: int) -> None:
    walk = Round(began=NOON, assets=10, visited=visited)

    assert walk.wanted(NOON + timedelta(seconds=seconds), MINUTE) == wanted


def test_after_the_interval_everybody_should_who_came_meanwhile_too() -> None:
    walk = Round(began=NOON, assets=10, visited=10)

    assert walk.wanted(NOON + MINUTE - timedelta(microseconds=1), MINUTE) == 0
    assert walk.wanted(NOON + MINUTE, MINUTE) >= 1000


def test_a_walk_goes_on_at_its_cursor_until_there_is_none() -> None:
    walk = Round(began=NOON, assets=3).after(2, "asset-2")
    assert walk == Round(began=NOON, assets=3, visited=2, cursor="asset-2")

    assert walk.after(1, None) == Round(began=NOON, assets=3, visited=3, over=True)


@given(rate=st.floats(0.1, 100), pauses=st.lists(spans, max_size=10))
def test_no_more_than_one_seconds_polls_are_ever_saved_up_and_one_always_can_be(
    rate: float, pauses: list[timedelta]
) -> None:
    now, budget = NOON, Budget(per_second=rate, at=NOON)
    for pause in pauses:
        now += pause
        budget = budget.at_moment(now)

        assert budget.at == now
        assert budget.saved <= max(1.0, rate)
    assert budget.at_moment(now + timedelta(hours=1)).saved == max(1.0, rate)


def test_polls_come_in_at_the_rate_and_are_taken_off_by_use() -> None:
    budget = Budget(per_second=4, at=NOON, saved=1.0).at_moment(NOON + timedelta(seconds=0.5))

    assert budget.saved == 3.0
    assert budget.spent(2) == Budget(per_second=4, at=budget.at, saved=1.0)
