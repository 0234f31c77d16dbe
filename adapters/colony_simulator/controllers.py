"""The rack behind the `Hardware` port: its controllers act on machines, and tell what machines are."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, Protocol, SensorReading, System
from colony_core.domain.probing import Knock, port_for
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
)
from colony_simulator import power
from colony_simulator.faults import (
    Busy,
    Flapping,
    ForgetsBootDevice,
    ForgetsPassword,
    Garbling,
    IgnoresPower,
    LiesAboutPower,
    LosesAnswer,
    RefusesPassword,
    Refusing,
    Silent,
    Slow,
)
from colony_simulator.machines import Machine
from colony_simulator.room import Room
from colony_simulator.sensors import readings

T = TypeVar("T")

OPPOSITE = {Power.ON: Power.OFF, Power.OFF: Power.ON}


class RackHardware:
    """Finds controllers by protocol, address and port; where none is, nobody answers.

    With `takes_time` a controller that is slow, or silent until its deadline, keeps its caller waiting by the rack's
    clock. That is for whoever lets time pass meanwhile: a `Simulation` does not, it waits for the call.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.takes_time = False

    def controller(self, access: Access) -> "RackController":
        """Return the controller; nothing is sent yet."""
        return RackController(self, access)

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Say who answers: every controller by IPMI, and by Redfish those whose machine was made with it."""
        return tuple(self._knock(bmc, protocol) for protocol in (Protocol.REDFISH, Protocol.IPMI))

    def _knock(self, bmc: Bmc, protocol: Protocol) -> Knock:
        port = port_for(bmc, protocol)
        machine = self.room.behind(protocol, bmc.address, port)
        if machine is None or self.room.struck(machine, Silent):
            return Knock(protocol=protocol, port=port, said="no answer")
        if protocol is Protocol.REDFISH and machine.bmc.protocol is not protocol:
            return Knock(protocol=protocol, port=port, said="nothing listens there")
        said = "it speaks Redfish" if protocol is Protocol.REDFISH else "it speaks IPMI 2.0"
        return Knock(protocol=protocol, port=port, said=said, answers=True, usable=True)

    async def aclose(self) -> None:
        """Return at once: nothing is held."""


class RackController:
    """One simulated controller.

    A call takes no time unless the rack's hardware is told otherwise, so that it never waits for a clock that waits
    for it: a controller that is slower than its deadline has acted, and its answer is lost.
    """

    def __init__(self, hardware: RackHardware, access: Access) -> None:
        self._hardware = hardware
        self._room = hardware.room
        self._access = access

    async def power(self) -> Power:
        """Return the machine's power, or the opposite where the controller lies."""
        return await self._call(self._read_power)

    async def set_power(self, power: Power) -> None:
        """Begin to switch; the state follows a little later."""
        await self._call(lambda machine: self._switch(machine, power))

    async def restart(self) -> None:
        """Take the power away and give it back."""
        await self._call(self._restart)

    async def boot_device(self) -> BootDevice | None:
        """Return the override of the next start, or None once a start has used it up."""
        return await self._call(lambda machine: machine.override)

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Override where the next start, and only that, boots from; these machines boot alike in either *mode*."""
        await self._call(lambda machine: self._override(machine, device, mode))

    async def identity(self) -> System:
        """Return what the maker wrote into the machine."""
        return await self._call(lambda machine: machine.inventory.system)

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what this machine's sensors show while it is on or off."""
        return await self._call(readings)

    async def inventory(self) -> Inventory | None:
        """Return what the machine is made of where the controller speaks Redfish, as real ones do; None by IPMI."""
        speaks_redfish = self._access.bmc.protocol is Protocol.REDFISH
        return await self._call(lambda machine: machine.inventory if speaks_redfish else None)

    async def change_password(self, new: Secret) -> None:
        """Take *new* for the password from now on."""
        await self._call(lambda machine: self._take_password(machine, new))

    async def _call(self, act: Callable[[Machine], T]) -> T:
        try:
            result, seconds = self._acted(act)
        except BmcUnreachable:
            await self._take(self._room.timings.bmc_deadline)
            raise
        await self._take(seconds)
        return result

    async def _take(self, seconds: float) -> None:
        if self._hardware.takes_time and seconds:
            await self._room.clock.sleep_until(self._room.clock.now() + timedelta(seconds=seconds))

    def _acted(self, act: Callable[[Machine], T]) -> tuple[T, float]:
        """Return what *act* gives, and after how many seconds the answer comes."""
        machine = self._reached()
        slow = self._room.struck(machine, Slow)
        seconds = slow.seconds if slow else 0.0
        try:
            result = act(machine)
        finally:
            self._room.changed(machine)
        if self._room.struck(machine, LosesAnswer):
            raise BmcUnreachable(f"{self._called} did not answer in time")
        if seconds > self._room.timings.bmc_deadline:
            raise BmcUnreachable(f"{self._called} did not answer within {self._room.timings.bmc_deadline:g} s")
        return result, seconds

    def _reached(self) -> Machine:
        bmc = self._access.bmc
        machine = self._room.behind(bmc.protocol, bmc.address, bmc.port)
        if machine is None or self._room.struck(machine, Silent) or self._is_away(machine):
            raise BmcUnreachable(f"{self._called} does not answer")
        if self._room.struck(machine, Busy):
            raise BmcBusy(f"{self._called} has no session left")
        if self._room.struck(machine, Garbling):
            raise BmcProtocolError(f"{self._called} answered nonsense")
        right = (machine.bmc.username, machine.password) == (bmc.username, self._access.password)
        if not right or self._room.struck(machine, Refusing):
            self._room.note(machine, "refused a login")
            raise BmcRefused(f"{self._called} refused the user name or the password")
        return machine

    def _is_away(self, machine: Machine) -> bool:
        flapping = self._room.struck(machine, Flapping)
        return flapping is not None and self._room.clock.now().timestamp() // flapping.seconds % 2 == 0

    def _read_power(self, machine: Machine) -> Power:
        lies = self._room.struck(machine, LiesAboutPower)
        return OPPOSITE[machine.power] if lies else machine.power

    def _switch(self, machine: Machine, wanted: Power) -> None:
        self._room.note(machine, f"told power {wanted}")
        if not self._room.struck(machine, IgnoresPower):
            power.switch(self._room, machine, wanted)

    def _restart(self, machine: Machine) -> None:
        self._room.note(machine, "told restart")
        if not self._room.struck(machine, IgnoresPower):
            power.switch_off(self._room, machine, then_on=True)

    def _override(self, machine: Machine, device: BootDevice, mode: BootMode | None) -> None:
        self._room.note(machine, f"told boot device {device}" + (f" by {mode}" if mode else ""))
        if not self._room.struck(machine, ForgetsBootDevice):
            machine.override = device

    def _take_password(self, machine: Machine, new: Secret) -> None:
        self._room.note(machine, "told a new password")
        if self._room.struck(machine, RefusesPassword):
            raise BmcCommandRefused(f"{self._called} refused the new password")
        if not self._room.struck(machine, ForgetsPassword):
            machine.password = new

    @property
    def _called(self) -> str:
        return f"The management controller at {self._access.bmc.address}:{self._access.bmc.port}"
