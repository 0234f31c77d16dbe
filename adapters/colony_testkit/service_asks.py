"""What people ask of a service, as values: each use case with small numbers, so that any of them can come at any time.

Numbers name machines (`1` is `asset-1`) or count through what exists: workflow 0 is the newest, and a number that is
too large begins anew. An ask for something that does not exist asks nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from colony_core import (
    Asset,
    AssetChanges,
    BootDevice,
    Cluster,
    Colony,
    Growth,
    NodeRequest,
    ProvisionRequest,
    Registration,
    Run,
    Secret,
    WipeMethod,
)
from colony_core.application.assets import Forgotten
from colony_core.domain.assets import Maintenance
from colony_core.domain.orders import Install
from colony_simulator import SimulatedRack
from colony_testkit.lab import a_cluster_request, a_node
from colony_testkit.pictures import Picture

ABSENT = 9
"""The number of a disk that no machine has."""

Answer = Asset | Run | Cluster | Forgotten | Secret | None


class Scene(Struct, frozen=True):
    """Where something is asked: the colony, the rack that it cares for, and what is known to exist."""

    colony: Colony
    rack: SimulatedRack
    picture: Picture


class Ask(Struct, frozen=True):
    """One use case and its arguments; `of` asks it, and answers what was answered."""

    async def of(self, scene: Scene) -> Answer:
        """Ask it of the colony in *scene*; raise what the colony refuses it with."""
        raise NotImplementedError

    def about(self, picture: Picture) -> str | None:
        """Return the id of what it is about; None while that does not exist, or has no id yet."""
        raise NotImplementedError

    def misread(self, scene: Scene, answer: Answer) -> list[str]:
        """Return, in words, how *answer* is a yes to something else than was asked."""
        return []


class OfMachine(Ask, frozen=True):
    """Something that is asked of one machine."""

    machine: int

    def about(self, picture: Picture) -> str | None:
        """Return the id of the asset."""
        return _asset(self.machine)


class _OfCluster(Ask, frozen=True):
    cluster: int

    def about(self, picture: Picture) -> str | None:
        """Return the id of the cluster."""
        return _pick(picture.clusters, self.cluster)


class _OfWorkflow(Ask, frozen=True):
    workflow: int

    def about(self, picture: Picture) -> str | None:
        """Return the id of the workflow."""
        return _pick(picture.runs, self.workflow)


class Register(Ask, frozen=True):
    """Register machine number `machine` under the id of asset number `name`: an id may come to mean another machine."""

    machine: int
    name: int

    def about(self, picture: Picture) -> str | None:
        """Return the id that the asset shall have."""
        return _asset(self.name)

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        registration = _registration(scene, self.machine, name=self.name)
        return await scene.colony.assets.register(registration)


class Discover(OfMachine, frozen=True):
    """Discover a machine again."""

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        return await scene.colony.assets.discover(_asset(self.machine))


class Provision(OfMachine, frozen=True):
    """Install a system on disk number `disk` of the machine, or on the only one that fits."""

    disk: int | None = None

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        request = ProvisionRequest(disk_device=_device(scene, self.machine, self.disk))
        return await scene.colony.assets.provision(_asset(self.machine), request)

    def misread(self, scene: Scene, answer: Answer) -> list[str]:
        """Return what is wrong if another disk is about to be written than was asked for."""
        asked = _device(scene, self.machine, self.disk)
        if asked is None or not isinstance(answer, Run) or not isinstance(answer.order, Install):
            return []
        named = answer.order.disk.serial
        return [] if named == asked else [f"{answer.id} was asked for the disk {asked}, and writes to {named}"]


class WipeDisks(OfMachine, frozen=True):
    """Erase every disk of a machine."""

    method: WipeMethod = WipeMethod.ZERO

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        return await scene.colony.assets.wipe(_asset(self.machine), method=self.method)


class Restart(OfMachine, frozen=True):
    """Reboot a machine."""

    device: BootDevice | None = None

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        return await scene.colony.assets.reboot(_asset(self.machine), boot_device=self.device)


class Maintain(OfMachine, frozen=True):
    """Put a machine into maintenance for so long (None: until it is lifted), or lift it (zero)."""

    lasts: timedelta | None = None

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        until = None if self.lasts is None else scene.rack.clock.now() + self.lasts
        maintenance = Maintenance(reason="a fan", by="somebody", until=until)
        changes = AssetChanges(maintenance=None if self.lasts == timedelta(0) else maintenance)
        return await scene.colony.assets.change(_asset(self.machine), changes)


class Forget(OfMachine, frozen=True):
    """Delete an asset."""

    force: bool = False

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        return await scene.colony.assets.forget(_asset(self.machine), force=self.force)


class Create(Ask, frozen=True):
    """Create a cluster of these machines, each on its disk number `disk`."""

    name: str
    kind: str
    flavor: str
    control_planes: tuple[int, ...]
    workers: tuple[int, ...] = ()
    disk: int | None = 0

    def about(self, picture: Picture) -> str | None:
        """Return None: the cluster is given its id."""
        return None

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        request = a_cluster_request(kind=self.kind, flavor=self.flavor)
        places = {
            "control_planes": _nodes(scene, self.control_planes, self.disk),
            "workers": _nodes(scene, self.workers, self.disk),
        }
        vip = f"192.168.1.{10 + len(self.name)}" if len(self.control_planes) > 1 else None
        return await scene.colony.clusters.create(replace(request, name=self.name, vip=vip, **places))


class Enlarge(_OfCluster, frozen=True):
    """Add machines to a cluster."""

    control_planes: tuple[int, ...] = ()
    workers: tuple[int, ...] = ()
    disk: int | None = 0

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        cluster = self.about(scene.picture)
        growth = Growth(
            control_planes=_nodes(scene, self.control_planes, self.disk),
            workers=_nodes(scene, self.workers, self.disk),
        )
        return None if cluster is None else await scene.colony.clusters.grow(cluster, growth)


class Remove(_OfCluster, frozen=True):
    """Take a machine out of a cluster."""

    machine: int

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        cluster = self.about(scene.picture)
        return None if cluster is None else await scene.colony.clusters.shrink(cluster, _asset(self.machine))


class Delete(_OfCluster, frozen=True):
    """Delete a cluster."""

    force: bool = False
    wipe: bool = False

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        cluster = self.about(scene.picture)
        if cluster is None:
            return None
        return await scene.colony.clusters.delete(cluster, force=self.force, wipe=self.wipe)


class Kubeconfig(_OfCluster, frozen=True):
    """Fetch the kubeconfig of a cluster."""

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        cluster = self.about(scene.picture)
        return None if cluster is None else await scene.colony.clusters.kubeconfig(cluster)


class Cancel(_OfWorkflow, frozen=True):
    """Cancel a workflow."""

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        workflow = self.about(scene.picture)
        return None if workflow is None else await scene.colony.workflows.cancel(workflow)


class Retry(_OfWorkflow, frozen=True):
    """Retry a workflow."""

    async def of(self, scene: Scene) -> Answer:
        """Ask it."""
        workflow = self.about(scene.picture)
        return None if workflow is None else await scene.colony.workflows.retry(workflow)


async def enrolled(scene: Scene, machines: Sequence[int]) -> tuple[Asset, ...]:
    """Take these machines on as they are known already, available at once."""
    known = [
        (_registration(scene, number, name=number), scene.rack.machines[number - 1].inventory) for number in machines
    ]
    return await scene.colony.assets.enrol(known)


def _registration(scene: Scene, machine: int, *, name: int) -> Registration:
    found = scene.rack.machines[machine - 1]
    return Registration(
        id=_asset(name),
        hostname=found.hostname,
        address=found.bmc.address,
        username=found.bmc.username,
        password=found.password,
    )


def _asset(number: int) -> str:
    return f"asset-{number}"


def _pick(things: Mapping[str, object], number: int) -> str | None:
    """Return the id of the *number*-th newest of *things*."""
    ids = list(things)
    return ids[-1 - number % len(ids)] if ids else None


def _device(scene: Scene, machine: int, disk: int | None) -> str | None:
    """Return the serial number of a disk as the machine's inventory has it."""
    asset = scene.picture.assets.get(_asset(machine))
    disks = asset.inventory.disks if asset is not None and asset.inventory is not None else ()
    if disk == ABSENT:
        return "NO-SUCH-DISK"
    return None if disk is None or not disks else disks[disk % len(disks)].serial


def _nodes(scene: Scene, machines: Sequence[int], disk: int | None) -> tuple[NodeRequest, ...]:
    return tuple(replace(a_node(number), disk_device=_device(scene, number, disk)) for number in machines)
