"""Whether the machines are large enough: below the floor nothing runs, below the documented minimum it runs badly."""

from collections.abc import Iterator

from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.disks import DiskNotResolved, resolve_disk
from colony_core.domain.hardware import GB, Disk, Inventory
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.platforms import CIVO_PRODUCTION, FLOORS, MEMORY_SLACK, MINIMA, Size
from colony_core.domain.topology.wording import counted, joined
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

_FLOOR = "{path} names a machine with {observed}; this role needs {expected}"
_ADVICE = "{path} names a machine with {observed}; the documentation asks for {expected}"

CORES_FLOOR = Rule(
    id="hardware.cores.floor",
    severity=Severity.ERROR,
    summary="A machine has the cores that its platform cannot run without.",
    reason="Talos and k3s start with fewer, and then time out.",
    hint="Use a larger machine.",
    sentence=_FLOOR,
)
MEMORY_FLOOR = Rule(
    id="hardware.memory.floor",
    severity=Severity.ERROR,
    summary="A machine has the memory that its platform cannot run without.",
    reason="Talos refuses to boot with less, and k3s is killed.",
    hint="Use a larger machine.",
    sentence=_FLOOR,
)
CORES_MINIMUM = Rule(
    id="hardware.cores.minimum",
    severity=Severity.WARNING,
    summary="A machine has the cores that the documentation asks for.",
    reason="With fewer the node works, but has little left for workloads.",
    hint="Use a larger machine.",
    sentence=_ADVICE,
)
MEMORY_MINIMUM = Rule(
    id="hardware.memory.minimum",
    severity=Severity.WARNING,
    summary="A machine has the memory that the documentation asks for, less 5 %.",
    reason="With less the node works, but evicts workloads early. Firmware takes a part, hence the 5 %.",
    hint="Use a larger machine.",
    sentence=_ADVICE,
)
DISK_MINIMUM = Rule(
    id="hardware.disk.minimum",
    severity=Severity.WARNING,
    summary="The chosen disk has the size that the documentation asks for.",
    reason="Images and logs fill a smaller one, and a full disk evicts workloads.",
    hint="Choose a larger disk, or use another machine.",
    sentence=_ADVICE,
)
CIVO_SIZE = Rule(
    id="hardware.below_civo_production",
    severity=Severity.WARNING,
    summary="A machine of a civo_stack has 24 cores, 32 GB of memory and a disk of 1 TB.",
    reason="That is what the documentation asks for in production, as the stack itself takes a good part.",
    hint="Use larger machines before the cluster carries anything that matters.",
    sentence=_ADVICE,
)
HARDWARE_RULES = (CORES_FLOOR, MEMORY_FLOOR, CORES_MINIMUM, MEMORY_MINIMUM, DISK_MINIMUM, CIVO_SIZE)


def check_hardware(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield what each machine lacks for its role, and why no disk can be chosen."""
    for node, asset in world.assets_of(draft.newcomers):
        if asset.inventory is not None and draft.flavor is not None:
            yield from _check_size(node, asset.inventory, flavor=draft.flavor)
            yield from _check_disk(draft, node, asset.inventory)


def _check_size(node: DraftNode, inventory: Inventory, *, flavor: Flavor) -> Iterator[Finding]:
    floor, minimum, path = FLOORS[flavor, node.role], MINIMA[flavor, node.role], f"{node.path}.assetId"
    cores, memory = _cores(inventory.cores), _memory(inventory.memory_gib)
    if inventory.cores < floor.cores:
        yield CORES_FLOOR.broken(path, observed=cores, expected=f"at least {_cores(floor.cores)}")
    elif inventory.cores < minimum.cores:
        yield CORES_MINIMUM.broken(path, observed=cores, expected=f"at least {_cores(minimum.cores)}")
    if _too_little(inventory, floor):
        yield MEMORY_FLOOR.broken(path, observed=memory, expected=f"at least {_memory(floor.memory_gib)}")
    elif _too_little(inventory, minimum):
        yield MEMORY_MINIMUM.broken(path, observed=memory, expected=f"at least {_memory(minimum.memory_gib)}")


def _check_disk(draft: Draft, node: DraftNode, inventory: Inventory) -> Iterator[Finding]:
    path = f"{node.path}.diskDevice"
    if path in draft.unread or draft.flavor is None:
        return
    key = (draft.flavor, node.role)
    try:
        disk = resolve_disk(inventory, node.disk_device, minimum_bytes=FLOORS[key].disk_bytes, path=path)
    except DiskNotResolved as refused:
        yield refused.finding
        return
    minimum = MINIMA[key].disk_bytes
    if disk.size_bytes < minimum:
        observed, expected = f"{_disk(disk.size_bytes)} at {disk.name}", f"at least {_disk(minimum)}"
        yield DISK_MINIMUM.broken(path, observed=observed, expected=expected)
    if draft.type is ClusterType.CIVO_STACK:
        yield from _check_production(node, inventory, disk=disk)


def _check_production(node: DraftNode, inventory: Inventory, *, disk: Disk) -> Iterator[Finding]:
    wanted = CIVO_PRODUCTION
    short = [
        (inventory.cores < wanted.cores, _cores(inventory.cores), _cores(wanted.cores)),
        (_too_little(inventory, wanted), _memory(inventory.memory_gib), _memory(wanted.memory_gib)),
        (disk.size_bytes < wanted.disk_bytes, _disk(disk.size_bytes), _disk(wanted.disk_bytes)),
    ]
    lacking = [(has, needs) for lacks, has, needs in short if lacks]
    if lacking:
        observed, expected = joined([has for has, _ in lacking]), joined([needs for _, needs in lacking])
        yield CIVO_SIZE.broken(f"{node.path}.assetId", observed=observed, expected=f"{expected} in production")


def _too_little(inventory: Inventory, size: Size) -> bool:
    return inventory.memory_gib < size.memory_gib * (1 - MEMORY_SLACK)


def _cores(number: int) -> str:
    return counted(number, "core")


def _memory(gib: float) -> str:
    return f"{gib:.3g} GiB of memory"


def _disk(size_bytes: int) -> str:
    return f"a disk of {size_bytes / GB:.4g} GB"
