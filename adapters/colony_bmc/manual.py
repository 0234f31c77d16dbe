"""Machines without a management controller: there is nobody to ask, and what is ordered is refused.

Work on them follows plans of their own, in which a person does what a controller would (docs/adr/0024); so these
answers reach only those who ask a controller beside such a plan.
"""

# ruff: noqa: ARG002 - the arguments are those of the port

from colony_core.domain.hardware import BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused
from colony_core.ports.hardware import Access


class NoController(Refused):
    """The machine has no management controller."""

    code = "NO_CONTROLLER"
    summary = "Machine has no management controller"
    advice = "Do it by hand, or add a controller with PATCH (`bmc.protocol`, `bmc.address`, user name and password)."


class ManualController:
    """Stands where a controller would: it knows nothing, and does nothing."""

    async def power(self) -> Power:
        """Return that nobody knows."""
        return Power.UNKNOWN

    async def set_power(self, power: Power) -> None:
        """Refuse."""
        raise _refusal()

    async def restart(self) -> None:
        """Refuse."""
        raise _refusal()

    async def boot_device(self) -> BootDevice | None:
        """Return that none is known."""
        return None

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Refuse."""
        raise _refusal()

    async def identity(self) -> System:
        """Return nothing."""
        return System()

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return none."""
        return ()

    async def inventory(self) -> Inventory | None:
        """Return that nobody can tell."""
        return None

    async def change_password(self, new: Secret) -> None:
        """Refuse."""
        raise _refusal()


class ManualHardware:
    """See `colony_core.ports.hardware.Hardware`."""

    def controller(self, access: Access) -> ManualController:
        """Return what stands for the controller."""
        return ManualController()

    async def aclose(self) -> None:
        """Nothing is open."""


def _refusal() -> NoController:
    return NoController("The machine is a manual one: a person has to do this, or a controller has to be added")
