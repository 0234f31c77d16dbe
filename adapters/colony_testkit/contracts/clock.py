"""The contract of clocks, on a clock of real time, or on a `ClockCase`."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from colony_core.ports.clock import Clock
from colony_testkit.cases import ClockCase
from colony_testkit.clock_contract import ClockContract, it_passes_by_itself


class TestClock(ClockContract):
    @pytest.fixture
    def clock(self, colony_adapter: Clock | ClockCase) -> Clock:
        return colony_adapter.clock if isinstance(colony_adapter, ClockCase) else colony_adapter

    @pytest.fixture
    def advance(self, colony_adapter: Clock | ClockCase) -> Callable[[timedelta], Awaitable[None]]:
        return colony_adapter.advance if isinstance(colony_adapter, ClockCase) else it_passes_by_itself
