"""Management controllers that speak Redfish over HTTPS (docs/adr/0021)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from colony_bmc import redfish_knock
from colony_bmc.redfish_accounts import write_password
from colony_bmc.redfish_boot import override_boot, read_boot_device
from colony_bmc.redfish_examination import Seen, read_findings
from colony_bmc.redfish_inventory import read_inventory
from colony_bmc.redfish_scrub import recorded
from colony_bmc.redfish_sensors import read_sensors
from colony_bmc.redfish_session import Places, RedfishSession, Witness
from colony_bmc.redfish_system import RedfishSystem, identity_of
from colony_bmc.redfish_trust import shown_by
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, Protocol, SensorReading, System
from colony_core.domain.probing import Knock, port_for
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_core.ports.hardware import Access, BmcProtocolError, BmcRefused, BmcUnreachable, Examination

DEADLINE = 12.0
"""Seconds from a call to its end, however slow the controller: five exchanges of up to two seconds, and some."""

KNOCKING = 4.0
"""Seconds that a controller has to show its service root: the handshake of TLS takes a slow one a while."""

INVENTORY_DEADLINE = 75.0
"""The same for an inventory, which takes one exchange for each part of the machine."""

LEAVING = 5.0
"""Seconds that logging out may take behind the caller's back."""

POWER = {"On": Power.ON, "Paused": Power.ON, "Off": Power.OFF}
WAYS = {Power.ON: ("On", "ForceOn"), Power.OFF: ("ForceOff",)}
RESTARTS = ("ForceRestart", "PowerCycle")
"""Reset types in the order of preference; which of them there are, each machine says."""

ON_THE_WAY = {("PoweringOn", Power.ON), ("PoweringOff", Power.OFF)}


