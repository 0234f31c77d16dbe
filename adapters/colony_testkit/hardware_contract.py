"""What `colony_core.ports.hardware.Controller` promises, as tests that any adapter can run, a stranger's too."""

import asyncio
from collections.abc import Awaitable, Callable
from math import isfinite

import pytest

from colony_core.domain.hardware import (
    BootDevice,
    BootMode,
    Inventory,
    Power,
    SensorKind,
    SensorReading,
    SensorUnit,
    System,
)
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import BmcCommandRefused, BmcRefused, BmcUnreachable, Controller

WRONG_PASSWORD = "not-the-passw0rd"
"""What the fixture `stranger` logs in with; no error may show it. 16 characters: IPMI 1.5 allows no more."""

NEW_PASSWORD = "Another-passw0rd"
"""What the password is changed to, where that can be done; no error may show it."""

PATIENCE = 200
"""How many moments a machine gets to follow what it was asked."""

UNITS = {
    SensorKind.TEMPERATURE: {SensorUnit.CELSIUS},
    SensorKind.FAN: {SensorUnit.RPM, SensorUnit.PERCENT},
    SensorKind.POWER: {SensorUnit.WATT},
}
"""In what each kind of sensor may be read."""

Call = Callable[[Controller], Awaitable[object]]
Moment = Callable[[], Awaitable[None]]

