"""The contract of couriers of webhooks."""

import pytest

from colony_core.ports.webhooks import Courier
from colony_testkit.courier_contract import CourierContract


class TestCourier(CourierContract):
    @pytest.fixture
    def courier(self, colony_adapter: Courier) -> Courier:
        return colony_adapter