class RedfishHardware:
    """Controllers by access. A call has a session of its own: it logs in, asks, logs out.

    Calls to one controller wait for each other, log-out included; calls to different ones never do. The answer is
    given before the log-out, which goes on by itself, also after an error or a cancel; `aclose` waits for it.
    """

    def __init__(self, *, deadline: float = DEADLINE, inventory_deadline: float = INVENTORY_DEADLINE) -> None:
        self._deadline = deadline
        self.inventory_deadline = max(deadline, inventory_deadline)
        self._turns: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()
        self._known: dict[Bmc, Places] = {}
        self._limits: set[asyncio.Timeout] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    def controller(self, access: Access) -> "RedfishController":
        """Return the controller; nothing is sent yet."""
        return RedfishController(self, access)

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Return whether Redfish is spoken there; no credentials are sent."""
        return (await redfish_knock.knock(bmc, port_for(bmc, Protocol.REDFISH), within=KNOCKING),)

    async def certificate(self, bmc: Bmc) -> str:
        """Return the fingerprint of the certificate that is shown there; nothing but the handshake is sent."""
        return await shown_by(bmc)

    @contextlib.asynccontextmanager
    async def system(
        self, access: Access, *, within: float | None = None, witness: Witness | None = None
    ) -> AsyncIterator[RedfishSystem]:
        """Give the controller's machine over a session that is logged in, and end all of it at the deadline."""
        where, seconds = f"{access.bmc.address}:{access.bmc.port}", within or self._deadline
        try:
            async with asyncio.timeout(seconds) as limit:
                self._limits.add(limit)
                try:
                    async with self._opened(access, witness) as system:
                        yield system
                finally:
                    self._limits.discard(limit)
        except TimeoutError:
            raise self._over() or BmcUnreachable(
                f"The controller at {where} did not answer within {seconds:g} s"
            ) from None

    async def aclose(self) -> None:
        """Log out everywhere; calls in flight end as `BmcUnreachable`, and so do later ones."""
        self._closed = True
        for limit in tuple(self._limits):
            with contextlib.suppress(RuntimeError):  # it has struck already
                limit.reschedule(0)
        while self._limits or self._leaving:
            await asyncio.sleep(0)
            await asyncio.gather(*self._leaving, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _opened(self, access: Access, witness: Witness | None) -> AsyncIterator[RedfishSystem]:
        """Log in and find the system. What was learnt of the controller's paths is kept until a call fails."""
        bmc = access.bmc
        turn = self._turns.setdefault((bmc.address, bmc.port), asyncio.Lock())
        await turn.acquire()
        # By all of it: what was learnt without verifying (as that there is no TLS) holds for nobody who verifies.
        places = self._known.pop(bmc, None) or Places()
        session = RedfishSession(access, places, witness=witness)
        try:
            if over := self._over():
                raise over
            await session.login()
            yield await RedfishSystem.of(session, places)
            self._known[bmc] = places
        finally:
            leaving = asyncio.create_task(_leave(session, turn, within=min(LEAVING, self._deadline)))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def _over(self) -> BmcUnreachable | None:
        return BmcUnreachable("Colony is stopping, and speaks to no controller any more") if self._closed else None


async def _leave(session: RedfishSession, turn: asyncio.Lock, *, within: float) -> None:
    """End *session*, and only then give the *turn* to the next call."""
    try:
        with contextlib.suppress(TimeoutError, ColonyError):
            async with asyncio.timeout(within):
                await session.leave()
        await session.close()
    finally:
        turn.release()


class RedfishController:
    """One controller, found anew for every call."""

    def __init__(self, hardware: RedfishHardware, access: Access) -> None:
        self._hardware = hardware
        self._access = access

    async def power(self) -> Power:
        """Return the power state as the controller reports it now; unknown while it changes."""
        async with self._hardware.system(self._access) as system:
            return power_of(system)

    async def set_power(self, power: Power) -> None:
        """Switch on, or off at once; what is so already, or on its way there, is left so."""
        async with self._hardware.system(self._access) as system:
            await _switch(system, power)

    async def restart(self) -> None:
        """Restart a machine that is on, and switch on one that is off."""
        async with self._hardware.system(self._access) as system:
            if power_of(system) is Power.OFF:
                await _switch(system, Power.ON)
            else:
                await system.reset(RESTARTS)

    async def boot_device(self) -> BootDevice | None:
        """Return the target of the boot override, or None when there is none, or any but network and disk."""
        async with self._hardware.system(self._access) as system:
            return await read_boot_device(system)

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Override where the next start boots from, and read that back."""
        async with self._hardware.system(self._access) as system:
            await override_boot(system, device, mode)

    async def identity(self) -> System:
        """Return what the system's resource says of its maker."""
        async with self._hardware.system(self._access) as system:
            return identity_of(system.document)

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the chassis' sensors show now."""
        async with self._hardware.system(self._access, within=self._hardware.inventory_deadline) as system:
            return await read_sensors(system)

    async def inventory(self) -> Inventory | None:
        """Return what the controller knows of the machine's parts; one that it does not show is left out."""
        async with self._hardware.system(self._access, within=self._hardware.inventory_deadline) as system:
            return await read_inventory(system)

    async def examine(self, *, key: bytes | None = None) -> Examination:
        """Return all that the controller tells, with the resources that it took if there is a *key*."""
        seen, within = Seen(), self._hardware.inventory_deadline
        async with self._hardware.system(self._access, within=within, witness=seen.note) as system:
            findings = await read_findings(system, seen, power_of(system))
        recording = recorded(findings, seen, self._access, key=key) if key else None
        return Examination(findings=findings, recording=recording)

    async def change_password(self, new: Secret) -> None:
        """Set the password of the account that we log in as."""
        async with self._hardware.system(self._access) as system:
            await write_password(system.session, self._access.bmc.username, new)


def power_of(system: RedfishSystem) -> Power:
    """Return the power state in the system's document."""
    return POWER.get(str(system.document.get("PowerState")), Power.UNKNOWN)


async def _switch(system: RedfishSystem, power: Power) -> None:
    """Switch, and take it for done where the controller refuses only because it is so already."""
    if _is_or_becomes(system, power):
        return
    try:
        await system.reset(WAYS[power])
    except (BmcProtocolError, BmcRefused):
        await system.refresh()
        if not _is_or_becomes(system, power):
            raise


def _is_or_becomes(system: RedfishSystem, power: Power) -> bool:
    return power_of(system) is power or (str(system.document.get("PowerState")), power) in ON_THE_WAY
