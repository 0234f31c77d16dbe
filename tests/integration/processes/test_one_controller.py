"""Several processes ask one real controller at the same time: it hears one after the other, and has its gap between."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from colony_core import Registration
from colony_core.domain.secrets import Secret
from colony_simulator import SimulatedRack
from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim, ipmi_sim
from colony_testkit.ipmi_wire import Wire, wire_to
from tests.integration.bmc.conftest import bmc_programs  # noqa: F401 - a fixture
from tests.integration.processes.conftest import Fleet

GAP = 0.1
ADDRESS = "127.77.0.2"
TOLERANCE = 0.005
"""Seconds by which the clock of the processes may differ from the kernel's over one gap."""


@pytest.fixture
def sim(bmc_programs: None, tmp_path: Path) -> Iterator[IpmiSim]:  # noqa: F811 - that fixture
    folder = tmp_path / "bmc"
    folder.mkdir()
    with ipmi_sim(folder, address=ADDRESS) as sim:
        yield sim


@pytest.fixture
async def wire(sim: IpmiSim) -> AsyncIterator[Wire]:
    with wire_to(sim.address, sim.port) as wire:
        yield wire


async def test_processes_that_ask_one_controller_at_once_speak_one_after_the_other(fleet: Fleet, wire: Wire) -> None:
    machine = Registration(address=ADDRESS, port=wire.port, username=USER, password=Secret(PASSWORD))
    await fleet.colony.assets.enrol([(machine, SimulatedRack.of(1).machines[0].inventory)])
    servers = await fleet.servers(3, COLONY_BMC_GAP=str(GAP), COLONY_HEALTH_INTERVAL="1")  # one of them polls as well

    async def read(server: httpx.AsyncClient) -> int:
        return (await server.get("/assets/asset-1/sensors")).status_code

    answers = await asyncio.gather(*(read(server) for server in servers for _ in range(8)))

    assert answers == [200] * 24
    speakers = wire.clients()
    assert len(speakers) >= 25, "those of the readers, and of whoever polls"
    assert len(speakers) == len(set(speakers)), "no exchange began before the one before it was over"
    assert min(wire.gaps()) >= GAP - TOLERANCE
