"""Everything that an IPMI controller tells with one login, and the commands that it took."""

from msgspec import Struct

from colony_bmc.examination import Parts, notes_on
from colony_bmc.ipmi_boot import BY_UEFI, BootMemory, read_boot_device
from colony_bmc.ipmi_device import device_of
from colony_bmc.ipmi_identity import read_identity
from colony_bmc.ipmi_power import read_power
from colony_bmc.ipmi_sensors import Survey, read_sensors
from colony_bmc.ipmi_session import Answer, IpmiSession
from colony_core.domain.findings import BootOptions, Findings
from colony_core.domain.hardware import Power, Protocol, System

CHASSIS, GET_BOOT = 0x00, 0x09


class Asked(Struct, frozen=True, kw_only=True):
    """A command and its answer."""

    netfn: int
    command: int
    lun: int
    data: bytes
    answer: Answer


class Heard:
    """The commands that were answered, in their order."""

    def __init__(self) -> None:
        self.commands: list[Asked] = []

    def note(self, netfn: int, command: int, lun: int, data: bytes, answer: Answer) -> None:
        """Keep a command and its answer."""
        self.commands.append(Asked(netfn=netfn, command=command, lun=lun, data=data, answer=answer))

    def boot_mode(self) -> str:
        """Return how the boot flags that were read say that the next start boots; empty where none were."""
        flags = [one.answer.data for one in self.commands if (one.netfn, one.command) == (CHASSIS, GET_BOOT)]
        if not flags or len(flags[-1]) < 4:
            return ""
        return "UEFI" if flags[-1][2] & BY_UEFI else "BIOS"


async def read_findings(session: IpmiSession, heard: Heard) -> Findings:
    """Return all that is told."""
    asked = Parts()
    device = await device_of(session)
    identity = await asked.read("the identity", read_identity(session)) or System()
    power = await asked.read("the power", read_power(session)) or Power.UNKNOWN
    chosen = await asked.read("the boot device", read_boot_device(session, BootMemory()))
    sensors = await asked.read("the sensors", read_sensors(session, Survey()))
    vendor = device.maker or identity.manufacturer
    return Findings(
        protocol=Protocol.IPMI,
        vendor=vendor,
        model=identity.model,
        firmware=device.firmware,
        identity=identity,
        power=power,
        boot=BootOptions(device=chosen, mode=heard.boot_mode()),
        sensors=sensors,
        quirks=notes_on(Protocol.IPMI, device.maker, identity.model, device.firmware),
        refused=tuple(asked.refused),
    )
