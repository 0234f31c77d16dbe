"""What can go wrong with a machine, as values: by script (`SimulatedRack.fault`) or by seed (`Chances`)."""

from datetime import datetime
from typing import TypeVar

from msgspec import Struct


class Silent(Struct, frozen=True, tag="silent"):
    """The controller does not answer."""


class Refusing(Struct, frozen=True, tag="refusing"):
    """The controller refuses the credentials, whatever they are."""


class Busy(Struct, frozen=True, tag="busy"):
    """The controller has no room for one more session."""


class Flapping(Struct, frozen=True, tag="flapping"):
    """The controller is silent for so many `seconds`, then answers for as many, and so on."""

    seconds: float = 20.0


class Garbling(Struct, frozen=True, tag="garbling"):
    """The controller answers what its protocol does not allow."""


class Slow(Struct, frozen=True, tag="slow"):
    """The controller answers after `seconds`; later than its deadline, it has acted but its answer is lost."""

    seconds: float = 60.0


class LosesAnswer(Struct, frozen=True, tag="loses_answer"):
    """The controller does what it is asked, and its answer never arrives."""


class RefusesPassword(Struct, frozen=True, tag="refuses_password"):
    """The controller says no to a new password, and keeps the old one."""


class ForgetsPassword(Struct, frozen=True, tag="forgets_password"):
    """The controller accepts a new password and keeps the old one."""


class LiesAboutPower(Struct, frozen=True, tag="lies_about_power"):
    """The controller reports the opposite of the machine's power."""


class IgnoresPower(Struct, frozen=True, tag="ignores_power"):
    """The controller accepts power commands and does nothing."""


class ForgetsBootDevice(Struct, frozen=True, tag="forgets_boot_device"):
    """The controller accepts a boot device and does not keep it."""


class IgnoresNetworkBoot(Struct, frozen=True, tag="ignores_network_boot"):
    """The controller keeps the boot device, but the firmware never boots from the network."""


class NeverReports(Struct, frozen=True, tag="never_reports"):
    """The agent is fetched and never heard of again."""


class NeverComesUp(Struct, frozen=True, tag="never_comes_up"):
    """The installed system hangs while it starts."""


class NeverRegisters(Struct, frozen=True, tag="never_registers"):
    """The installed system is up, but its node does not register with its cluster."""


class FailsInstall(Struct, frozen=True, tag="fails_install"):
    """The agent reports that the installation went wrong, half-way through the image."""

    message: str = "No space left on device while writing the image"


class FailsWipe(Struct, frozen=True, tag="fails_wipe"):
    """The agent reports that it cannot erase, before it has touched a disk."""

    message: str = "Secure erase is frozen by the firmware"


class KeepsData(Struct, frozen=True, tag="keeps_data"):
    """The drive says that it is erased and is not: reading back shows it, and the certificate says so."""


class RebootsInTheMiddle(Struct, frozen=True, tag="reboots_in_the_middle"):
    """The machine resets half-way through a job of its agent."""


class DiskMissing(Struct, frozen=True, tag="disk_missing"):
    """A disk is not found from the next boot on: the one with this serial, or the machine's last."""

    serial: str = ""


class RenamesDisks(Struct, frozen=True, tag="renames_disks"):
    """The kernel finds the disks in another order from the next boot on, so that their names change places."""


Fault = (
    Silent
    | Refusing
    | Busy
    | Flapping
    | Garbling
    | Slow
    | LosesAnswer
    | RefusesPassword
    | ForgetsPassword
    | LiesAboutPower
    | IgnoresPower
    | ForgetsBootDevice
    | IgnoresNetworkBoot
    | NeverReports
    | NeverComesUp
    | NeverRegisters
    | FailsInstall
    | FailsWipe
    | KeepsData
    | RebootsInTheMiddle
    | DiskMissing
    | RenamesDisks
)
AnyFault = TypeVar("AnyFault", bound=Struct)


class Scripted(Struct):
    """A fault that strikes from `after` until `until`, at most `left` times more (None: for ever, without end)."""

    fault: Fault
    after: datetime
    until: datetime | None = None
    left: int | None = None

    def strikes(self, now: datetime) -> bool:
        """Tell whether the fault strikes at *now*, and count it."""
        if now < self.after or (self.until is not None and now >= self.until) or self.left == 0:
            return False
        self.left = None if self.left is None else self.left - 1
        return True


class Chances(Struct, frozen=True, kw_only=True):
    """How likely each fault is, from 0 to 1, at each occasion.

    An occasion is a call for what controllers do, a boot, an installation or a wipe for the rest.
    """

    silent: float = 0.0
    refusing: float = 0.0
    busy: float = 0.0
    garbling: float = 0.0
    slow: float = 0.0
    lies_about_power: float = 0.0
    ignores_power: float = 0.0
    forgets_boot_device: float = 0.0
    ignores_network_boot: float = 0.0
    never_reports: float = 0.0
    never_comes_up: float = 0.0
    fails_install: float = 0.0
    fails_wipe: float = 0.0
    keeps_data: float = 0.0
    reboots_in_the_middle: float = 0.0
    disk_missing: float = 0.0
    renames_disks: float = 0.0

    def of(self, kind: type[Struct]) -> float:
        """Return how likely a fault of this *kind* is; one that is always there or never is not left to chance."""
        chance: float = getattr(self, tag(kind), 0)
        return chance


def tag(kind: type[Struct]) -> str:
    """Return the name of this *kind* of fault, as `Chances` and the history have it."""
    return str(kind.__struct_config__.tag)
