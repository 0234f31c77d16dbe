"""A whole colony over a simulated rack, in memory and on a virtual clock: hours of work in milliseconds."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from colony_core.application.colony import Colony, Policy, Ports
from colony_core.domain.assets import Asset
from colony_core.domain.cluster_plans import GROW, SHRINK
from colony_core.domain.clusters import Cluster, ClusterCredentials, ClusterSpec, ClusterType, Flavor
from colony_core.domain.hardware import BootDevice, Protocol
from colony_core.domain.machine_plans import ASSET_DISCOVERY, ASSET_REBOOT, BMC_ROTATION, DISK_WIPE, OS_PROVISION
from colony_core.domain.orders import WipeMethod
from colony_core.domain.plans import cluster_plan
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.rate_limits import ADMITTED, Verdict, Window
from colony_core.domain.recordings import Recording
from colony_core.domain.registration import Registration
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import ClusterRequest, Growth, NodeRequest
from colony_core.domain.workflows import Run
from colony_core.ports.dispatch import Dispatcher
from colony_core.ports.hardware import Hardware
from colony_core.ports.persistence import AssetFilter, Paging, RunFilter, Store
from colony_core.ports.platform import Platform
from colony_simulator import SimulatedRack, Simulation, VirtualClock
from colony_testkit.builders import CLUSTER_KINDS
from colony_testkit.caretaker import Caretaker
from colony_testkit.memory_store import MemoryStore
from colony_testkit.service_laws import broken_at

EVERYTHING = Paging(limit=1000)

CREDENTIALS = ClusterCredentials(
    gitlab_token=Secret("glpat-planted"),
    image_pull_secret=Secret("planted-pull-secret"),
    civo_api_token=Secret("planted-token"),
)


Beginning = Callable[["Lab"], Awaitable[str]]


class OpaqueAuthorities:
    """Authorities that sign nothing: each is a word of its own."""

    def create(self, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return an authority."""
        return Secret(f"authority of {spec.name} since {now.isoformat()}")

    def kubeconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return something that only this authority gives."""
        return Secret(f"kubeconfig of {spec.api_url} by {authority.reveal()}")

    def talosconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return something that only this authority gives."""
        return Secret(f"talosconfig of {spec.name} by {authority.reveal()}")


class CountedChance:
    """Chance that is the same every time."""

    def __init__(self) -> None:
        self._asked = 0

    def token(self, length: int) -> str:
        """Return the next *length* digits."""
        self._asked += 1
        return hashlib.sha512(str(self._asked).encode()).hexdigest()[:length]


class NoLimits:
    """A limiter that lets everybody in."""

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        """Admit the request."""
        return ADMITTED


