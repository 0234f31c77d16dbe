"""The door through which booting machines speak: the core answers, `/boot` and simulated machines call.

It is what a real machine goes through: firmware asks for its boot script, the agent that it boots sends the
inventory, asks for its job until there is one, reports how it went, and the installed system says that it is up.
"""

from typing import Protocol

from msgspec import Struct

from colony_core.domain.hardware import Inventory
from colony_core.domain.orders import Install, Wipe
from colony_core.domain.reports import Report
from colony_core.domain.secrets import Secret


class BootAgent(Struct, frozen=True):
    """Boot the agent; it proves with *token* that it speaks for the workflow that holds the machine."""

    token: Secret


class BootLocalDisk(Struct, frozen=True):
    """Nothing to do here: boot what is installed."""


class AskAgain(Struct, frozen=True):
    """Not decided yet: ask again after `seconds`."""

    seconds: int


BootAnswer = BootAgent | BootLocalDisk | AskAgain


class TurnOff(Struct, frozen=True):
    """The agent's work is done: the controller will cut the power."""


Job = Install | Wipe | AskAgain | TurnOff


class Netboot(Protocol):
    """What a machine may ask and say.

    A token that belongs to no living workflow is refused with `Unauthorized`: the machine has nothing to say.
    """

    async def boot(self, mac: str, *, uuid: str = "") -> BootAnswer:
        """Answer the firmware of the machine with this MAC address or system UUID."""

    async def send_inventory(self, token: Secret, inventory: Inventory) -> None:
        """Take what the agent found on its machine."""

    async def job(self, token: Secret) -> Job:
        """Return what the agent shall do now."""

    async def progress(self, token: Secret, message: str) -> None:
        """Take a line for the workflow's log."""

    async def done(self, token: Secret, report: Report) -> None:
        """Take the proof that the job is done."""

    async def failed(self, token: Secret, message: str) -> None:
        """Take the news that the job went wrong."""

    async def booted(self, token: Secret) -> None:
        """Take the installed system's word that it is up."""
