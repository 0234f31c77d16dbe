"""The contract of controllers, on a `HardwareCase`."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, Controller
from colony_testkit.cases import HardwareCase
from colony_testkit.hardware_contract import WRONG_PASSWORD, ControllerContract, a_moment


class TestController(ControllerContract):
    @pytest.fixture
    def moment(self, colony_adapter: HardwareCase) -> Callable[[], Awaitable[None]]:
        return colony_adapter.moment or a_moment

    @pytest.fixture
    async def controller(self, colony_adapter: HardwareCase) -> AsyncIterator[Controller]:
        yield colony_adapter.hardware.controller(colony_adapter.access)
        await colony_adapter.hardware.aclose()

    @pytest.fixture
    async def stranger(self, colony_adapter: HardwareCase) -> AsyncIterator[Controller]:
        yield colony_adapter.hardware.controller(Access(colony_adapter.access.bmc, Secret(WRONG_PASSWORD)))
        await colony_adapter.hardware.aclose()

    @pytest.fixture
    def silence(self, colony_adapter: HardwareCase) -> Callable[[], None]:
        return colony_adapter.silence
