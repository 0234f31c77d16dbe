"""What `ipmi_sim` does not show: cipher suite 17, boot flags that expire, and controllers without a power cycle."""

import asyncio
import subprocess
from collections.abc import AsyncIterator

import pytest

from colony_bmc import ipmi_power
from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.hardware import BootDevice, BootMode, Power
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcCommandRefused, BmcProtocolError, BmcRefused
from colony_testkit.ipmi_scripted import PASSWORD, USER, ScriptedBmc, scripted_bmc

STATUS, CONTROL, SET_BOOT, GET_BOOT = (0, 1), (0, 2), (0, 8), (0, 9)
KEEP, FLAGS = 3, 5
EXPIRED_AFTER = 60


class Chassis:
    """A machine behind a controller that drops boot flags as the specification says, on a clock moved by hand."""

    def __init__(self, bmc: ScriptedBmc) -> None:
        self.on = True
        self.now = 0.0
        self.cycles = True
        self.sticks = False
        self.keeps = True
        self.marks = True
        self.flags = (bytes(5), 0.0)
        self.started_with = b""
        self.kept = False
        bmc.commands |= {STATUS: self._status, CONTROL: self._control, SET_BOOT: self._set, GET_BOOT: self._get}

    def boot_flags(self) -> bytes:
        flags, since = self.flags
        over = self.marks and not self.kept and self.now - since > EXPIRED_AFTER
        return bytes([flags[0] & 0x7F]) + flags[1:] if over or not self.marks else flags

    def _status(self, _: bytes) -> tuple[int, bytes]:
        return 0, bytes([self.on, 0, 0])

    def _control(self, data: bytes) -> tuple[int, bytes]:
        if data[0] == 2 and not self.cycles:
            return 0xCC, b""
        self.on = data[0] != 0 or self.sticks
        if data[0]:
            self.started_with = self.boot_flags()
        return 0, b""

    def _set(self, data: bytes) -> tuple[int, bytes]:
        if data[0] == KEEP:
            self.kept = self.keeps
            return (0 if self.keeps else 0x80), b""
        if data[0] == FLAGS:
            self.flags = data[1:], self.now
        return 0, b""

    def _get(self, data: bytes) -> tuple[int, bytes]:
        return 0, bytes([1, data[0]]) + self.boot_flags()


@pytest.fixture
async def bmc() -> AsyncIterator[ScriptedBmc]:
    async with scripted_bmc() as bmc:
        yield bmc


@pytest.fixture
def chassis(bmc: ScriptedBmc) -> Chassis:
    return Chassis(bmc)


@pytest.mark.parametrize(("offered", "taken"), [((17, 3), 17), ((17,), 17), ((3,), 3)])
async def test_the_best_cipher_suite_that_both_know_is_taken(
    hardware: IpmiHardware, offered: tuple[int, ...], taken: int
) -> None:
    async with scripted_bmc(suites=offered) as bmc:
        Chassis(bmc)

        assert await hardware.controller(bmc.access).power() is Power.ON
        assert bmc.suites_taken == [taken]


async def test_a_controller_that_is_silent_about_a_suite_is_offered_the_other(hardware: IpmiHardware) -> None:
    async with scripted_bmc(suites=(3,), deaf_to=(17,)) as bmc:
        Chassis(bmc)

        assert await hardware.controller(bmc.access).power() is Power.ON
        assert bmc.suites_taken == [3]


async def test_a_lost_packet_does_not_shut_out_a_controller_that_knows_suite_17_alone(hardware: IpmiHardware) -> None:
    async with scripted_bmc(suites=(17,), deaf_to=(17,)) as bmc:
        Chassis(bmc)
        call = asyncio.ensure_future(hardware.controller(bmc.access).power())
        await asyncio.sleep(0.1)
        bmc.deaf_to = ()

        assert await call is Power.ON


async def test_without_a_suite_in_common_the_login_is_refused(hardware: IpmiHardware) -> None:
    async with scripted_bmc(suites=()) as bmc:
        with pytest.raises(BmcRefused, match="controller at 127"):
            await hardware.controller(bmc.access).power()


@pytest.mark.parametrize("suite", [3, 17])
async def test_a_wrong_password_is_refused_in_each_suite(hardware: IpmiHardware, suite: int) -> None:
    async with scripted_bmc(suites=(suite,)) as bmc:
        with pytest.raises(BmcRefused):
            await hardware.controller(Access(bmc.access.bmc, Secret("wrong"))).power()


