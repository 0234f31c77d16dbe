"""Management controllers that speak IPMI 2.0 over the network, through pyghmi."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from colony_bmc.ipmi_identity import read_identity
from colony_bmc.ipmi_sensors import Survey, read_sensors
from colony_bmc.ipmi_session import IpmiSession
from colony_core.domain.hardware import BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.ports.hardware import Access, BmcUnreachable

DEADLINE = 10.0
"""Seconds from a call to its end, however silent the controller: three waits for an answer (1, 2, 3 s) and some."""

CHASSIS, STATUS, CONTROL, SET_BOOT, GET_BOOT = 0x00, 0x01, 0x02, 0x08, 0x09
OFF, ON, CYCLE = 0x00, 0x01, 0x02
NOT_IN_THIS_STATE = 0xD5

KEEP_FLAGS, BOOT_FLAGS = 0x03, 0x05
FOR_LATER = 0x08
"""Keep the boot flags although no chassis command follows within 60 s."""

NEXT_START_ONLY = 0x80
"""Boot flags valid, and not persistent."""

SELECTORS = {BootDevice.PXE: 0x04, BootDevice.DISK: 0x08}
"""Boot device selectors, as they stand in the second byte of the boot flags (table 28-14)."""


class IpmiHardware:
    """Controllers by access. A call has a session of its own: it logs in, asks, logs out.

    Calls to one controller wait for each other, as many a controller takes one session at a time; calls to different
    ones never do. Nothing blocks the event loop, and there is no thread, process or idle session.
    """

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._deadline = deadline
        self._turns: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()
        self._surveys: dict[tuple[str, int], Survey] = {}
        self._sessions: set[IpmiSession] = set()
        self._closed = False

    def controller(self, access: Access) -> "IpmiController":
        """Return the controller; nothing is sent yet."""
        return IpmiController(self, access)

    @asynccontextmanager
    async def session(self, access: Access) -> AsyncIterator[IpmiSession]:
        """Give a session that is logged in, and end all that is done with it at the deadline."""
        bmc = access.bmc
        turn = self._turns.setdefault((bmc.address, bmc.port), asyncio.Lock())
        try:
            async with asyncio.timeout(self._deadline), turn, self._opened(access) as session:
                await session.login()
                yield session
        except TimeoutError:
            raise BmcUnreachable(
                f"The controller at {bmc.address}:{bmc.port} did not answer within {self._deadline:g} s"
            ) from None

    def survey(self, access: Access) -> Survey:
        """Return what is known already of the sensors of the controller there, to be added to."""
        return self._surveys.setdefault((access.bmc.address, access.bmc.port), Survey())

    async def aclose(self) -> None:
        """Log out everywhere at once; calls in flight end as `BmcUnreachable`, and so do later ones."""
        self._closed = True
        for session in tuple(self._sessions):
            session.leave(self._over())
        await asyncio.sleep(0)  # sockets close in the loop's next round

    @asynccontextmanager
    async def _opened(self, access: Access) -> AsyncIterator[IpmiSession]:
        session = await IpmiSession.to(access)
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
            return await _power(session)

    async def set_power(self, power: Power) -> None:
        """Switch on, or off at once; what is so already is left so."""
        async with self._hardware.session(self._access) as session:
            await _switch(session, power)

    async def restart(self) -> None:
        """Cycle the power of a machine that is on, and switch on one that is off."""
        async with self._hardware.session(self._access) as session:
            if await _power(session) is Power.ON:
                await session.demand(CHASSIS, CONTROL, CYCLE, what="a power cycle")
            else:
                await _switch(session, Power.ON)

    async def boot_device(self) -> BootDevice | None:
        """Return the device that the boot flags select, or None for any but network and disk.

        Whether they are marked valid does not count: some controllers never mark them, and obey them all the same.
        """
        async with self._hardware.session(self._access) as session:
            flags = await session.demand(
                CHASSIS, GET_BOOT, BOOT_FLAGS, 0, 0, at_least=4, what="which boot device is set"
            )
        return next((device for device, selector in SELECTORS.items() if flags[3] & 0x3C == selector), None)

    async def set_boot_device(
        self,
        device: BootDevice,
        *,
        mode: BootMode | None = None,  # noqa: ARG002  # not sent yet
    ) -> None:
        """Select *device* for the next start alone."""
        async with self._hardware.session(self._access) as session:
            await session.ask(CHASSIS, SET_BOOT, KEEP_FLAGS, FOR_LATER)  # optional: a no changes nothing
            flags = (NEXT_START_ONLY, SELECTORS[device], 0, 0, 0)
            await session.demand(CHASSIS, SET_BOOT, BOOT_FLAGS, *flags, what=f"the boot device {device}")

    async def identity(self) -> System:
        """Return what FRU and system GUID say."""
        async with self._hardware.session(self._access) as session:
            return await read_identity(session)

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the controller's own analog sensors show; a slow one's records may take two calls to read."""
        async with self._hardware.session(self._access) as session:
            return await read_sensors(session, self._hardware.survey(self._access))

    async def inventory(self) -> Inventory | None:
        """Return None: IPMI has no words for what a machine is made of."""
        return None


async def _power(session: IpmiSession) -> Power:
    status = await session.demand(CHASSIS, STATUS, at_least=1, what="its power state")
    return Power.ON if status[0] & 1 else Power.OFF


async def _switch(session: IpmiSession, power: Power) -> None:
    """Switch, and take it for done where the controller refuses only because it is so already."""
    answer = await session.ask(CHASSIS, CONTROL, ON if power is Power.ON else OFF)
    if answer.code != NOT_IN_THIS_STATE or await _power(session) is not power:
        session.accept(answer, what=f"power {power}")