class Lab:
    """A rack of *machines*, like those of *recordings* if there are some, and a colony over it.

    `open` starts a colony, and starts another one over the same store and rack after the first has gone. Nothing
    happens until `run` lets time pass.
    """

    def __init__(
        self,
        machines: int = 1,
        *,
        recordings: Sequence[Recording] = (),
        seed: int = 1,
        store: Store | None = None,
        policy: Policy = Policy(),
    ) -> None:
        self.clock = VirtualClock()
        self.rack = (
            SimulatedRack.of_recordings(recordings, count=machines, seed=seed, clock=self.clock)
            if recordings
            else SimulatedRack.of(machines, seed=seed, clock=self.clock)
        )
        for machine in self.rack.machines:
            machine.password = Secret("planted-password")
        self.store: Store = store or MemoryStore()
        self.hardware: Hardware = self.rack.hardware
        self.platform: Platform = self.rack.platform
        self.chance = CountedChance()
        self.dispatcher: Dispatcher | None = None
        self.policy = policy
        self.colony = self.open()
        self.caretaker: Caretaker | None = None

    def with_caretaker(self) -> "Lab":
        """Let somebody be there who does by hand what is asked for, and return the lab."""
        self.caretaker = Caretaker(
            lambda: self.rack, clock=self.clock, runner=lambda: self.colony.runner, tasks=lambda: self.colony.tasks
        )
        return self

    def open(self) -> Colony:
        """Start a colony over everything that is there, and let it answer the rack's network."""
        ports = Ports(
            store=self.store,
            hardware=self.hardware,
            platform=self.platform,
            authorities=OpaqueAuthorities(),
            rate_limiter=NoLimits(),
            clock=self.clock,
            wall=self.clock,
            chance=self.chance,
            dispatcher=self.dispatcher,
        )
        self.colony = Colony(ports, policy=self.policy)
        self.rack.connect(self.colony.netboot)
        return self.colony

    def registration(self, number: int) -> Registration:
        """Return how machine *number* of the rack is registered."""
        machine = self.rack.machine(f"asset-{number}")
        return Registration(
            id=machine.name,
            hostname=machine.hostname,
            address=machine.bmc.address,
            protocol=machine.bmc.protocol,
            username=machine.bmc.username,
            password=machine.password,
        )

    async def enrol(self) -> tuple[Asset, ...]:
        """Take every machine on, available at once."""
        machines = self.rack.machines
        known = [(self.registration(place), machine.inventory) for place, machine in enumerate(machines, 1)]
        return await self.colony.assets.enrol(known)

    async def run(self, *, until: datetime | None = None, when: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until nothing is left to happen, or *until* then, or *when* it is so."""
        await Simulation(runner=self.caretaker or self.colony.runner, rack=self.rack, clock=self.clock).run(
            until, when=when
        )

    async def run_for(self, time: timedelta) -> None:
        """Let so much time pass."""
        await self.run(until=self.clock.now() + time)

    async def run_to(self, run_id: str, step: str) -> Run:
        """Let time pass until the workflow has begun *step*, or has ended; return it."""
        while True:
            run = await self.workflow(run_id)
            if run.ended or any(state.name == step and state.attempt for state in run.steps):
                return run
            due = await self.next_moment()
            assert due is not None, f"{step} of {run_id} is never reached"
            await self.run(until=max(due, self.clock.now()))

    async def next_moment(self) -> datetime | None:
        """Return when something happens next."""
        moments = (self.rack.next_event(), await (self.caretaker or self.colony.runner).next_due())
        return min((moment for moment in moments if moment is not None), default=None)

    async def asset(self, asset_id: str = "asset-1") -> Asset:
        """Return a machine as Colony knows it."""
        return await self.colony.assets.get(asset_id)

    async def workflow(self, run_id: str = "workflow-1") -> Run:
        """Return a workflow."""
        return await self.colony.workflows.get(run_id)

    async def assets(self) -> dict[str, Asset]:
        """Return every machine that Colony knows."""
        page = await self.colony.assets.page(EVERYTHING, AssetFilter())
        return {asset.id: asset for asset in page.items}

    async def workflows(self) -> dict[str, Run]:
        """Return every workflow there ever was."""
        return {run.id: run for run in (await self.colony.workflows.page(EVERYTHING, RunFilter())).items}

    async def clusters(self) -> dict[str, Cluster]:
        """Return every living cluster."""
        return {cluster.id: cluster for cluster in (await self.colony.clusters.page(EVERYTHING)).items}


async def discovering(lab: Lab) -> str:
    """Begin to discover a machine that was just registered."""
    return str((await lab.colony.assets.register(lab.registration(1))).held_by)


async def provisioning(lab: Lab) -> str:
    """Begin to install a single machine."""
    await lab.enrol()
    return (await lab.colony.assets.provision("asset-1", ProvisionRequest())).id


async def wiping(lab: Lab) -> str:
    """Begin to erase a machine that was installed before."""
    await provisioning(lab)
    await lab.run()
    return (await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)).id


async def rebooting(lab: Lab) -> str:
    """Begin to restart a machine, from the network."""
    await lab.enrol()
    return (await lab.colony.assets.reboot("asset-1", boot_device=BootDevice.DISK)).id


async def rotating(lab: Lab) -> str:
    """Begin to change the password of a machine's controller."""
    await lab.enrol()
    return (await lab.colony.assets.rotate("asset-1")).id


def building(kind: ClusterType, flavor: Flavor) -> Beginning:
    """Return what begins to build a cluster of two machines."""

    async def begin(lab: Lab) -> str:
        await lab.enrol()
        request = a_cluster_request(kind=kind, flavor=flavor, control_planes=(1,), workers=(2,))
        return str((await lab.colony.clusters.create(request)).workflow_id)

    return begin


async def growing(lab: Lab) -> str:
    """Begin to add a third machine to a cluster of two."""
    await building(ClusterType.K8S_STACK, Flavor.TALOS)(lab)
    await lab.run()
    return (await lab.colony.clusters.grow("cluster-1", Growth(workers=(a_node(3),)))).id


async def shrinking(lab: Lab) -> str:
    """Begin to take the worker out of a cluster of two."""
    await building(ClusterType.K8S_STACK, Flavor.TALOS)(lab)
    await lab.run()
    return (await lab.colony.clusters.shrink("cluster-1", "asset-2")).id


async def _by_hand(lab: Lab) -> str:
    """Register the first machine without its controller, let its discovery begin, and return the workflow's id."""
    machine = lab.with_caretaker().rack.machine("asset-1")
    asset = await lab.colony.assets.register(
        Registration(id=machine.name, address="", protocol=Protocol.MANUAL, macs=(machine.mac,))
    )
    return str(asset.held_by)


async def provisioning_by_hand(lab: Lab) -> str:
    """Begin to install a machine without a controller."""
    await _by_hand(lab)
    await lab.run()
    return (await lab.colony.assets.provision("asset-1", ProvisionRequest())).id


async def wiping_by_hand(lab: Lab) -> str:
    """Begin to erase a machine without a controller."""
    await provisioning_by_hand(lab)
    await lab.run()
    return (await lab.colony.assets.wipe("asset-1", method=WipeMethod.ZERO)).id


async def rebooting_by_hand(lab: Lab) -> str:
    """Begin to restart a machine without a controller."""
    await _by_hand(lab)
    await lab.run()
    return (await lab.colony.assets.reboot("asset-1", boot_device=BootDevice.DISK)).id


BY_HAND: dict[str, Beginning] = {
    f"{ASSET_DISCOVERY.key}/manual": _by_hand,
    f"{OS_PROVISION.key}/manual": provisioning_by_hand,
    f"{DISK_WIPE.key}/manual": wiping_by_hand,
    f"{ASSET_REBOOT.key}/manual": rebooting_by_hand,
}
"""How a workflow of each manual plan begins, with somebody there who does what is asked for."""

BEGINNINGS: dict[str, Beginning] = {
    ASSET_DISCOVERY.key: discovering,
    OS_PROVISION.key: provisioning,
    DISK_WIPE.key: wiping,
    ASSET_REBOOT.key: rebooting,
    BMC_ROTATION.key: rotating,
    **{cluster_plan(kind, flavor).key: building(kind, flavor) for kind, flavor in CLUSTER_KINDS},
    GROW.key: growing,
    SHRINK.key: shrinking,
}
"""How a workflow of each plan begins, in a lab of three machines; each answers with the workflow's id."""


def a_cluster_request(
    *, kind: str = "k8s_stack", flavor: str = "talos", control_planes: Sequence[int] = (1,), workers: Sequence[int] = ()
) -> ClusterRequest:
    """Return a request of a cluster on these machines of the rack."""
    return ClusterRequest(
        name="dev",
        type=kind,
        flavor=flavor,
        gateway="192.168.1.1",
        control_planes=tuple(map(a_node, control_planes)),
        workers=tuple(map(a_node, workers)),
        vip="192.168.1.100" if len(control_planes) > 1 else None,
        credentials=CREDENTIALS if kind == "civo_stack" else None,
        region="PHX1" if kind == "civo_stack" else None,
    )


def a_node(number: int) -> NodeRequest:
    """Return machine *number* as a node."""
    return NodeRequest(asset_id=f"asset-{number}", ip=f"192.168.1.{100 + number}", subnet="24")


async def broken_laws(lab: Lab) -> list[str]:
    """Return, in words, every law of the whole that does not hold in *lab* now."""
    return broken_at(await lab.assets(), await lab.workflows(), await lab.clusters())
