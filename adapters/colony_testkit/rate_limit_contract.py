"""The contract of rate limiters, as tests."""

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colony_core.domain.rate_limits import NANOSECONDS, Limits, Verdict, Window
from colony_core.ports.rate_limits import RateLimiter

MINUTE = (Window(3, 60),)


class RateLimitContract:
    """Subclass it, give it fixtures `limiter` and `advance`, and the adapter is tested.

    `advance` makes so many nanoseconds pass for the limiter; the limiter remembers nobody when a test begins.
    """

    async def test_the_limit_is_exact(self, limiter: RateLimiter, advance: Callable[[int], None]) -> None:
        verdicts = [await limiter.admit("a", MINUTE) for _ in range(5)]

        assert [verdict.admitted for verdict in verdicts] == [True, True, True, False, False]

    async def test_waiting_as_long_as_was_said_is_enough_and_no_longer_is_needed(
        self, limiter: RateLimiter, advance: Callable[[int], None]
    ) -> None:
        for _ in range(3):
            await limiter.admit("a", MINUTE)
            advance(NANOSECONDS // 2)
        refused = await limiter.admit("a", MINUTE)

        advance((refused.retry_after - 1) * NANOSECONDS)
        too_early = await limiter.admit("a", MINUTE)
        advance(NANOSECONDS)
        assert (too_early.admitted, (await limiter.admit("a", MINUTE)).admitted) == (False, True)

    async def test_a_refused_request_does_not_count(self, limiter: RateLimiter, advance: Callable[[int], None]) -> None:
        for _ in range(30):
            await limiter.admit("a", MINUTE)
            advance(NANOSECONDS)

        advance(32 * NANOSECONDS)
        assert [(await limiter.admit("a", MINUTE)).admitted for _ in range(4)] == [True, True, True, False]

    async def test_subjects_do_not_share_a_limit(self, limiter: RateLimiter, advance: Callable[[int], None]) -> None:
        for _ in range(3):
            await limiter.admit("a", MINUTE)

        assert (await limiter.admit("b", MINUTE)).admitted

    async def test_both_windows_bind(self, limiter: RateLimiter, advance: Callable[[int], None]) -> None:
        windows = Limits(per_minute=2, per_hour=3).windows
        first = [(await limiter.admit("a", windows)).admitted for _ in range(3)]
        advance(60 * NANOSECONDS)
        third = await limiter.admit("a", windows)
        fourth = await limiter.admit("a", windows)

        assert (first, third.admitted, fourth.admitted) == ([True, True, False], True, False)
        assert fourth.retry_after == 3540

    async def test_no_crowd_gets_more_than_the_limit(
        self, limiter: RateLimiter, advance: Callable[[int], None]
    ) -> None:
        verdicts = await asyncio.gather(*(limiter.admit("a", (Window(10, 60),)) for _ in range(100)))

        assert sum(verdict.admitted for verdict in verdicts) == 10

    @settings(
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(pauses=st.lists(st.integers(0, 7 * NANOSECONDS), min_size=1, max_size=40), data=st.data())
    async def test_no_window_ever_holds_more_than_its_limit(
        self, limiter: RateLimiter, advance: Callable[[int], None], pauses: list[int], data: st.DataObject
    ) -> None:
        windows = (Window(data.draw(st.integers(1, 4)), 5), Window(data.draw(st.integers(1, 8)), 20))
        advance(3600 * NANOSECONDS)
        now, admitted = 0, list[int]()
        for pause in pauses:
            advance(pause)
            now += pause
            verdict = await limiter.admit("a", windows)
            room = all(_within(admitted, window, now) < window.limit for window in windows)
            assert verdict.admitted == room
            assert verdict == Verdict(admitted=True) or 1 <= verdict.retry_after <= 20
            if verdict.admitted:
                admitted.append(now)


def _within(admitted: list[int], window: Window, now: int) -> int:
    return sum(at > now - window.seconds * NANOSECONDS for at in admitted)