async def ipmitool(bmc: ScriptedBmc, *command: str, suite: int = 3) -> str:
    """Return what the real tool says to *command*."""
    at = bmc.access.bmc
    host = ["-H", at.address, "-p", str(at.port), "-U", USER, "-P", PASSWORD, "-C", str(suite)]
    line = ["ipmitool", "-I", "lanplus", *host, *command]
    answer = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, check=True, timeout=60)
    return answer.stdout


@pytest.mark.parametrize("suite", [3, 17])
async def test_ipmitool_takes_the_scripted_controller_for_one(bmc_programs: None, suite: int) -> None:
    async with scripted_bmc(suites=(suite,)) as bmc:
        Chassis(bmc)

        assert await ipmitool(bmc, "power", "status", suite=suite) == "Chassis Power is on\n"


@pytest.mark.parametrize(
    ("mode", "first_byte"), [(None, 0x80), (BootMode.BIOS, 0x80), (BootMode.UEFI, 0xA0)]
)  # fmt: skip
async def test_the_firmware_mode_goes_with_the_boot_device(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis, mode: BootMode | None, first_byte: int
) -> None:
    controller = hardware.controller(bmc.access)

    await controller.set_boot_device(BootDevice.PXE, mode=mode)

    assert chassis.boot_flags() == bytes([first_byte, 0x04, 0, 0, 0])
    assert await controller.boot_device() is BootDevice.PXE


@pytest.mark.parametrize("device", BootDevice)
@pytest.mark.parametrize("mode", [None, BootMode.BIOS, BootMode.UEFI])
async def test_flags_that_ipmitool_made_last_are_read_and_replaced_by_ours_for_one_start(
    bmc_programs: None,
    hardware: IpmiHardware,
    bmc: ScriptedBmc,
    chassis: Chassis,
    *,
    device: BootDevice,
    mode: BootMode | None,
) -> None:
    controller = hardware.controller(bmc.access)
    await ipmitool(bmc, "chassis", "bootdev", "pxe", "options=persistent,efiboot")
    assert chassis.boot_flags()[:2] == b"\xe0\x04"

    assert await controller.boot_device() is BootDevice.PXE
    await controller.set_boot_device(device, mode=mode)
    assert await controller.boot_device() is device
    assert chassis.boot_flags()[0] == (0xA0 if mode is BootMode.UEFI else 0x80)


async def test_flags_that_last_are_left_alone_by_starts_that_name_no_device(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis
) -> None:
    controller = hardware.controller(bmc.access)
    chassis.flags = bytes([0xC0, 0x08, 0, 0, 0]), 0.0

    await controller.restart()

    assert chassis.started_with == bytes([0xC0, 0x08, 0, 0, 0])
    assert await controller.boot_device() is BootDevice.DISK


async def test_a_controller_is_asked_to_keep_the_flags_beyond_a_minute(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis
) -> None:
    controller = hardware.controller(bmc.access)
    await controller.set_boot_device(BootDevice.PXE)
    chassis.now += EXPIRED_AFTER + 1

    assert await controller.boot_device() is BootDevice.PXE


async def test_flags_that_expired_are_not_taken_for_set(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis
) -> None:
    controller, chassis.keeps = hardware.controller(bmc.access), False
    await controller.set_boot_device(BootDevice.PXE)
    assert await controller.boot_device() is BootDevice.PXE
    chassis.now += EXPIRED_AFTER + 1

    assert await controller.boot_device() is None


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("start", ["set_power", "restart"])
async def test_flags_that_a_controller_drops_after_a_minute_are_set_again_right_before_a_start(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis, start: str, *, on: bool
) -> None:
    controller, chassis.keeps, chassis.on = hardware.controller(bmc.access), False, on
    await controller.set_boot_device(BootDevice.PXE, mode=BootMode.UEFI)
    chassis.now += EXPIRED_AFTER + 1

    await (controller.restart() if start == "restart" else controller.set_power(Power.ON))

    assert chassis.started_with == bytes([0xA0, 0x04, 0, 0, 0])
    chassis.now += EXPIRED_AFTER + 1
    await controller.restart()
    assert chassis.started_with[0] & 0x80 == 0, "once"


async def test_flags_of_a_controller_that_never_marks_them_count(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis
) -> None:
    controller, chassis.marks = hardware.controller(bmc.access), False

    await controller.set_boot_device(BootDevice.DISK)

    assert await controller.boot_device() is BootDevice.DISK


