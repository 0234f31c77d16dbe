"""The contract of chance."""

import pytest

from colony_core.ports.chance import Chance
from colony_testkit.chance_contract import ChanceContract


class TestChance(ChanceContract):
    @pytest.fixture
    def chance(self, colony_adapter: Chance) -> Chance:
        return colony_adapter
