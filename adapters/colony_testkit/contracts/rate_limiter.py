"""The contract of rate limiters, on a `RateLimiterCase`."""

from collections.abc import Callable

import pytest

from colony_core.ports.rate_limits import RateLimiter
from colony_testkit.cases import RateLimiterCase
from colony_testkit.rate_limit_contract import RateLimitContract


class TestRateLimiter(RateLimitContract):
    @pytest.fixture
    def limiter(self, colony_adapter: RateLimiterCase) -> RateLimiter:
        return colony_adapter.limiter

    @pytest.fixture
    def advance(self, colony_adapter: RateLimiterCase) -> Callable[[int], None]:
        return colony_adapter.advance
