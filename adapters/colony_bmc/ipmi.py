"""Management controllers that speak IPMI 2.0 over the network, through pyghmi."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from msgspec import Struct, field

from colony_bmc import ipmi_knock
from colony_bmc.ipmi_boot import BootMemory, read_boot_device, renew, write_boot_device
from colony_bmc.ipmi_examination import Heard, read_findings
from colony_bmc.ipmi_identity import read_identity
from colony_bmc.ipmi_power import read_power, restart, switch
from colony_bmc.ipmi_scrub import recorded
from colony_bmc.ipmi_sensors import Survey, read_sensors
from colony_bmc.ipmi_session import ADMINISTRATOR, OPERATOR, IpmiSession, Witness
from colony_bmc.ipmi_users import write_password
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, Protocol, SensorReading, System
from colony_core.domain.probing import Knock, port_for
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcUnreachable, Examination

KNOCKING = 3.0
"""Seconds that a controller has to show that it speaks IPMI."""

DEADLINE = 10.0
"""Seconds from a call to its end, however silent the controller: three waits for an answer (1, 2, 3 s) and some."""

EXAMINATION_DEADLINE = 60.0
"""The same for everything at once: the sensor records of a slow controller alone take half a minute."""


class Known(Struct, eq=False):
    """What was learnt of one controller, and what it would not tell again."""

    boot: BootMemory = field(default_factory=BootMemory)
    sensors: Survey = field(default_factory=Survey)


class IpmiHardware:
    """Controllers by access. A call has a session of its own: it logs in, asks, logs out.

    Calls to one controller wait for each other, as many a controller takes one session at a time; calls to different
    ones never do. Nothing blocks the event loop, and there is no thread, process or idle session.
    """

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._turns: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()
        self._known: dict[tuple[str, int], Known] = {}
        self._sessions: set[IpmiSession] = set()
        self._closed = False

    def controller(self, access: Access) -> "IpmiController":
        """Return the controller; nothing is sent yet."""
        return IpmiController(self, access)

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Return whether IPMI is spoken there; no credentials are sent."""
        knocked = await ipmi_knock.knock(bmc.address, port_for(bmc, Protocol.IPMI), within=KNOCKING)
        return (knocked,)

    @asynccontextmanager
    async def session(
        self, access: Access, *, level: int = OPERATOR, within: float = 0.0, witness: Witness | None = None
    ) -> AsyncIterator[IpmiSession]:
        """Give a session with the privilege *level*, and end all that is done with it at the deadline."""
        bmc, seconds = access.bmc, within or self._deadline
        turn = self._turns.setdefault((bmc.address, bmc.port), asyncio.Lock())
        try:
            async with asyncio.timeout(seconds), turn, self._opened(access, witness) as session:
                await session.login(level=level)
                yield session
        except TimeoutError:
            raise BmcUnreachable(
                f"The controller at {bmc.address}:{bmc.port} did not answer within {seconds:g} s"
            ) from None

    def known(self, access: Access) -> Known:
        """Return what is known already of the controller there, to be added to."""
        return self._known.setdefault((access.bmc.address, access.bmc.port), Known())

    async def aclose(self) -> None:
        """Log out everywhere at once; calls in flight end as `BmcUnreachable`, and so do later ones."""
        self._closed = True
        for session in tuple(self._sessions):
            session.leave(self._over())
        await asyncio.sleep(0)  # sockets close in the loop's next round

    @asynccontextmanager
    async def _opened(self, access: Access, witness: Witness | None) -> AsyncIterator[IpmiSession]:
        session = await IpmiSession.to(access, witness=witness)
        self._sessions.add(session)
        try:
            if self._closed:
                raise self._over()
            yield session
        finally:
            session.leave()
            self._sessions.discard(session)

    def _over(self) -> BmcUnreachable:
        return BmcUnreachable("Colony is stopping, and speaks to no controller any more")


class IpmiController:
    """One controller, found anew for every call."""

    def __init__(self, hardware: IpmiHardware, access: Access) -> None:
        self._hardware = hardware
        self._access = access

    async def power(self) -> Power:
        """Return the power state as the controller reports it now."""
        async with self._hardware.session(self._access) as session:
            return await read_power(session)

    async def set_power(self, power: Power) -> None:
        """Switch on, or off at once; what is so already is left so."""
        async with self._hardware.session(self._access) as session:
            if power is Power.ON:
                await renew(session, self._known.boot)
            await switch(session, power)

    async def restart(self) -> None:
        """Cycle the power of a machine that is on, and switch on one that is off."""
        async with self._hardware.session(self._access) as session:
            await renew(session, self._known.boot)
            await restart(session)

    async def boot_device(self) -> BootDevice | None:
        """Return the device that the boot flags select for the next start, or None for any but network and disk."""
        async with self._hardware.session(self._access) as session:
            return await read_boot_device(session, self._known.boot)

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Select *device* for the next start alone, through UEFI if *mode* says so and as a BIOS does otherwise."""
        async with self._hardware.session(self._access) as session:
            await write_boot_device(session, device, mode=mode, memory=self._known.boot)

    async def identity(self) -> System:
        """Return what FRU and system GUID say."""
        async with self._hardware.session(self._access) as session:
            return await read_identity(session)

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the controller's own analog sensors show; a slow one's records may take two calls to read."""
        async with self._hardware.session(self._access) as session:
            return await read_sensors(session, self._known.sensors)

    async def inventory(self) -> Inventory | None:
        """Return None: IPMI has no words for what a machine is made of."""
        return None

    async def examine(self, *, key: bytes | None = None) -> Examination:
        """Return all that the controller tells, with the commands that it took if there is a *key*."""
        heard = Heard()
        async with self._hardware.session(self._access, within=EXAMINATION_DEADLINE, witness=heard.note) as session:
            findings = await read_findings(session, heard)
        recording = recorded(findings, heard.commands, self._access, key=key) if key else None
        return Examination(findings=findings, recording=recording)

    async def change_password(self, new: Secret) -> None:
        """Set the password of the user that we log in as; it must be an administrator."""
        async with self._hardware.session(self._access, level=ADMINISTRATOR) as session:
            await write_password(session, self._access.bmc.username, old=self._access.password, new=new)

    @property
    def _known(self) -> Known:
        return self._hardware.known(self._access)
