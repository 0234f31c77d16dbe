"""Controllers to read: real ones (`ipmi_sim`, a process each, one per loopback address) and dead ones among them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_testkit import sushy_emulator
from colony_testkit.ipmi_sim import PASSWORD, USER, ipmi_sim

LOGINS = {Protocol.IPMI: (USER, PASSWORD), Protocol.REDFISH: (sushy_emulator.USER, sushy_emulator.PASSWORD)}
"""User and password of the controllers that speak so."""


class Target(Struct, frozen=True):
    """One controller, whether it answers, and where it writes down what it is asked, if it does."""

    address: str
    port: int
    lives: bool
    protocol: Protocol = Protocol.IPMI
    journal: Path | None = None

    @property
    def access(self) -> Access:
        """Return the way in."""
        user, password = LOGINS[self.protocol]
        bmc = Bmc(protocol=self.protocol, address=self.address, port=self.port, username=user, verify_tls=False)
        return Access(bmc=bmc, password=Secret(password))

    @property
    def place(self) -> str:
        """Return address and port as FreeIPMI and URLs have them."""
        return f"{self.address}:{self.port}"


class Rack(Struct, frozen=True):
    """All controllers of a run; a sweep reads the first so many, with or without dead ones in their midst."""

    living: tuple[Target, ...]
    dead: tuple[Target, ...]

    def some(self, count: int, *, dead: int = 0) -> tuple[Target, ...]:
        """Return *count* controllers of which *dead* are dead, spread evenly."""
        places = {round(number * count / dead) for number in range(dead)} if dead else set()
        living, silent = iter(self.living), iter(self.dead)
        return tuple(next(silent) if place in places else next(living) for place in range(count))


@asynccontextmanager
async def rack(living: int, *, dead: int, folder: Path) -> AsyncIterator[Rack]:
    """Run so many controllers while inside. A dead one is a socket that nobody reads: packets to it are lost."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-bmc-")))
        started = [await asyncio.to_thread(_start, stack, place, number) for number in range(living)]
        mute = [_mute(stack, number) for number in range(dead)]
        yield Rack(tuple(started), tuple(mute))


def _start(stack: AsyncExitStack, place: Path, number: int) -> Target:
    folder = place / str(number)
    folder.mkdir()
    sim = stack.enter_context(ipmi_sim(folder, address=address(80, number)))
    return Target(sim.address, sim.port, lives=True, journal=folder / "journal")


def _mute(stack: AsyncExitStack, number: int) -> Target:
    end = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    end.bind((address(81, number), 0))
    where, port = end.getsockname()
    return Target(where, port, lives=False)


def address(block: int, number: int) -> str:
    """Return the loopback address of controller *number* of those that have a *block*."""
    return f"127.{block}.{number // 250}.{number % 250 + 1}"


def dead_among(count: int) -> int:
    """Return a tenth of *count*, at least one."""
    return max(count // 10, 1)


def hosts(targets: Sequence[Target]) -> str:
    """Return *targets* as FreeIPMI takes a list of hosts."""
    return ",".join(target.place for target in targets)
