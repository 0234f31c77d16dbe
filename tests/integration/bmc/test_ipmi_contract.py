"""The contract of controllers, kept by our IPMI adapter and a controller that nobody here wrote."""

from collections.abc import Callable

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Controller
from colony_testkit.hardware_contract import WRONG_PASSWORD, ControllerContract
from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim
from colony_testkit.ipmi_wire import Wire


class TestIpmiController(ControllerContract):
    @pytest.fixture
    def controller(self, hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> Controller:
        return hardware.controller(sim.access_as(USER, PASSWORD, port=wire.port))

    @pytest.fixture
    def stranger(self, hardware: IpmiHardware, sim: IpmiSim) -> Controller:
        return hardware.controller(sim.access_as(USER, WRONG_PASSWORD))

    @pytest.fixture
    def insider(self, hardware: IpmiHardware, sim: IpmiSim) -> Callable[[Secret], Controller]:
        return lambda password: hardware.controller(sim.access_as(USER, password.reveal()))

    @pytest.fixture
    def silence(self, wire: Wire) -> Callable[[], None]:
        return wire.cut
