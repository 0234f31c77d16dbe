import pytest

from colony_simulator import SimulatedRack, VirtualClock
from colony_testkit.rack_operator import RackOperator


@pytest.fixture
def operator() -> RackOperator:
    """Stands before a rack of three machines with two disks each."""
    clock = VirtualClock()
    return RackOperator(SimulatedRack.of(3, disks=2, seed=7, clock=clock), clock=clock)
