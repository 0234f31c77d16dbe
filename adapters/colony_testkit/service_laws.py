"""The laws of the whole service, each a function that says in words what does not hold.

`broken_at` judges one picture, `broken_between` what happened from one picture to a later one. Both give sentences for
people: an empty list is a service that keeps its word.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec.structs import replace

from colony_core.application.upkeep import ENDED
from colony_core.domain.assets import LIFECYCLE, Asset, AssetStatus, maintenance_at
from colony_core.domain.clusters import Cluster, ClusterStatus, NodeStatus
from colony_core.domain.events import Entry, EventType
from colony_core.domain.histories import Journal
from colony_core.domain.orders import Install, Shrink, Wipe
from colony_core.domain.plans import plan_of
from colony_core.domain.replaying import replay
from colony_core.domain.steps import WorkflowType
from colony_core.domain.workflows import Run, RunStatus
from colony_simulator import SimulatedRack
from colony_testkit.pictures import Picture, disks_of, named_by

AT_WORK = (AssetStatus.PROVISIONING, AssetStatus.DEPROVISIONING)
STEPS = frozenset((before, after) for (before, _), after in LIFECYCLE.items())
"""From which status a machine may come into which, in one move."""


ENDS: Mapping[tuple[WorkflowType, RunStatus], AssetStatus] = {
    (WorkflowType.ASSET_DISCOVERY, RunStatus.COMPLETED): AssetStatus.AVAILABLE,
    (WorkflowType.OS_PROVISION, RunStatus.COMPLETED): AssetStatus.PROVISIONED,
    (WorkflowType.OS_PROVISION, RunStatus.FAILED): AssetStatus.AVAILABLE,
    (WorkflowType.OS_PROVISION, RunStatus.CANCELLED): AssetStatus.AVAILABLE,
    (WorkflowType.DISK_WIPE, RunStatus.COMPLETED): AssetStatus.AVAILABLE,
    (WorkflowType.DISK_WIPE, RunStatus.FAILED): AssetStatus.PROVISIONED,
    (WorkflowType.DISK_WIPE, RunStatus.CANCELLED): AssetStatus.PROVISIONED,
}
"""What the contract makes of a machine at the end of its work, written down again: no table vouches for itself."""


def broken_at(assets: Mapping[str, Asset], runs: Mapping[str, Run], clusters: Mapping[str, Cluster]) -> list[str]:
    """Return, in words, every law that does not hold among what a store shows at one moment."""
    broken = [words for asset in assets.values() for words in _broken_on(asset, runs, clusters)]
    broken += [words for cluster in clusters.values() for words in _broken_by(cluster, assets, runs)]
    return broken + [words for run in runs.values() for words in _broken_in(run, assets, clusters)]


def _broken_on(asset: Asset, runs: Mapping[str, Run], clusters: Mapping[str, Cluster]) -> Iterator[str]:
    holder = runs.get(asset.held_by or "")
    if asset.held_by is not None and (holder is None or holder.ended):
        yield f"{asset.id} is held by {asset.held_by}, which is over"
    if asset.status in AT_WORK and asset.held_by is None:
        yield f"{asset.id} is {asset.status} and nobody works on it"
    if asset.cluster_id is not None and asset.cluster_id not in clusters:
        yield f"{asset.id} is in {asset.cluster_id}, which is gone"
    if asset.cluster_id is not None and asset.status is AssetStatus.AVAILABLE:
        yield f"{asset.id} is available in {asset.cluster_id}"


def _broken_by(cluster: Cluster, assets: Mapping[str, Asset], runs: Mapping[str, Run]) -> Iterator[str]:
    holder = runs.get(cluster.held_by or "")
    if cluster.held_by is not None and (holder is None or holder.ended):
        yield f"{cluster.id} is held by {cluster.held_by}, which is over"
    known = {node.asset_id for node in cluster.nodes}
    if known != {node.asset_id for node in cluster.spec.nodes}:
        yield f"{cluster.id} has other nodes than its spec"
    members = {asset.id for asset in assets.values() if asset.cluster_id == cluster.id}
    if not members <= known:
        yield f"{cluster.id} does not know {sorted(members - known)}"
    # The node of a machine that was forgotten by force is in the cluster still, and failed.
    lost = {node.asset_id for node in cluster.nodes if node.status is NodeStatus.READY} - members
    if cluster.status is ClusterStatus.READY and cluster.held_by is None and lost:
        yield f"{cluster.id} is ready without {sorted(lost)}"


def _broken_in(run: Run, assets: Mapping[str, Asset], clusters: Mapping[str, Cluster]) -> Iterator[str]:
    if not run.ended:
        yield from _broken_hold(run, assets, clusters)
    for state in run.steps:
        step = plan_of(run).step(state.name)
        if state.failures > step.tries or state.interruptions > step.interruptions:
            yield f"{run.id} tried {state.name} more often than its plan allows"


def _broken_hold(run: Run, assets: Mapping[str, Asset], clusters: Mapping[str, Cluster]) -> Iterator[str]:
    """What a living run works on is held by it, unless that was forgotten by force."""
    asset = assets.get(run.order.asset_id if isinstance(run.order, Shrink) else run.asset_id or "")
    registered_since = asset is not None and asset.created_at >= run.created_at
    if asset is not None and asset.held_by != run.id and not registered_since:
        yield f"{run.id} works on {asset.id}, which is held by {asset.held_by}"
    cluster = clusters.get(run.cluster_id or "") if run.asset_id is None else None
    if cluster is not None and cluster.held_by != run.id:
        yield f"{run.id} works on {cluster.id}, which is held by {cluster.held_by}"


def broken_between(before: Picture, after: Picture, rack: SimulatedRack) -> list[str]:
    """Return, in words, every law that what happened between the two pictures does not keep."""
    laws = (_time, _events, _lifecycle, _ends, _maintenance, _runs_kept, _only_named_disks)
    broken = [words for law in laws for words in law(before, after)]
    return [*broken, *_done_as_told(before, after, rack), *_nothing_loose(after, rack)]


def at_rest(picture: Picture) -> list[str]:
    """Return, in words, whatever is still held, alive or in between."""
    held = [f"{asset.id} is held by {asset.held_by}" for asset in picture.assets.values() if asset.held_by]
    held += [f"{cluster.id} is held by {cluster.held_by}" for cluster in picture.clusters.values() if cluster.held_by]
    alive = [f"{run.id} ({run.type}) is {run.status}" for run in picture.living]
    between = [f"{asset.id} is {asset.status}" for asset in picture.assets.values() if asset.status in AT_WORK]
    building = ClusterStatus.PROVISIONING
    return held + alive + between + [f"{c.id} is {c.status}" for c in picture.clusters.values() if c.status is building]


def _time(before: Picture, after: Picture) -> Iterator[str]:
    if after.at < before.at:
        yield "Time went backwards"


def _events(before: Picture, after: Picture) -> Iterator[str]:
    """Events are in order and without gap."""
    seqs = [entry.seq for entry in after.entries]
    if seqs != list(range(before.seq + 1, after.seq + 1)):
        yield f"The events after {before.seq} are {seqs}, and the last is {after.seq}"
    for first, second in pairwise(after.entries):
        if second.at < first.at:
            yield f"Event {second.seq} is older than event {first.seq}"


def _lifecycle(before: Picture, after: Picture) -> Iterator[str]:
    """Every status is reached by the table, and the journal tells of every one."""
    told: dict[str, list[Entry]] = {}
    for entry in after.entries:
        if entry.type is EventType.ASSET and entry.asset_id is not None:
            told.setdefault(entry.asset_id, []).append(entry)
    for asset in after.assets.values():
        known = before.assets.get(asset.id)
        if known is not None and known.created_at == asset.created_at:
            begin, since = known.status, before.at
        else:
            begin, since = AssetStatus.DISCOVERING, asset.created_at
        entries = [entry for entry in told.get(asset.id, []) if entry.at >= since]
        yield from _walk(asset, begin, entries)


def _walk(asset: Asset, begin: AssetStatus, entries: Sequence[Entry]) -> Iterator[str]:
    walk = [begin, *(AssetStatus(str(entry.status)) for entry in entries)]
    for step in pairwise(walk):
        if step not in STEPS:
            yield f"{asset.id} went from {step[0]} to {step[1]}, which no move of the lifecycle does"
    if walk[-1] is not asset.status:
        yield f"{asset.id} is {asset.status}, but its events say {walk[-1]}"


def _maintenance(before: Picture, after: Picture) -> Iterator[str]:
    """Maintenance ends by itself, and the journal tells of its beginning and its end."""
    told = {entry.asset_id: entry.status for entry in after.entries if entry.type is EventType.MAINTENANCE}
    for asset in after.assets.values():
        maintenance = asset.maintenance
        if maintenance is not None and maintenance_at(asset, after.at) is None:
            yield f"{asset.id} is in maintenance, which was to end at {maintenance.until}"
        known = before.assets.get(asset.id)
        if known is None or known.created_at != asset.created_at:
            continue
        if asset.id in told and (told[asset.id] == ENDED) != (maintenance is None):
            yield f"The last event says that the maintenance of {asset.id} is {told[asset.id]}, and it is not"
        if asset.id not in told and maintenance != known.maintenance:
            yield f"The maintenance of {asset.id} is another one now, and no event tells of it"


def _ends(before: Picture, after: Picture) -> Iterator[str]:
    """Work that has ended leaves its machine as the contract says: above all, a failed wipe makes none available."""
    told = {(entry.asset_id, entry.at, entry.status) for entry in after.entries if entry.type is EventType.ASSET}
    for run in newly_ended(before, after):
        status, asset = ENDS.get((run.type, run.status)), after.assets.get(run.asset_id or "")
        if status is None or asset is None or asset.created_at >= run.created_at:
            continue
        if (asset.id, run.finished_at, status) not in told:
            yield f"{run.id} ({run.type}) is {run.status}, and {asset.id} was not {status} after it"


def newly_ended(before: Picture, after: Picture) -> list[Run]:
    """Return the runs that came to their end between the two pictures."""
    ended = {run.id for run in before.runs.values() if run.ended}
    return [run for run in after.runs.values() if run.ended and run.id not in ended]


_FIXED: tuple[Callable[[Run], object], ...] = (
    lambda run: (run.type, run.plan, run.plan_version, run.order),
    lambda run: (run.asset_id, run.cluster_id, run.parent_id, run.retry_of, run.created_at),
)


def _runs_kept(before: Picture, after: Picture) -> Iterator[str]:
    """No run is lost; none changes its order; one that has ended stays as it ended."""
    for old in before.runs.values():
        new = after.runs.get(old.id)
        if new is None:
            yield f"{old.id} is lost"
        elif old.revision == new.revision and old != new:
            yield f"{old.id} changed without being stored"
        elif any(fixed(old) != fixed(new) for fixed in _FIXED):
            yield f"{old.id} has become another run"
        else:
            yield from _goes_on(old, new)


def _goes_on(old: Run, new: Run) -> Iterator[str]:
    settled = replace(old, ticket=None, revision=0) == replace(new, ticket=None, revision=0)
    if old.ended and not settled:
        yield f"{old.id} had ended ({old.status}) and changed"
    if old.cancel_requested and not new.cancel_requested:
        yield f"{old.id} has forgotten that it was cancelled"
    attempts = {state.name: state.attempt for state in new.steps}
    if any(state.attempt > attempts.get(state.name, 0) for state in old.steps):
        yield f"{old.id} counts its attempts anew"


def _nothing_loose(after: Picture, rack: SimulatedRack) -> Iterator[str]:
    """No byte is ever written to a removable medium."""
    for serial, disk in disks_of(rack).items():
        if disk.identity.removable and after.touched.get(serial):
            yield f"The removable medium {serial} was written to"


def _only_named_disks(before: Picture, after: Picture) -> Iterator[str]:
    """No machine gets a job for a disk, and no byte is written to one, that no plan named which was at work since.

    What a machine had in hand already, it may finish when its plan has ended meanwhile: where the controller is silent
    or lies, or the machine was forgotten by force, nobody could stop it before it speaks again.
    """
    ended = {run.id for run in before.runs.values() if run.ended}
    named = {disk.serial for run in after.runs.values() if run.id not in ended for disk in named_by(run)}
    for serial in sorted(after.in_hand - before.in_hand - named):
        yield f"A machine has a job for the disk {serial}, and no workflow at work names it"
    for serial, times in after.touched.items():
        if times > before.touched.get(serial, 0) and serial not in named | before.in_hand:
            yield f"The disk {serial} was written to, and no workflow at work names it"


def told_secrets(after: Picture, rack: SimulatedRack) -> list[str]:
    """Return, in words, every event that tells a password of a controller."""
    passwords = {machine.password.reveal() for machine in rack.machines}
    return [
        f"Event {entry.seq} tells the password of a controller"
        for entry in after.entries
        if any(password in entry.message for password in passwords)
    ]


def gone_astray(journal: Journal) -> list[str]:
    """Return, in words, where a workflow that is run again from its journal goes another way than it went."""
    return [
        f"{found.run_id} replayed has {found.field} {found.replayed} instead of {found.recorded}"
        for found in replay(journal).differences
    ]


def _done_as_told(before: Picture, after: Picture, rack: SimulatedRack) -> Iterator[str]:
    """What ended as completed left on the disk what it was told to."""
    disks = disks_of(rack)
    for run in newly_ended(before, after):
        if run.status is not RunStatus.COMPLETED:
            continue
        match run.order:
            case Install(disk=disk, template=template, hostname=hostname):
                found = disks[disk.serial].installation
                if found is None or (found.template, found.hostname) != (template, hostname):
                    yield f"{run.id} is completed, but {disk.serial} does not hold {template} of {hostname}"
            case Wipe(disks=wiped, method=method):
                left = [disk.serial for disk in wiped if not disks[disk.serial].is_erased(method)]
                if left:
                    yield f"{run.id} is completed, but {left} still hold something"
