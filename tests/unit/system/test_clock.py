"""Clocks, with time that the tests make."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_system.chance import SystemChance
from colony_system.clock import ScaledClock, SystemClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Time:
    """Seconds since the machine started, and how far the wall clock is ahead of them."""

    def __init__(self) -> None:
        self.ticks = 1000.0
        self.ahead = NOON.timestamp() - self.ticks
        self.naps: list[float] = []

    def wall(self) -> float:
        return self.ticks + self.ahead

    async def pause(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.ticks += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def clock(time: Time) -> SystemClock:
    return SystemClock(wall=time.wall, ticks=lambda: time.ticks, pause=time.pause)


def test_time_goes_on_when_the_clock_is_set_back(time: Time, clock: SystemClock) -> None:
    time.ahead -= 3600
    time.ticks += 5

    assert clock.now() == NOON + timedelta(seconds=5)


def test_a_clock_that_is_set_forward_is_followed(time: Time, clock: SystemClock) -> None:
    time.ahead += 3600

    assert clock.now() == NOON + timedelta(hours=1)


@given(steps=st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6))))
def test_no_correction_makes_time_go_backwards(steps: list[tuple[float, float]]) -> None:
    time = Time()
    clock = SystemClock(wall=time.wall, ticks=lambda: time.ticks, pause=time.pause)
    before = clock.now()
    for passed, corrected in steps:
        time.ticks += passed
        time.ahead += corrected

        assert clock.now() >= before
        before = clock.now()


async def test_a_long_sleep_wakes_early_when_the_clock_is_set_forward(time: Time, clock: SystemClock) -> None:
    async def pause(seconds: float) -> None:
        await time.pause(seconds)
        time.ahead += 3600

    await SystemClock(wall=time.wall, ticks=lambda: time.ticks, pause=pause).sleep_until(NOON + timedelta(hours=1))

    assert time.naps == [30.0]


async def test_a_short_sleep_is_exact(time: Time, clock: SystemClock) -> None:
    await clock.sleep_until(NOON + timedelta(seconds=2.5))

    assert time.naps == [2.5]


async def test_a_scaled_clock_hastens_what_it_tells_and_what_it_waits(time: Time) -> None:
    clock = ScaledClock(60, NOON, ticks=lambda: time.ticks, pause=time.pause)

    await clock.sleep_until(NOON + timedelta(minutes=10))

    assert sum(time.naps) == pytest.approx(10)
    assert timedelta(minutes=10) <= clock.now() - NOON < timedelta(minutes=10, seconds=1)


@pytest.mark.parametrize("factor", [0, -1, float("inf"), float("nan")])
def test_a_clock_cannot_stand_still_or_run_backwards(factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        ScaledClock(factor, NOON)


@given(length=st.integers(0, 100))
def test_a_token_has_the_length_that_was_asked(length: int) -> None:
    token = SystemChance().token(length)

    assert len(token) == length
    assert set(token) <= set("0123456789abcdef")


def test_tokens_are_not_repeated() -> None:
    assert len({SystemChance().token(12) for _ in range(1000)}) == 1000