async def test_a_controller_without_power_cycle_is_told_off_and_on(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipmi_power, "OFF_SECONDS", 0.01)
    chassis.cycles = False

    await hardware.controller(bmc.access).restart()

    assert [sent[0] for *command, sent in bmc.asked if tuple(command) == CONTROL] == [2, 0, 1]
    assert chassis.on


async def test_a_machine_that_does_not_go_off_is_told_of_and_left_alone(
    hardware: IpmiHardware, bmc: ScriptedBmc, chassis: Chassis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipmi_power, "BETWEEN_LOOKS", 0.01)
    chassis.cycles, chassis.sticks = False, True

    with pytest.raises(BmcProtocolError, match="still on"):
        await hardware.controller(bmc.access).restart()

    assert [sent[0] for *command, sent in bmc.asked if tuple(command) == CONTROL] == [2, 0]


USERS, NAME, SET_PASSWORD = (6, 0x44), (6, 0x46), (6, 0x47)
SIXTEEN, TWENTY = "sixteen-bytes-ok", "twenty-bytes-are-ok!"


class Accounts:
    """The users of a controller, of which the third is ours; it keeps `room` bytes of a password."""

    def __init__(self, bmc: ScriptedBmc) -> None:
        self.room = 20
        self.refuses = False
        self.forgets = False
        self.password = PASSWORD.encode()
        self.set_by: list[int] = []
        bmc.commands |= {
            USERS: lambda _: (0, bytes([4, 2, 0, 0x14])),
            NAME: lambda data: (0, {1: b"", 3: USER.encode()}.get(data[0], b"other").ljust(16, b"\0")),
            SET_PASSWORD: self._password,
        }

    def _password(self, data: bytes) -> tuple[int, bytes]:
        number, wanted, given = data[0] & 0x3F, data[1], data[2:].rstrip(b"\0")
        if self.refuses or len(data) != 2 + (20 if data[0] & 0x80 else 16):
            return 0xCC, b""
        if wanted == 3:
            return (0 if given == self.password else 0x80), b""
        self.set_by.append(number)
        if not self.forgets:
            self.password = given[: self.room]
        return 0, b""


@pytest.fixture
def accounts(bmc: ScriptedBmc) -> Accounts:
    return Accounts(bmc)


@pytest.mark.parametrize("new", ["short", SIXTEEN, TWENTY])
async def test_a_password_is_set_for_the_user_of_our_name_in_the_form_that_has_room_for_it(
    bmc: ScriptedBmc, accounts: Accounts, hardware: IpmiHardware, new: str
) -> None:
    await hardware.controller(bmc.access).change_password(Secret(new))

    assert accounts.password == new.encode()
    assert accounts.set_by == [3]


async def test_a_password_that_is_cut_short_is_refused_and_the_old_one_set_again(
    bmc: ScriptedBmc, accounts: Accounts, hardware: IpmiHardware
) -> None:
    accounts.room = 16

    with pytest.raises(BmcCommandRefused) as refused:
        await hardware.controller(bmc.access).change_password(Secret(TWENTY))

    assert accounts.password == PASSWORD.encode()
    assert TWENTY not in str(refused.value)


@pytest.mark.parametrize("fault", ["refuses", "forgets"])
async def test_a_password_that_is_not_taken_is_refused(
    bmc: ScriptedBmc, accounts: Accounts, hardware: IpmiHardware, fault: str
) -> None:
    setattr(accounts, fault, True)

    with pytest.raises(BmcCommandRefused):
        await hardware.controller(bmc.access).change_password(Secret(SIXTEEN))

    assert accounts.password == PASSWORD.encode()


async def test_nothing_is_set_for_a_name_that_is_not_listed(
    bmc: ScriptedBmc, accounts: Accounts, hardware: IpmiHardware
) -> None:
    bmc.commands[NAME] = lambda _: (0, b"somebody".ljust(16, b"\0"))

    with pytest.raises(BmcCommandRefused):
        await hardware.controller(bmc.access).change_password(Secret(SIXTEEN))

    assert accounts.set_by == []


async def test_a_password_longer_than_twenty_bytes_is_refused_before_anything_is_set(
    bmc: ScriptedBmc, accounts: Accounts, hardware: IpmiHardware
) -> None:
    with pytest.raises(BmcCommandRefused):
        await hardware.controller(bmc.access).change_password(Secret("x" * 21))

    assert accounts.set_by == []
