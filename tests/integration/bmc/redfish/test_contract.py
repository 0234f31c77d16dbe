"""The contract of controllers, kept by our Redfish adapter and a controller that nobody here wrote."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from colony_bmc.redfish import RedfishHardware
from colony_core.ports.hardware import Controller
from colony_testkit.hardware_contract import WRONG_PASSWORD, ControllerContract
from colony_testkit.sushy_emulator import SushyEmulator
from tests.integration.bmc.redfish.conftest import StartSushy

SHORT = 3.0
"""Seconds: the tests of silence wait for them."""


@pytest.fixture(scope="module")
def running(start_sushy: StartSushy) -> SushyEmulator:
    return start_sushy()


class TestRedfishController(ControllerContract):
    @pytest.fixture
    def sushy(self, running: SushyEmulator) -> Iterator[SushyEmulator]:
        yield running
        running.process.send_signal(signal.SIGCONT)

    @pytest.fixture
    async def hardware(self, sushy: SushyEmulator) -> AsyncIterator[RedfishHardware]:
        hardware = RedfishHardware(deadline=SHORT, inventory_deadline=SHORT)
        yield hardware
        sushy.process.send_signal(signal.SIGCONT)
        await hardware.aclose()

    @pytest.fixture
    def controller(self, hardware: RedfishHardware, sushy: SushyEmulator) -> Controller:
        return hardware.controller(sushy.access)

    @pytest.fixture
    def stranger(self, hardware: RedfishHardware, sushy: SushyEmulator) -> Controller:
        return hardware.controller(sushy.access_as(WRONG_PASSWORD))

    @pytest.fixture
    def silence(self, sushy: SushyEmulator) -> Callable[[], None]:
        return lambda: sushy.process.send_signal(signal.SIGSTOP)
