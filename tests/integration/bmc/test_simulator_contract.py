from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, Controller
from colony_simulator import Silent, SimulatedRack, Simulation, VirtualClock
from colony_testkit.hardware_contract import WRONG_PASSWORD, ControllerContract


class TestRackController(ControllerContract):
    @pytest.fixture
    def rack(self) -> SimulatedRack:
        return SimulatedRack.of(1, clock=VirtualClock())

    @pytest.fixture
    def moment(self, rack: SimulatedRack) -> Callable[[], Awaitable[None]]:
        async def a_second() -> None:
            clock = rack.clock
            assert isinstance(clock, VirtualClock)
            await Simulation(rack=rack, clock=clock).run(clock.now() + timedelta(seconds=1))

        return a_second

    @pytest.fixture
    def controller(self, rack: SimulatedRack) -> Controller:
        [machine] = rack.machines
        return rack.hardware.controller(Access(machine.bmc, machine.password))

    @pytest.fixture
    def stranger(self, rack: SimulatedRack) -> Controller:
        return rack.hardware.controller(Access(rack.machines[0].bmc, Secret(WRONG_PASSWORD)))

    @pytest.fixture
    def insider(self, rack: SimulatedRack) -> Callable[[Secret], Controller]:
        return lambda password: rack.hardware.controller(Access(rack.machines[0].bmc, password))

    @pytest.fixture
    def silence(self, rack: SimulatedRack) -> Callable[[], None]:
        return lambda: rack.fault("asset-1", Silent())
