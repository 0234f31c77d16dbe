"""What the agent does on a machine that booted it: tell what is there, ask for a job, do it, tell how it went."""

from contextlib import suppress
from itertools import islice

from msgspec.structs import replace

from colony_core.domain.hardware import Disk, Inventory
from colony_core.domain.orders import DiskIdentity, Install, Wipe, WipeMethod
from colony_core.domain.reports import DiskErasure, InstallReceipt, WipeCertificate
from colony_core.domain.secrets import Secret
from colony_core.errors import Unavailable
from colony_core.ports.netboot import AskAgain, TurnOff
from colony_simulator import power
from colony_simulator.activities import (
    AgentStarting,
    AskingForJob,
    AwaitingPowerOff,
    Hung,
    Inspecting,
    Installing,
    Reporting,
    Wiping,
)
from colony_simulator.disks import HEAD, Extent, Installation, SimulatedDisk
from colony_simulator.faults import FailsInstall, FailsWipe, KeepsData, NeverReports, RebootsInTheMiddle
from colony_simulator.machines import Machine
from colony_simulator.room import Room

AgentActivity = AgentStarting | Inspecting | AskingForJob | Installing | Wiping | Reporting

PARTS = 3
"""An installation partitions the disk, writes the image, and writes the configuration."""


async def proceed(room: Room, machine: Machine, activity: AgentActivity) -> None:
    """Do what follows the agent's *activity* that has just ended."""
    match activity:
        case AgentStarting(token):
            _come_up(room, machine, token)
        case Inspecting(token):
            await room.tell(machine, room.netboot.send_inventory(token, found(machine)))
            room.note(machine, "sent its inventory")
            room.begin(machine, AskingForJob(token), after=0)
        case AskingForJob(token):
            await _ask(room, machine, token)
        case Installing():
            await _install(room, machine, activity)
        case Wiping():
            await _wipe(room, machine, activity)
        case Reporting():
            await _report(room, machine, activity)


def found(machine: Machine) -> Inventory:
    """Return the inventory of *machine* as this boot finds it."""
    return replace(machine.inventory, disks=tuple(_as_found(machine)))


def _as_found(machine: Machine) -> list[Disk]:
    disks = [disk.identity for disk in machine.found_disks]
    names = [disk.name for disk in disks]
    if machine.renamed:
        names = [*names[1:], *names[:1]]
    return [replace(disk, name=name) for disk, name in zip(disks, names, strict=True)]


def _come_up(room: Room, machine: Machine, token: Secret) -> None:
    if room.struck(machine, NeverReports):
        room.rest(machine, Hung("the agent never reports"))
        return
    room.begin(machine, Inspecting(token), after=room.lasts(machine, room.timings.inspection, what="inspection"))


async def _ask(room: Room, machine: Machine, token: Secret) -> None:
    job = await room.tell(machine, room.netboot.job(token))
    room.note(machine, f"asked for its job: {type(job).__name__}")
    match job:
        case AskAgain(seconds):
            room.begin(machine, AskingForJob(token), after=max(1, seconds))
        case TurnOff():
            room.rest(machine, AwaitingPowerOff())
        case Install():
            _begin_install(room, machine, Installing(token, job))
        case Wipe():
            _begin_wipe(room, machine, Wiping(token, job))


def _disk(machine: Machine, wanted: DiskIdentity, *, nth: int = 0) -> SimulatedDisk | None:
    """Return the *nth* disk that has the marks of *wanted*: of twins, a wipe takes one after the other."""
    return next(islice((disk for disk in machine.found_disks if wanted.is_same_as(disk.identity)), nth, None), None)


def _give_up(room: Room, machine: Machine, token: Secret, *, why: str) -> None:
    room.begin(machine, Reporting(token, failure=why), after=0)


def _begin_install(room: Room, machine: Machine, activity: Installing) -> None:
    """Look before the first write: a disk that is absent, or too small, is left as it is."""
    order = activity.order
    image = room.timings.images.get(order.template)
    disk = _disk(machine, order.disk)
    if image is None:
        _give_up(room, machine, activity.token, why=f"No image is called '{order.template}'")
    elif disk is None:
        _give_up(room, machine, activity.token, why=f"No disk has the serial '{order.disk.serial}'")
    elif disk.identity.size_bytes < image.size_bytes + 8 * HEAD:
        _give_up(room, machine, activity.token, why=f"'{order.template}' does not fit on '{disk.identity.serial}'")
    else:
        _part(room, machine, activity)


def _part(room: Room, machine: Machine, activity: Installing) -> None:
    whole = room.lasts(machine, room.timings.images[activity.order.template].install, what="install")
    room.begin(machine, activity, after=whole / PARTS)


async def _install(room: Room, machine: Machine, activity: Installing) -> None:
    """Finish a part. The same part done twice, as after an answer that was lost, leaves the disk as once."""
    order = activity.order
    disk = _disk(machine, order.disk)
    assert disk is not None, "it was there before the first part, and disks come and go only between boots"
    match activity.part:
        case 0:
            _partition(disk)
            done = f"Partitioned {order.disk.name} ({order.disk.serial})"
        case 1:
            if _stopped_half_way(room, machine, activity, disk=disk):
                return
            _write_image(disk, order, room.timings.images[order.template].size_bytes)
            done = f"Wrote {order.template}"
        case _:
            _configure(room, machine, activity, disk=disk)
            done = f"Configured {order.hostname}"
    await _say(room, machine, activity.token, done)
    if activity.part + 1 < PARTS:
        _part(room, machine, replace(activity, part=activity.part + 1))
    else:
        room.begin(machine, Reporting(activity.token, report=_receipt(room, order)), after=0)


