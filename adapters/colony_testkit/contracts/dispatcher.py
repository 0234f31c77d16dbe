"""The contract of dispatchers, on a `DispatchCase`."""

import pytest

from colony_testkit.cases import DispatchCase
from colony_testkit.dispatch_contract import DispatchContract, SharedDispatchContract


class TestDispatcher(DispatchContract):
    @pytest.fixture
    def case(self, colony_adapter: DispatchCase) -> DispatchCase:
        return colony_adapter


class TestSharedDispatcher(SharedDispatchContract):
    @pytest.fixture
    def case(self, colony_adapter: DispatchCase) -> DispatchCase:
        if colony_adapter.freeze is None:
            pytest.skip("the case is of a dispatcher for the only worker of a store")
        return colony_adapter
