"""What a machine can be busy with. Each ends by itself after a while, or lasts until its power changes."""

from msgspec import Struct

from colony_core.domain.orders import Install, Wipe
from colony_core.domain.reports import DiskErasure, Report
from colony_core.domain.secrets import Secret


class Off(Struct, frozen=True, tag="off"):
    """There is no power."""


class PoweringOn(Struct, frozen=True, tag="powering-on"):
    """Power was asked for and is about to come."""


class PoweringOff(Struct, frozen=True, tag="powering-off"):
    """Power is about to go, and comes back at once if `then_on`."""

    then_on: bool = False


class SelfTest(Struct, frozen=True, tag="self-test"):
    """The firmware looks at its hardware before it chooses what to boot."""


class NetworkBoot(Struct, frozen=True, tag="network-boot"):
    """The firmware asks the network for its boot script."""


class AgentStarting(Struct, frozen=True, tag="agent-starting"):
    """The agent is fetched and started."""

    token: Secret


class Inspecting(Struct, frozen=True, tag="inspecting"):
    """The agent looks at the hardware, and sends what it found."""

    token: Secret


class AskingForJob(Struct, frozen=True, tag="asking-for-job"):
    """The agent asks what to do."""

    token: Secret


class Installing(Struct, frozen=True, tag="installing"):
    """The agent does part number `part` of an installation."""

    token: Secret
    order: Install
    part: int = 0


class Wiping(Struct, frozen=True, tag="wiping"):
    """The agent erases the next disk after those it has `erased`."""

    token: Secret
    order: Wipe
    erased: tuple[DiskErasure, ...] = ()


class Reporting(Struct, frozen=True, tag="reporting"):
    """The agent tells how its job went: the `report`, or what went wrong."""

    token: Secret
    report: Report | None = None
    failure: str = ""


class AwaitingPowerOff(Struct, frozen=True, tag="awaiting-power-off"):
    """The agent has nothing more to do."""


class SystemStarting(Struct, frozen=True, tag="system-starting"):
    """The installed system starts from its disk."""


class Announcing(Struct, frozen=True, tag="announcing"):
    """The installed system is up and says so."""


class Running(Struct, frozen=True, tag="running"):
    """The installed system does its work."""


class Hung(Struct, frozen=True, tag="hung"):
    """Nothing happens any more until the power is cut."""

    reason: str


Activity = (
    Off
    | PoweringOn
    | PoweringOff
    | SelfTest
    | NetworkBoot
    | AgentStarting
    | Inspecting
    | AskingForJob
    | Installing
    | Wiping
    | Reporting
    | AwaitingPowerOff
    | SystemStarting
    | Announcing
    | Running
    | Hung
)
