import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colony_simulator import VirtualClock
from colony_testkit.clock_contract import ClockContract


class TestVirtualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock()

    @pytest.fixture
    def advance(self, clock: VirtualClock) -> Callable[[timedelta], Awaitable[None]]:
        async def by(duration: timedelta) -> None:
            clock.advance(duration)

        return by


@given(delays=st.lists(st.integers(min_value=0, max_value=5)))
def test_calls_come_in_the_order_of_time_and_at_one_moment_in_the_order_of_asking(delays: list[int]) -> None:
    clock = VirtualClock()
    called: list[tuple[datetime, int]] = []

    def remember(number: int) -> Callable[[], None]:
        return lambda: called.append((clock.now(), number))

    for number, delay in enumerate(delays):
        clock.call_at(clock.now() + timedelta(seconds=delay), remember(number))
    start = clock.now()

    clock.advance(timedelta(seconds=10))

    assert called == sorted((start + timedelta(seconds=delay), number) for number, delay in enumerate(delays))


def test_a_call_that_is_not_due_waits() -> None:
    clock = VirtualClock()
    due = clock.now() + timedelta(seconds=10)
    clock.call_at(due, lambda: pytest.fail("it was called too early"))

    clock.advance(timedelta(seconds=9))

    assert clock.next_call() == due


async def test_a_sleeper_that_was_cancelled_disturbs_nobody() -> None:
    clock = VirtualClock()
    sleeper = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(seconds=1)))
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)

    clock.advance(timedelta(seconds=2))

    assert clock.next_call() is None


def test_time_never_goes_backwards() -> None:
    clock = VirtualClock()
    now = clock.now()

    clock.advance_to(now - timedelta(hours=1))

    assert clock.now() == now
