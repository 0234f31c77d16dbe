import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.hardware import BootDevice, Power, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcRefused, BmcUnreachable
from colony_simulator import Machine, SimulatedRack, VirtualClock
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install

wishes = st.sampled_from(["on", "off", "restart"])


def events(rack: SimulatedRack, machine: Machine) -> list[str]:
    return [happening.event for happening in rack.history if happening.machine == machine.name]


async def wish(operator: RackOperator, machine: Machine, what: str) -> None:
    controller = operator.controller(machine)
    if what == "restart":
        await controller.restart()
    else:
        await controller.set_power(Power(what))


async def test_power_follows_a_little_later_than_it_was_asked_for(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    controller = operator.controller(machine)
    await controller.set_power(Power.ON)
    at_once = await controller.power()
    await operator.wait(5)

    assert (at_once, await controller.power()) == (Power.OFF, Power.ON)


@given(history=st.lists(st.tuples(wishes, st.floats(min_value=0, max_value=5)), min_size=1))
async def test_the_last_wish_about_power_comes_true(history: list[tuple[str, float]]) -> None:
    clock = VirtualClock()
    operator = RackOperator(SimulatedRack.of(1, clock=clock), clock=clock)
    machine = operator.rack.machines[0]
    for what, pause in history:
        await wish(operator, machine, what)
        await operator.wait(pause)
    await operator.wait(10)

    assert machine.power is (Power.OFF if history[-1][0] == "off" else Power.ON)


@given(before=st.lists(wishes, max_size=4), what=wishes, times=st.integers(min_value=2, max_value=4))
async def test_asking_twice_is_asking_once(before: list[str], what: str, times: int) -> None:
    histories = []
    for count in (1, times):
        clock = VirtualClock()
        operator = RackOperator(SimulatedRack.of(1, clock=clock), clock=clock)
        machine = operator.rack.machines[0]
        for earlier in before:
            await wish(operator, machine, earlier)
        for _ in range(count):
            await wish(operator, machine, what)
        await operator.settle()
        histories.append([each for each in operator.rack.history if not each.event.startswith("told ")])

    assert histories[0] == histories[1]


async def test_power_that_is_cut_stops_whatever_the_machine_does(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    operator.netboot.jobs[machine.mac] = a_wipe(machine)
    await operator.controller(machine).set_boot_device(BootDevice.PXE)
    await operator.controller(machine).set_power(Power.ON)
    await operator.wait(150)
    await operator.controller(machine).set_power(Power.OFF)
    await operator.settle()

    assert operator.netboot.said("boot")
    assert not operator.netboot.said("done")
    assert machine.disks[0].touched == 0


async def test_the_boot_device_is_used_up_by_one_start(operator: RackOperator) -> None:
    machine = operator.rack.machines[0]
    controller = operator.controller(machine)
    await operator.install(machine, an_install(machine))
    await controller.set_boot_device(BootDevice.PXE)
    await controller.restart()
    await operator.settle()
    await controller.restart()
    await operator.settle()

    assert await controller.boot_device() is None
    assert events(operator.rack, machine).count("used up boot device pxe") == 2
    assert len(operator.netboot.said("boot")) == 2, "the installation, and the start that was asked for"


@given(
    history=st.lists(st.tuples(st.sampled_from(["on", "off", "restart", "pxe", "disk"]), st.sampled_from([0, 1, 150])))
)
async def test_every_boot_device_is_used_up_at_most_once_and_by_the_next_start(history: list[tuple[str, int]]) -> None:
    clock = VirtualClock()
    operator = RackOperator(SimulatedRack.of(1, clock=clock), clock=clock)
    machine = operator.rack.machines[0]
    for what, pause in history:
        if what in {"pxe", "disk"}:
            await operator.controller(machine).set_boot_device(BootDevice(what))
        else:
            await wish(operator, machine, what)
        await operator.wait(pause)

    standing = None
    for event in events(operator.rack, machine):
        if event.startswith("told boot device "):
            standing = event.removeprefix("told boot device ")
        elif event.startswith("used up boot device "):
            assert event.removeprefix("used up boot device ") == standing
            standing = None
    assert machine.override == (None if standing is None else BootDevice(standing))


@pytest.mark.parametrize("elsewhere", [{"address": "192.168.2.49"}, {"port": 624}, {"protocol": Protocol.REDFISH}])
async def test_where_no_controller_listens_nobody_answers(operator: RackOperator, elsewhere: dict[str, object]) -> None:
    machine = operator.rack.machines[0]
    controller = operator.rack.hardware.controller(Access(replace(machine.bmc, **elsewhere), machine.password))

    with pytest.raises(BmcUnreachable):
        await controller.power()


async def test_a_wrong_password_is_refused_and_not_shown(operator: RackOperator) -> None:
    stranger = operator.controller(operator.rack.machines[0], password=Secret("guessed"))

    with pytest.raises(BmcRefused) as refused:
        await stranger.power()

    assert "guessed" not in str(refused.value)
