"""What a machine does next, each time that what it was busy with is over: from power to firmware to system."""

from colony_core.domain.hardware import BootDevice
from colony_core.errors import ColonyError, Unavailable
from colony_core.ports.netboot import AskAgain, BootAgent, BootAnswer, BootLocalDisk
from colony_simulator import agent, power
from colony_simulator.activities import (
    AgentStarting,
    Announcing,
    AskingForJob,
    Hung,
    Inspecting,
    Installing,
    NetworkBoot,
    PoweringOff,
    PoweringOn,
    Reporting,
    Running,
    SelfTest,
    SystemStarting,
    Wiping,
)
from colony_simulator.faults import DiskMissing, IgnoresNetworkBoot, NeverComesUp, RenamesDisks
from colony_simulator.machines import Machine
from colony_simulator.room import NobodyListens, Overtaken, Room


async def proceed(room: Room, machine: Machine) -> None:
    """Do what follows the activity of *machine* that has just ended.

    What nobody heard is said again a little later; what is refused silences the machine. Any other error is the fault
    of whoever answers the network: it comes out, and the machine says it again too.
    """
    order = machine.order
    try:
        await _next(room, machine)
    except Overtaken:
        return
    except Unavailable as error:
        if machine.order == order:
            _later(room, machine, why=error.code)
    except ColonyError as error:
        if machine.order == order:
            _silence(room, machine, error)
    except Exception as error:
        if machine.order == order:
            _later(room, machine, why=type(error).__name__)
        raise


async def _next(room: Room, machine: Machine) -> None:
    match machine.activity:
        case PoweringOn():
            power.came(room, machine)
        case PoweringOff(then_on):
            power.went(room, machine, then_on=then_on)
        case SelfTest():
            _choose_boot_device(room, machine)
        case NetworkBoot():
            await _boot_from_network(room, machine)
        case SystemStarting():
            _come_up(room, machine)
        case Announcing():
            await _announce(room, machine)
        case AgentStarting() | Inspecting() | AskingForJob() | Installing() | Wiping() | Reporting() as activity:
            await agent.proceed(room, machine, activity)


def _choose_boot_device(room: Room, machine: Machine) -> None:
    """Use up the one-time override; without one the order is disk, then network."""
    device, machine.override = machine.override, None
    if device is not None:
        room.note(machine, f"used up boot device {device}")
    _find_disks(room, machine)
    network = device is BootDevice.PXE or machine.installation is None
    if network and not room.struck(machine, IgnoresNetworkBoot):
        room.begin(machine, NetworkBoot(), after=0)
    else:
        _boot_from_disk(room, machine)


def _find_disks(room: Room, machine: Machine) -> None:
    missing = room.struck(machine, DiskMissing)
    last = [disk.identity.serial for disk in machine.disks if not disk.identity.removable][-1:]
    machine.missing = () if missing is None else tuple([missing.serial] if missing.serial else last)
    machine.renamed = room.struck(machine, RenamesDisks) is not None


async def _boot_from_network(room: Room, machine: Machine) -> None:
    answer: BootAnswer
    try:
        answer = await room.tell(machine, room.netboot.boot(machine.mac, uuid=machine.inventory.system.uuid))
    except NobodyListens:
        answer = BootLocalDisk()
    room.note(machine, f"asked for its boot script: {type(answer).__name__}")
    match answer:
        case BootAgent(token):
            after = room.lasts(machine, room.timings.agent_start, what="agent-start")
            room.begin(machine, AgentStarting(token), after=after)
        case AskAgain(seconds):
            room.begin(machine, NetworkBoot(), after=max(1, seconds))
        case BootLocalDisk():
            _boot_from_disk(room, machine)


def _boot_from_disk(room: Room, machine: Machine) -> None:
    installed = machine.installation
    if installed is None:
        _hang(room, machine, "no bootable device")
        return
    room.note(machine, f"starts {installed.template} from disk")
    start = room.timings.images[installed.template].start
    room.begin(machine, SystemStarting(), after=room.lasts(machine, start, what="start"))


def _come_up(room: Room, machine: Machine) -> None:
    installed = machine.installation
    if installed is None or room.struck(machine, NeverComesUp):
        _hang(room, machine, "the system does not come up")
        return
    machine.up_since = room.clock.now()
    room.note(machine, f"{installed.hostname} is up")
    if installed.token is None:
        room.rest(machine, Running())
    else:
        room.begin(machine, Announcing(), after=0)


async def _announce(room: Room, machine: Machine) -> None:
    """Say that the system is up, until it was heard once: a first boot is only announced as often as it takes."""
    installed = machine.installation
    if installed is not None and installed.token is not None:
        await room.tell(machine, room.netboot.booted(installed.token))
        installed.token = None
    room.note(machine, "said that it is up")
    room.rest(machine, Running())


def _later(room: Room, machine: Machine, *, why: str) -> None:
    room.note(machine, f"was not heard: {why}")
    room.begin(machine, machine.activity, after=room.timings.retry)


def _silence(room: Room, machine: Machine, error: ColonyError) -> None:
    """Stop saying what is refused; an installed system runs on, and firmware goes on to its disk."""
    room.note(machine, f"was refused: {error.code}")
    match machine.activity:
        case NetworkBoot():
            _boot_from_disk(room, machine)
        case Announcing():
            room.rest(machine, Running())
        case _:
            _hang(room, machine, "the agent was refused")


def _hang(room: Room, machine: Machine, reason: str) -> None:
    room.note(machine, f"hangs: {reason}")
    room.rest(machine, Hung(reason))
