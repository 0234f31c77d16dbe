"""The limiter in memory keeps the contract of rate limiters, and no memory of those who stay away."""

from collections.abc import Callable

import pytest

from colony_core.domain.rate_limits import NANOSECONDS, Window
from colony_store.rate_limits import MemoryRateLimiter
from colony_testkit.rate_limit_contract import RateLimitContract


class Ticks:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    def advance(self, nanoseconds: int) -> None:
        self.now += nanoseconds


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def limiter(ticks: Ticks) -> MemoryRateLimiter:
    return MemoryRateLimiter(ticks)


class TestMemory(RateLimitContract):
    @pytest.fixture
    def advance(self, ticks: Ticks) -> Callable[[int], None]:
        return ticks.advance


async def test_whoever_stays_away_for_a_window_is_forgotten(limiter: MemoryRateLimiter, ticks: Ticks) -> None:
    for number in range(100):
        await limiter.admit(f"address {number}", (Window(1, 60),))
    await limiter.admit("key", (Window(100, 3600),))
    ticks.advance(59 * NANOSECONDS)
    await limiter.admit("address 100", (Window(1, 60),))
    before = len(limiter)

    ticks.advance(NANOSECONDS)
    await limiter.admit("address 101", (Window(1, 60),))
    assert (before, len(limiter)) == (102, 3)


async def test_whoever_keeps_coming_is_remembered(limiter: MemoryRateLimiter, ticks: Ticks) -> None:
    for _ in range(10):
        await limiter.admit("a", (Window(1000, 60),))
        ticks.advance(50 * NANOSECONDS)

    assert (await limiter.admit("a", (Window(2, 60),))).admitted
    assert not (await limiter.admit("a", (Window(2, 60),))).admitted


async def test_a_refused_stranger_takes_no_memory(limiter: MemoryRateLimiter) -> None:
    await limiter.admit("a", (Window(0, 60),))

    assert len(limiter) == 0