CALLS: dict[str, Call] = {
    "power": lambda controller: controller.power(),
    "set_power": lambda controller: controller.set_power(Power.ON),
    "restart": lambda controller: controller.restart(),
    "boot_device": lambda controller: controller.boot_device(),
    "set_boot_device": lambda controller: controller.set_boot_device(BootDevice.PXE),
    "identity": lambda controller: controller.identity(),
    "sensors": lambda controller: controller.sensors(),
    "change_password": lambda controller: controller.change_password(Secret(NEW_PASSWORD)),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


class ControllerContract:
    """Subclass it, name it `Test...`, give it three fixtures, and the adapter is tested.

    - `controller`: a `Controller` of one machine, in whatever state, whose management controller answers.
    - `stranger`: a `Controller` of the same machine, for the same user, whose password is `WRONG_PASSWORD`.
    - `silence`: a function; once called, that management controller answers nothing any more. Give the adapter a
      short deadline: the tests wait for it. A call must end without anybody moving a clock by hand.
    - `insider` (has a default): a function that gives a `Controller` of the same machine and user with any password.
    - `moment` (has a default): lets a little of the machine's own time pass; a virtual clock is moved here.

    The tests are coroutines: run them with pytest-asyncio in its auto mode.
    """

    @pytest.fixture
    def moment(self) -> Moment:
        """Wait for 50 ms of real time."""
        return a_moment

    @pytest.fixture
    def insider(self) -> Callable[[Secret], Controller] | None:
        """Return None: the new password is not tried."""
        return None

    @pytest.mark.parametrize("power", [Power.ON, Power.OFF])
    async def test_the_power_follows_what_was_asked(
        self, controller: Controller, moment: Moment, *, power: Power
    ) -> None:
        await controller.set_power(Power.OFF if power is Power.ON else Power.ON)
        await controller.set_power(power)

        await follows(controller, power, moment=moment)

    @pytest.mark.parametrize("power", [Power.ON, Power.OFF])
    async def test_asking_for_the_present_power_changes_nothing(
        self, controller: Controller, moment: Moment, *, power: Power
    ) -> None:
        await controller.set_power(power)
        await follows(controller, power, moment=moment)

        await controller.set_power(power)

        await follows(controller, power, moment=moment)

    @pytest.mark.parametrize("before", [Power.ON, Power.OFF])
    async def test_a_restart_ends_with_the_power_on(
        self, controller: Controller, moment: Moment, *, before: Power
    ) -> None:
        await controller.set_power(before)
        await follows(controller, before, moment=moment)

        await controller.restart()

        await follows(controller, Power.ON, moment=moment)

    @pytest.mark.parametrize("device", list(BootDevice))
    async def test_the_boot_device_reads_back(self, controller: Controller, *, device: BootDevice) -> None:
        await controller.set_boot_device(device)

        assert await controller.boot_device() is device

    @pytest.mark.parametrize("mode", list(BootMode))
    async def test_the_boot_device_reads_back_whatever_the_firmware_mode(
        self, controller: Controller, *, mode: BootMode
    ) -> None:
        await controller.set_boot_device(BootDevice.PXE, mode=mode)

        assert await controller.boot_device() is BootDevice.PXE

    async def test_the_last_boot_device_wins(self, controller: Controller) -> None:
        for device in (BootDevice.DISK, BootDevice.PXE, BootDevice.DISK, BootDevice.DISK):
            await controller.set_boot_device(device)

        assert await controller.boot_device() is BootDevice.DISK

    async def test_the_boot_device_outlives_a_machine_that_is_switched_off(
        self, controller: Controller, moment: Moment
    ) -> None:
        await controller.set_boot_device(BootDevice.PXE)
        await controller.set_power(Power.OFF)
        await follows(controller, Power.OFF, moment=moment)

        assert await controller.boot_device() is BootDevice.PXE

    @pytest.mark.parametrize("power", [Power.ON, Power.OFF])
    async def test_the_boot_device_leaves_the_power_alone(
        self, controller: Controller, moment: Moment, *, power: Power
    ) -> None:
        await controller.set_power(power)
        await follows(controller, power, moment=moment)

        await controller.set_boot_device(BootDevice.PXE)
        await moment()

        assert await controller.power() is power

    async def test_the_identity_stays_the_same(self, controller: Controller) -> None:
        first = await controller.identity()

        assert isinstance(first, System)
        assert await controller.identity() == first

    async def test_the_inventory_is_of_the_same_machine_every_time(self, controller: Controller) -> None:
        first = await controller.inventory()

        assert await controller.inventory() == first
        if first is not None:
            assert isinstance(first, Inventory)
            assert first.system == await controller.identity()

    async def test_a_silent_controller_has_no_inventory(
        self, controller: Controller, silence: Callable[[], None]
    ) -> None:
        tells = await controller.inventory() is not None
        silence()

        if tells:
            with pytest.raises(BmcUnreachable):
                await controller.inventory()

    @pytest.mark.parametrize("power", [Power.ON, Power.OFF])
    async def test_each_sensor_has_a_name_a_finite_value_and_a_unit_of_its_kind(
        self, controller: Controller, moment: Moment, *, power: Power
    ) -> None:
        await controller.set_power(power)
        await follows(controller, power, moment=moment)

        for reading in await controller.sensors():
            assert isinstance(reading, SensorReading)
            assert reading.name.strip()
            assert isfinite(reading.value)
            assert reading.unit in UNITS[reading.kind]

    async def test_calls_at_the_same_time_are_all_answered(self, controller: Controller) -> None:
        await controller.set_boot_device(BootDevice.PXE)

        answers = await asyncio.gather(*[controller.boot_device() for _ in range(5)])

        assert answers == [BootDevice.PXE] * 5

    async def test_a_cancelled_call_spoils_nothing_for_the_next(self, controller: Controller) -> None:
        await controller.set_boot_device(BootDevice.DISK)
        given_up = asyncio.ensure_future(controller.boot_device())
        await asyncio.sleep(0)
        given_up.cancel()

        assert await controller.boot_device() is BootDevice.DISK

    @every_call
    async def test_a_wrong_password_is_refused(self, stranger: Controller, *, call: Call) -> None:
        with pytest.raises(BmcRefused) as refused:
            await call(stranger)

        assert WRONG_PASSWORD not in everything_shown(refused.value)
        assert NEW_PASSWORD not in everything_shown(refused.value)

    async def test_a_refused_stranger_changes_nothing(
        self, controller: Controller, stranger: Controller, moment: Moment
    ) -> None:
        await controller.set_power(Power.ON)
        await follows(controller, Power.ON, moment=moment)
        with pytest.raises(BmcRefused):
            await stranger.set_power(Power.OFF)
        await moment()

        assert await controller.power() is Power.ON

    async def test_either_a_new_password_is_refused_or_it_alone_holds(
        self, controller: Controller, insider: Callable[[Secret], Controller] | None
    ) -> None:
        before = await controller.power()
        refused: BmcCommandRefused | None = None
        try:
            await controller.change_password(Secret(NEW_PASSWORD))
        except BmcCommandRefused as error:
            refused = error
        if refused is not None:
            assert await controller.power() is before
            assert NEW_PASSWORD not in everything_shown(refused)
            return

        with pytest.raises(BmcRefused):
            await controller.power()
        if insider is not None:
            assert await insider(Secret(NEW_PASSWORD)).power() is before

    @every_call
    async def test_silence_is_unreachable(
        self, controller: Controller, silence: Callable[[], None], *, call: Call
    ) -> None:
        silence()

        with pytest.raises(BmcUnreachable):
            await call(controller)

    async def test_silence_can_be_given_up_at_any_time(
        self, controller: Controller, silence: Callable[[], None]
    ) -> None:
        silence()
        given_up = asyncio.ensure_future(controller.power())
        await asyncio.sleep(0)
        given_up.cancel()

        with pytest.raises((asyncio.CancelledError, BmcUnreachable)):
            await given_up


async def a_moment() -> None:
    """Wait for 50 ms of real time."""
    await asyncio.sleep(0.05)


async def follows(controller: Controller, power: Power, *, moment: Moment) -> None:
    """Wait until *controller* reports *power*; fail when it never does."""
    for _ in range(PATIENCE):
        if await controller.power() is power:
            return
        await moment()
    pytest.fail(f"The power was asked to be {power}, and never was")


def everything_shown(error: BaseException) -> str:
    """Return what *error* and all that led to it would print."""
    words: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        words += [str(cause), repr(cause), repr(vars(cause))]
        cause = cause.__cause__ or cause.__context__
    return "\n".join(words)
