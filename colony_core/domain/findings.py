"""What was learnt of a management controller by asking it for everything that it tells without being changed."""

from msgspec import Struct, field

from colony_core.domain.hardware import BootDevice, Inventory, Power, Protocol, SensorReading, System


class Refusal(Struct, frozen=True, kw_only=True):
    """Something that was asked for and not told, and why, in words."""

    what: str
    why: str


class QuirkNote(Struct, frozen=True, kw_only=True):
    """A row of the table of quirks that is about this controller."""

    behaviour: str
    why: str


class BootOptions(Struct, frozen=True, kw_only=True):
    """What the next start boots from, and what else could be chosen, in the protocol's own words.

    `targets` and `modes` are empty where the controller lists none, as over IPMI, which has no list.
    """

    device: BootDevice | None = None
    mode: str = ""
    targets: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


class Findings(Struct, frozen=True, kw_only=True):
    """All of it. Texts that the controller does not tell are empty; parts that it does not show are None.

    `firmware` is the controller's own version, `resets` how it offers to restart the machine, over Redfish.
    """

    protocol: Protocol
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    identity: System = field(default_factory=System)
    power: Power = Power.UNKNOWN
    boot: BootOptions = field(default_factory=BootOptions)
    resets: tuple[str, ...] = ()
    inventory: Inventory | None = None
    sensors: tuple[SensorReading, ...] | None = None
    quirks: tuple[QuirkNote, ...] = ()
    refused: tuple[Refusal, ...] = ()
