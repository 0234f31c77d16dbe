"""The clocks of the box keep the contract, on real time."""

from datetime import UTC, datetime

import pytest

from colony_system.clock import ScaledClock, SystemClock
from colony_testkit.clock_contract import ClockContract


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()


class TestScaledClock(ClockContract):
    @pytest.fixture(params=[0.5, 60, 1e6])
    def clock(self, request: pytest.FixtureRequest) -> ScaledClock:
        return ScaledClock(request.param, datetime(2026, 11, 23, tzinfo=UTC))


def test_the_system_clock_tells_the_time() -> None:
    assert abs((SystemClock().now() - datetime.now(UTC)).total_seconds()) < 1
