"""Who reads the power of many controllers: our adapter, FreeIPMI's ipmipower, and ipmitool one by one."""

import asyncio
import resource
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from benchmarks.bmc_rack import Target, hosts
from colony_bmc.ipmi import DEADLINE, IpmiHardware
from colony_core.errors import ColonyError
from colony_core.ports.hardware import Hardware
from colony_testkit.ipmi_sim import PASSWORD, USER


class Sweep(Struct, frozen=True):
    """One reading of many controllers; seconds from its beginning, and those that the processor worked for it."""

    living: float
    over: float
    cpu: float
    read: int


Reader = Callable[[Sequence[Target]], Awaitable[Sweep]]


async def by_colony(targets: Sequence[Target]) -> Sweep:
    """Read all at once, in this process, which has the adapter loaded as a server has."""
    return await swept(IpmiHardware(), targets)


async def swept(hardware: Hardware, targets: Sequence[Target]) -> Sweep:
    """Read all at once by an adapter of ours, which is closed after it; nothing is known of the controllers before."""
    began, worked, answered = time.perf_counter(), time.process_time(), list[float]()

    async def read(target: Target) -> None:
        try:
            await hardware.controller(target.access).power()
        except ColonyError:
            return
        answered.append(time.perf_counter() - began)

    await asyncio.gather(*map(read, targets))
    over, cpu = time.perf_counter() - began, time.process_time() - worked
    await hardware.aclose()
    return Sweep(max(answered, default=0.0), over, cpu, len(answered))


async def by_ipmipower(targets: Sequence[Target]) -> Sweep:
    """Run the parallel reference tool once over all, with the deadline that our adapter has.

    The work-around is for `ipmi_sim`, which does not tell the privilege level. Lines are read as they come.
    """
    login = ["-D", "LAN_2_0", "-I", "3", "-W", "opensesspriv", "-l", "ADMIN", "-u", USER, "-p", PASSWORD]
    limit = ["--session-timeout", f"{DEADLINE * 1000:.0f}"]
    return await _timed(["stdbuf", "-oL", "ipmipower", *login, *limit, "-h", hosts(targets), "--stat"])


async def by_ipmitool(targets: Sequence[Target]) -> Sweep:
    """Run ipmitool for one after the other, each a process."""
    began, living, cpu, read = time.perf_counter(), 0.0, 0.0, 0
    for target in targets:
        place = ["-H", target.address, "-p", str(target.port), "-U", USER, "-P", PASSWORD]
        one = await _timed(["ipmitool", "-I", "lanplus", "-C", "3", *place, "power", "status"])
        cpu += one.cpu
        if one.read:
            read, living = read + 1, time.perf_counter() - began
    return Sweep(living, time.perf_counter() - began, cpu, read)


async def _timed(command: Sequence[str]) -> Sweep:
    began, before = time.perf_counter(), _children()
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None
    answered = [time.perf_counter() - began async for line in process.stdout if line.rstrip().endswith((b"on", b"off"))]
    await process.wait()
    return Sweep(max(answered, default=0.0), time.perf_counter() - began, _children() - before, len(answered))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


READERS: dict[str, Reader] = {
    "colony": by_colony,
    "ipmipower": by_ipmipower,
    "ipmitool": by_ipmitool,
}
