"""A simulated rack that another process holds, as the ports of the core: its controllers, its clusters and its time."""

from pathlib import Path
from typing import Any

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.hardware import Bmc, BootDevice, BootMode, Inventory, Power, Protocol, SensorReading, System
from colony_core.domain.probing import Knock, port_for
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcUnreachable
from colony_core.ports.platform import Milestone
from colony_simulator.rack_clock import RackClock
from colony_simulator.rack_line import PATIENCE, RackLine, RackSilent
from colony_simulator.room import Happening
from colony_simulator.wire import Hello


class RemoteRack:
    """The rack at a socket; it is there again by itself after its process was away.

    While that is silent, controllers are unreachable and clusters unavailable, as real ones behind a dead switch are.
    """

    def __init__(self, line: RackLine, hello: Hello) -> None:
        self._line = line
        self.speed = hello.speed
        self.clock = RackClock(hello)
        self.hardware = RemoteHardware(line)
        self.platform = RemotePlatform(line)
        line.on_hello = self.clock.follow

    @classmethod
    async def open(cls, path: Path, *, patience: float = PATIENCE) -> "RemoteRack":
        """Return the rack that is held at *path*; raise `RackSilent` if none is. A call waits *patience* seconds."""
        line, hellos = RackLine(path, patience=patience), list[Hello]()
        line.on_hello = hellos.append
        await line.open()
        return cls(line, hellos[0])

    async def history(self) -> list[Happening]:
        """Return what happened to the machines since the rack's process began: whatever they were told, among it."""
        happened: list[Happening] = await self._line.ask("history")
        return happened

    async def aclose(self) -> None:
        """Hang up."""
        await self._line.aclose()


class RemoteHardware:
    """Implements `Hardware` and `Prober` over the line."""

    def __init__(self, line: RackLine) -> None:
        self._line = line

    def controller(self, access: Access) -> "RemoteController":
        """Return the controller; nothing is sent yet."""
        return RemoteController(self._line, access)

    async def probe(self, bmc: Bmc) -> tuple[Knock, ...]:
        """Ask the rack; where that is silent, nobody answers."""
        try:
            knocks: tuple[Knock, ...] = await self._line.ask("probe", bmc)
        except RackSilent:
            asked = (Protocol.REDFISH, Protocol.IPMI)
            return tuple(Knock(protocol=each, port=port_for(bmc, each), said="no answer") for each in asked)
        return knocks

    async def aclose(self) -> None:
        """Hang up."""
        await self._line.aclose()


class RemoteController:
    """Implements `Controller` over the line."""

    def __init__(self, line: RackLine, access: Access) -> None:
        self._line = line
        self._access = access

    async def power(self) -> Power:
        """Return the power as the controller tells it."""
        power: Power = await self._ask("power")
        return power

    async def set_power(self, power: Power) -> None:
        """Begin to switch."""
        await self._ask("set_power", power)

    async def restart(self) -> None:
        """Take the power away and give it back."""
        await self._ask("restart")

    async def boot_device(self) -> BootDevice | None:
        """Return the override of the next start."""
        device: BootDevice | None = await self._ask("boot_device")
        return device

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        """Override where the next start boots from."""
        await self._ask("set_boot_device", device, mode)

    async def identity(self) -> System:
        """Return what the maker wrote into the machine."""
        system: System = await self._ask("identity")
        return system

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return what the sensors show."""
        read: tuple[SensorReading, ...] = await self._ask("sensors")
        return read

    async def inventory(self) -> Inventory | None:
        """Return what the machine is made of, where its controller knows."""
        inventory: Inventory | None = await self._ask("inventory")
        return inventory

    async def change_password(self, new: Secret) -> None:
        """Take *new* for the password from now on."""
        await self._ask("change_password", new)

    async def _ask(self, word: str, *given: object) -> Any:
        try:
            return await self._line.ask(word, self._access, *given)
        except RackSilent as silent:
            bmc = self._access.bmc
            raise BmcUnreachable(
                f"The management controller at {bmc.address}:{bmc.port} does not answer: {silent.details}"
            ) from None


class RemotePlatform:
    """Implements `Platform` over the line; a silent rack is `Unavailable`, as it is raised."""

    def __init__(self, line: RackLine) -> None:
        self._line = line

    async def bootstrap(self, cluster: Cluster, authority: Secret) -> None:
        """Bootstrap etcd on the first control plane."""
        await self._line.ask("bootstrap", cluster, authority)

    async def check(self, cluster: Cluster, authority: Secret, milestone: Milestone) -> None:
        """Return if *milestone* is reached."""
        await self._line.ask("check", cluster, authority, milestone)

    async def install_stack(self, cluster: Cluster, authority: Secret, credentials: ClusterCredentials) -> None:
        """Start the installer of the stack."""
        await self._line.ask("install_stack", cluster, authority, credentials)

    async def remove_node(self, cluster: Cluster, authority: Secret, asset_id: str) -> None:
        """Take the node out of its cluster."""
        await self._line.ask("remove_node", cluster, authority, asset_id)
