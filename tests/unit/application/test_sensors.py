"""Sensors are read live, with what is stored of the machine, and never while the store is held."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core import Colony, Power
from colony_core.domain.assets import AssetNotFound
from colony_core.domain.hardware import SensorKind, SensorReading
from colony_core.ports.hardware import Access, BmcRefused, BmcUnreachable, Controller
from colony_simulator import Refusing, Silent
from colony_testkit.lab import Lab


async def test_a_machine_shows_what_its_controller_measures_and_when() -> None:
    lab = Lab()
    await lab.enrol()
    machine = lab.rack.machine("asset-1")
    cold = await lab.colony.sensors.read("asset-1")
    await lab.rack.hardware.controller(Access(machine.bmc, machine.password)).set_power(Power.ON)
    await lab.run_for(timedelta(minutes=1))

    warm = await lab.colony.sensors.read("asset-1")

    assert warm.at == lab.clock.now()
    assert {reading.kind for reading in warm.sensors} == set(SensorKind)
    assert SensorKind.FAN not in {reading.kind for reading in cold.sensors}
    assert await lab.colony.sensors.read("asset-1") == warm


@pytest.mark.parametrize(("fault", "error"), [(Silent(), BmcUnreachable), (Refusing(), BmcRefused)])
async def test_what_the_controller_says_instead_comes_through(fault: Silent | Refusing, error: type[Exception]) -> None:
    lab = Lab()
    await lab.enrol()
    lab.rack.fault("asset-1", fault)

    with pytest.raises(error):
        await lab.colony.sensors.read("asset-1")


async def test_nobody_has_sensors_of_a_machine_that_is_not_known() -> None:
    with pytest.raises(AssetNotFound):
        await Lab().colony.sensors.read("asset-9")


async def test_a_controller_that_takes_long_holds_nothing_of_the_store() -> None:
    lab, looking = Lab(), list[str]()
    await lab.enrol()
    store = lab.colony.ports.store

    class Slow:
        async def sensors(self) -> tuple[SensorReading, ...]:
            async with asyncio.timeout(1), store.transaction() as tx:
                tx.assets.put(await tx.assets.get("asset-1"))
                looking.append("written meanwhile")
            return ()

    class Hardware:
        def controller(self, access: Access) -> Controller:
            return Slow()  # type: ignore[return-value]  # it is asked for its sensors alone

        async def aclose(self) -> None:
            pass

    colony = Colony(replace(lab.colony.ports, hardware=Hardware()))

    assert (await colony.sensors.read("asset-1")).sensors == ()
    assert looking == ["written meanwhile"]
