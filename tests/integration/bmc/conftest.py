"""A real IPMI controller for every test, with a wire to it that can be watched and cut."""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_testkit.ipmi_records import SimSensor
from colony_testkit.ipmi_sim import IpmiSim, ipmi_sim, missing_programs
from colony_testkit.ipmi_wire import Wire, wire_to

MUST_RUN = os.environ.get("CI") == "true" or os.geteuid() == 0
"""Where the programs can be installed they have to be: there, a test that was skipped would hide that none ran."""

DEADLINE = 2.5
"""Short, as tests wait for it; long enough for a controller on a busy machine, which answers in 0.1 s otherwise."""

StartSim = Callable[..., IpmiSim]


@pytest.fixture(scope="session")
def bmc_programs() -> None:
    missing = missing_programs()
    if missing and MUST_RUN:
        pytest.fail(f"{' and '.join(missing)} must be installed here: apt-get install openipmi ipmitool")
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed: apt-get install openipmi ipmitool")


@pytest.fixture
def start_sim(bmc_programs: None, tmp_path: Path) -> Iterator[StartSim]:
    with ExitStack() as stack:

        def start(address: str = "127.77.0.1", fru: bytes | None = None, sensors: Sequence[SimSensor] = ()) -> IpmiSim:
            folder = tmp_path / f"bmc-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(ipmi_sim(folder, address=address, fru=fru, sensors=sensors))

        yield start


@pytest.fixture
def sim(start_sim: StartSim) -> IpmiSim:
    return start_sim()


@pytest.fixture
async def wire(sim: IpmiSim) -> AsyncIterator[Wire]:
    with wire_to(sim.address, sim.port) as wire:
        yield wire


@pytest.fixture
async def hardware() -> AsyncIterator[IpmiHardware]:
    hardware = IpmiHardware(deadline=DEADLINE)
    yield hardware
    await hardware.aclose()