def _partition(disk: SimulatedDisk) -> None:
    size = disk.identity.size_bytes
    disk.erase(WipeMethod.SIGNATURES)
    disk.write(Extent(0, HEAD, "partition table", signature=True))
    disk.write(Extent(size - HEAD, size, "partition table", signature=True))


def _stopped_half_way(room: Room, machine: Machine, activity: Installing, *, disk: SimulatedDisk) -> bool:
    """Tell whether a fault stops the installation with half of the image written."""
    order = activity.order
    reboots = room.struck(machine, RebootsInTheMiddle)
    fails = None if reboots else room.struck(machine, FailsInstall)
    if not (reboots or fails):
        return False
    _write_image(disk, order, room.timings.images[order.template].size_bytes // 2)
    if fails:
        _give_up(room, machine, activity.token, why=fails.message)
    else:
        power.reset(room, machine)
    return True


def _write_image(disk: SimulatedDisk, order: Install, size_bytes: int) -> None:
    disk.write(Extent(HEAD, 2 * HEAD, f"file system of {order.template}", signature=True))
    disk.write(Extent(2 * HEAD, HEAD + size_bytes, f"files of {order.template}"))


def _configure(room: Room, machine: Machine, activity: Installing, *, disk: SimulatedDisk) -> None:
    order, end = activity.order, disk.identity.size_bytes - 2 * HEAD
    disk.write(Extent(end - HEAD, end, f"configuration of {order.hostname}", signature=True))
    disk.installation = Installation(
        template=order.template,
        hostname=order.hostname,
        network=order.network,
        token=activity.token,
        at=room.clock.now(),
    )
    room.addressed(machine, disk.installation.address)
    room.note(machine, f"installed {order.template} on {order.disk.serial}")


def _receipt(room: Room, order: Install) -> InstallReceipt:
    written = room.timings.images[order.template].size_bytes + 3 * HEAD
    return InstallReceipt(template=order.template, disk=order.disk, bytes_written=written, at=room.clock.now())


def _begin_wipe(room: Room, machine: Machine, activity: Wiping) -> None:
    """Look for every disk before the first is touched; then erase one by one."""
    absent = [wanted.serial for wanted in activity.order.disks if _disk(machine, wanted) is None]
    fails = room.struck(machine, FailsWipe)
    if absent:
        _give_up(room, machine, activity.token, why=f"No disk has the serial '{absent[0]}'")
    elif fails:
        _give_up(room, machine, activity.token, why=fails.message)
    else:
        _next_disk(room, machine, activity)


def _next_disk(room: Room, machine: Machine, activity: Wiping) -> None:
    disks = activity.order.disks
    if len(activity.erased) < len(disks):
        room.begin(machine, activity, after=room.lasts(machine, room.timings.wipe, what="wipe") / len(disks))
        return
    certificate = WipeCertificate(disks=activity.erased, at=room.clock.now())
    room.begin(machine, Reporting(activity.token, report=certificate), after=0)


async def _wipe(room: Room, machine: Machine, activity: Wiping) -> None:
    order = activity.order
    wanted = order.disks[len(activity.erased)]
    disk = _disk(machine, wanted, nth=sum(wanted.is_same_as(one.disk) for one in activity.erased))
    assert disk is not None, "it was there before the first was touched, and disks come and go only between boots"
    if room.struck(machine, RebootsInTheMiddle):
        power.reset(room, machine)
        return
    erasure = _erase(room, machine, order, disk=disk, wanted=wanted)
    await _say(room, machine, activity.token, f"Erased {wanted.name} ({wanted.serial})")
    _next_disk(room, machine, replace(activity, erased=(*activity.erased, erasure)))


def _erase(room: Room, machine: Machine, order: Wipe, *, disk: SimulatedDisk, wanted: DiskIdentity) -> DiskErasure:
    before = list(disk.extents)
    erased = disk.erase(order.method)
    if room.struck(machine, KeepsData):
        disk.extents = before
    verified = disk.is_erased(order.method)
    room.note(machine, f"erased {wanted.serial} ({order.method}): {'verified' if verified else 'data is left'}")
    read = erased if verified else 0
    return DiskErasure(disk=wanted, method=order.method, bytes_erased=erased, verified=verified, bytes_verified=read)


async def _say(room: Room, machine: Machine, token: Secret, line: str) -> None:
    """Send a line for the log; one that nobody hears is lost, and the work goes on."""
    with suppress(Unavailable):
        await room.tell(machine, room.netboot.progress(token, line))


async def _report(room: Room, machine: Machine, activity: Reporting) -> None:
    if activity.report is None:
        await room.tell(machine, room.netboot.failed(activity.token, activity.failure))
        room.note(machine, f"reported a failure: {activity.failure}")
    else:
        await room.tell(machine, room.netboot.done(activity.token, activity.report))
        room.note(machine, "reported that its job is done")
    room.rest(machine, AwaitingPowerOff())
