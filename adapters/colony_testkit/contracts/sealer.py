"""The contract of sealers."""

import pytest

from colony_core.ports.sealing import Sealer
from colony_testkit.sealing_contract import SealerContract


class TestSealer(SealerContract):
    @pytest.fixture
    def sealer(self, colony_adapter: Sealer) -> Sealer:
        return colony_adapter
