"""An operator for tests: brings machines of a simulated rack through what workflows do, by hand and step by step."""

from datetime import timedelta

from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.orders import DiskIdentity, Install, StaticNetwork, Wipe, WipeMethod
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, Controller
from colony_core.ports.netboot import Job
from colony_simulator import Machine, SimulatedRack, Simulation, VirtualClock
from colony_testkit.scripted_netboot import ScriptedNetboot


class RackOperator:
    """Holds a rack, its clock and a scripted netboot, and plays the part of the core."""

    def __init__(self, rack: SimulatedRack, *, clock: VirtualClock) -> None:
        self.rack = rack
        self.clock = clock
        self.netboot = ScriptedNetboot()
        self.simulation = Simulation(rack=rack, clock=clock)
        rack.connect(self.netboot)

    def controller(self, machine: Machine, *, password: Secret | None = None) -> Controller:
        """Return the controller of *machine*, reached with its own password or another."""
        return self.rack.hardware.controller(Access(machine.bmc, password or machine.password))

    async def wait(self, seconds: float) -> None:
        """Let *seconds* pass."""
        await self.simulation.run(self.clock.now() + timedelta(seconds=seconds))

    async def settle(self) -> None:
        """Let time pass until nothing is left to happen."""
        await self.simulation.run()

    async def start(self, machine: Machine, device: BootDevice) -> None:
        """Start *machine* anew, this once from *device*, and wait until it does nothing more by itself."""
        controller = self.controller(machine)
        await controller.set_power(Power.OFF)
        await self.wait(10)
        await controller.set_boot_device(device)
        await controller.set_power(Power.ON)
        await self.settle()

    async def give(self, machine: Machine, job: Job) -> None:
        """Have *machine* boot the agent and do *job*."""
        self.netboot.jobs[machine.mac] = job
        await self.start(machine, BootDevice.PXE)

    async def install(self, machine: Machine, job: Install) -> None:
        """Have *machine* install, and start what it installed."""
        await self.give(machine, job)
        await self.start(machine, BootDevice.DISK)


def an_install(machine: Machine, *, template: str = "ubuntu-jammy", disk: int = 0, ip: str | None = None) -> Install:
    """Return the order to install *template* on one disk of *machine*."""
    return Install(
        template=template,
        disk=DiskIdentity.of(machine.inventory.disks[disk]),
        hostname=machine.hostname,
        network=None if ip is None else StaticNetwork(ip=ip, prefix=24, gateway="192.168.1.1"),
    )


def a_wipe(machine: Machine, *disks: int, method: WipeMethod = WipeMethod.ZERO) -> Wipe:
    """Return the order to erase the numbered *disks* of *machine*: the first if none is named."""
    wanted = disks or (0,)
    return Wipe(method=method, disks=tuple(DiskIdentity.of(machine.inventory.disks[place]) for place in wanted))
