"""The contract of clocks, as tests."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from colony_core.ports.clock import Clock

SOON = timedelta(milliseconds=20)


class ClockContract:
    """Subclass it, give it a `clock` fixture, and the adapter is tested.

    Time must pass by itself, or by an `advance` fixture of your own for a clock that stands still.
    """

    @pytest.fixture
    def advance(self) -> Callable[[timedelta], Awaitable[None]]:
        return it_passes_by_itself

    async def test_now_is_in_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)

    async def test_now_never_goes_backwards(self, clock: Clock) -> None:
        moments = [clock.now() for _ in range(1000)]

        assert moments == sorted(moments)

    async def test_sleeping_until_a_moment_ends_at_it_or_later(
        self, clock: Clock, advance: Callable[[timedelta], Awaitable[None]]
    ) -> None:
        when = clock.now() + SOON

        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            sleeper = tasks.create_task(clock.sleep_until(when))
            await asyncio.sleep(0)
            await advance(SOON)

        assert sleeper.done()
        assert clock.now() >= when

    async def test_sleeping_until_the_past_ends_at_once(self, clock: Clock) -> None:
        async with asyncio.timeout(10):
            await clock.sleep_until(clock.now() - timedelta(days=1))

    async def test_a_sleeper_can_be_cancelled(self, clock: Clock) -> None:
        sleeper = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(days=365)))
        await asyncio.sleep(0)

        sleeper.cancel()

        with pytest.raises(asyncio.CancelledError):
            await sleeper


async def it_passes_by_itself(_: timedelta) -> None:
    """Do nothing: real time passes while it is waited for."""
