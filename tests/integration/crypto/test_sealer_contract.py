"""The sealer of the box keeps the contract."""

import pytest

from colony_crypto.sealing import Sealer
from colony_testkit.sealing_contract import SealerContract


class TestSealer(SealerContract):
    @pytest.fixture
    def sealer(self) -> Sealer:
        return Sealer(bytes(32))
