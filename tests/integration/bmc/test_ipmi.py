"""What our IPMI adapter does, seen by ipmitool too; and what the dead and the mad cannot do to it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from multiprocessing import active_children

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.hardware import BootDevice, Power, System
from colony_core.ports.hardware import BmcProtocolError, BmcUnreachable
from colony_testkit.hardware_contract import follows
from colony_testkit.ipmi_sim import MACHINE, IpmiSim
from colony_testkit.ipmi_wire import Wire, wire_to

LIVING, DEAD = 12, 4

SHOWN = {BootDevice.PXE: "Force PXE", BootDevice.DISK: "Force Boot from default Hard-Drive"}


@pytest.mark.parametrize("power", [Power.ON, Power.OFF])
async def test_ipmitool_sees_the_power_that_we_set(hardware: IpmiHardware, sim: IpmiSim, power: Power) -> None:
    sim.ipmitool("power", "off" if power is Power.ON else "on")

    await hardware.controller(sim.access).set_power(power)

    assert sim.ipmitool("power", "status") == f"Chassis Power is {power}\n"


@pytest.mark.parametrize("power", [Power.ON, Power.OFF])
async def test_we_see_the_power_that_ipmitool_sets(hardware: IpmiHardware, sim: IpmiSim, power: Power) -> None:
    sim.ipmitool("power", power.value)

    assert await hardware.controller(sim.access).power() is power


@pytest.mark.parametrize("device", list(BootDevice))
async def test_ipmitool_sees_the_boot_device_that_we_set(
    hardware: IpmiHardware, sim: IpmiSim, device: BootDevice
) -> None:
    await hardware.controller(sim.access).set_boot_device(device)

    shown = sim.ipmitool("chassis", "bootparam", "get", "5")
    assert SHOWN[device] in shown
    assert "Options apply to only next boot" in shown


async def test_no_boot_device_is_set_at_first(hardware: IpmiHardware, sim: IpmiSim) -> None:
    assert await hardware.controller(sim.access).boot_device() is None


@pytest.mark.parametrize(("name", "device"), [("pxe", "pxe"), ("disk", "disk"), ("cdrom", None), ("none", None)])
async def test_we_see_the_boot_device_that_ipmitool_sets(
    hardware: IpmiHardware, sim: IpmiSim, name: str, device: str | None
) -> None:
    sim.ipmitool("chassis", "bootdev", name)

    assert await hardware.controller(sim.access).boot_device() == device


@pytest.mark.parametrize("device", list(BootDevice))
async def test_flags_of_ipmitool_are_replaced_by_ours(hardware: IpmiHardware, sim: IpmiSim, device: BootDevice) -> None:
    sim.ipmitool("chassis", "bootdev", "cdrom", "options=persistent,efiboot")

    await hardware.controller(sim.access).set_boot_device(device)

    assert SHOWN[device] in sim.ipmitool("chassis", "bootparam", "get", "5")


async def test_a_restart_takes_the_power_away_and_gives_it_back(hardware: IpmiHardware, sim: IpmiSim) -> None:
    controller = hardware.controller(sim.access)
    await controller.set_power(Power.ON)

    await controller.restart()

    assert sim.asked("set power 0") == 1
    await follows(controller, Power.ON, moment=lambda: asyncio.sleep(0.05))
    assert sim.asked("set power 1") == 2


async def test_a_restart_of_a_machine_that_is_off_only_switches_it_on(hardware: IpmiHardware, sim: IpmiSim) -> None:
    await hardware.controller(sim.access).restart()

    assert (sim.asked("set power 0"), sim.asked("set power 1")) == (0, 1)


async def test_the_identity_is_what_the_maker_wrote(hardware: IpmiHardware, sim: IpmiSim) -> None:
    assert await hardware.controller(sim.access).identity() == MACHINE


@pytest.mark.parametrize("fru", [b"", b"\xff" * 64, b"\x01\x00\x01\x02\x03\x00\x00\xf9" + b"\x82\x7f" * 20])
async def test_a_fru_that_cannot_be_read_leaves_its_fields_empty(
    hardware: IpmiHardware, start_sim: Callable[..., IpmiSim], fru: bytes
) -> None:
    sim = start_sim(fru=fru)

    assert await hardware.controller(sim.access).identity() == System(uuid=MACHINE.uuid)


@pytest.mark.parametrize(
    "noise", [b"", b"HTTP/1.1 400 Bad Request", b"\x06\x00\xff\x07", b"\x06\x00\xff\x07\x06\x11\x00"]
)
async def test_nonsense_is_a_protocol_error(hardware: IpmiHardware, sim: IpmiSim, wire: Wire, noise: bytes) -> None:
    wire.on_the_way_back = lambda _packet: noise

    with pytest.raises(BmcProtocolError):
        await hardware.controller(sim.access_as("any", "any", port=wire.port)).power()


@pytest.mark.parametrize("address", ["127.77.0.2", "x" * 64])
async def test_where_nobody_listens_is_unreachable(hardware: IpmiHardware, sim: IpmiSim, address: str) -> None:
    elsewhere = IpmiSim(address, sim.port, sim.folder)

    with pytest.raises(BmcUnreachable):
        await hardware.controller(elsewhere.access).power()


@pytest.fixture
def living(start_sim: Callable[..., IpmiSim]) -> list[IpmiSim]:
    return [start_sim(f"127.77.1.{number}") for number in range(1, LIVING + 1)]


@pytest.fixture
async def dead(sim: IpmiSim) -> AsyncIterator[list[IpmiSim]]:
    with ExitStack() as stack:
        wires = [stack.enter_context(wire_to(f"127.77.2.{number}", sim.port)) for number in range(1, DEAD + 1)]
        for wire in wires:
            wire.cut()
        yield [IpmiSim(f"127.77.2.{number}", wire.port, sim.folder) for number, wire in enumerate(wires, 1)]


async def test_the_dead_delay_neither_the_living_nor_the_event_loop(
    hardware: IpmiHardware, living: list[IpmiSim], dead: list[IpmiSim]
) -> None:
    threads, finished, gaps = threading.active_count(), list[IpmiSim](), [0.0]

    async def ask(sim: IpmiSim) -> Power:
        try:
            return await hardware.controller(sim.access).power()
        finally:
            finished.append(sim)

    ticking = asyncio.ensure_future(tick(gaps))
    answers = await asyncio.gather(*map(ask, [*dead, *living]), return_exceptions=True)
    ticking.cancel()

    assert [type(answer) for answer in answers[:DEAD]] == [BmcUnreachable] * DEAD
    assert answers[DEAD:] == [Power.OFF] * LIVING
    assert set(finished[:LIVING]) == set(living), "every living one before the first dead one"
    assert max(gaps) < 1, "seconds in which nothing else could run; about 0.02 on an idle machine"
    assert (threading.active_count(), active_children()) == (threads, [])


async def tick(gaps: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(0.01)
        gaps.append(loop.time() - before - 0.01)
