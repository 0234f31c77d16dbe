"""A rack in memory, with its own state, clock and faults.

    from colony_simulator import SimulatedRack

    rack = SimulatedRack.of(5, seed=1)
    rack.connect(netboot)

`rack.hardware` and `rack.platform` are the ports of the core; a `Simulation` or `rack.live()` lets time pass. With
`shared(rack, socket)` other processes use it too, each by its `RemoteRack`.
"""

from colony_simulator.clock import VirtualClock
from colony_simulator.disks import Extent, Installation, SimulatedDisk
from colony_simulator.faults import (
    Busy,
    Chances,
    DiskMissing,
    FailsInstall,
    FailsWipe,
    Fault,
    Flapping,
    ForgetsBootDevice,
    ForgetsPassword,
    Garbling,
    IgnoresNetworkBoot,
    IgnoresPower,
    KeepsData,
    LiesAboutPower,
    LosesAnswer,
    NeverComesUp,
    NeverRegisters,
    NeverReports,
    RebootsInTheMiddle,
    RefusesPassword,
    Refusing,
    RenamesDisks,
    Silent,
    Slow,
)
from colony_simulator.machines import Machine, reference_machine
from colony_simulator.platforms import BootstrappedTwice
from colony_simulator.rack import SimulatedRack
from colony_simulator.rack_file import RackFile
from colony_simulator.rack_line import RackSilent
from colony_simulator.remote import RemoteRack
from colony_simulator.room import Happening
from colony_simulator.sharing import RackTaken, shared
from colony_simulator.simulation import Runner, Simulation, Stalled
from colony_simulator.snapshots import SnapshotInvalid
from colony_simulator.timings import Image, Span, Timings

__all__ = [
    "BootstrappedTwice",
    "Busy",
    "Chances",
    "DiskMissing",
    "Extent",
    "FailsInstall",
    "FailsWipe",
    "Fault",
    "Flapping",
    "ForgetsBootDevice",
    "ForgetsPassword",
    "Garbling",
    "Happening",
    "IgnoresNetworkBoot",
    "IgnoresPower",
    "Image",
    "Installation",
    "KeepsData",
    "LiesAboutPower",
    "LosesAnswer",
    "Machine",
    "NeverComesUp",
    "NeverRegisters",
    "NeverReports",
    "RackFile",
    "RackSilent",
    "RackTaken",
    "RebootsInTheMiddle",
    "RefusesPassword",
    "Refusing",
    "RemoteRack",
    "RenamesDisks",
    "Runner",
    "Silent",
    "SimulatedDisk",
    "SimulatedRack",
    "Simulation",
    "Slow",
    "SnapshotInvalid",
    "Span",
    "Stalled",
    "Timings",
    "VirtualClock",
    "reference_machine",
    "shared",
]
