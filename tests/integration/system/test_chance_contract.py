"""The chance of the box keeps the contract."""

import pytest

from colony_system.chance import SystemChance
from colony_testkit.chance_contract import ChanceContract


class TestSystemChance(ChanceContract):
    @pytest.fixture
    def chance(self) -> SystemChance:
        return SystemChance()
