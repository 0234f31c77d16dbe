"""Takes a run one event further, with all that follows inside the same transaction."""

from datetime import datetime

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetNotFound, AssetStatus
from colony_core.domain.building import new_run
from colony_core.domain.clusters import ClusterNotFound
from colony_core.domain.deciding import decide
from colony_core.domain.decisions import (
    Act,
    CancelAsked,
    CancelChildren,
    ChildEnded,
    ChildStarted,
    Decision,
    Event,
    Finish,
    Level,
    Spawn,
    Succeeded,
)
from colony_core.domain.events import Entry, EventType
from colony_core.domain.histories import Began, Change, Happening, changed, standing, without_ticket
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.orders import Build, Grow, Shrink
from colony_core.domain.outcomes import asset_after, cluster_after, member_after
from colony_core.domain.plans import plan_of, suited
from colony_core.domain.workflows import Run, RunStatus
from colony_core.ports.persistence import Transaction


async def advance(tx: Transaction, run: Run, event: Event, *, now: datetime) -> tuple[Act, ...]:
    """Decide about *event*, store the run, and draw the consequences; return what is left to perform.

    The acts are for whoever woke the run, once the transaction has committed.
    """
    decision = _decided(tx, run, event, now=now)
    if decision is None:
        return ()
    tx.runs.put(decision.run)
    _tell(tx, run, decision, now)
    acts: tuple[Act, ...] = ()
    for effect in decision.effects:
        match effect:
            case Act():
                acts += (effect,)
            case Spawn():
                acts += await _spawn(tx, decision.run, now=now)
            case CancelChildren(run_ids):
                for child in (await tx.runs.get_many(run_ids)).values():
                    await advance(tx, child, CancelAsked(), now=now)
            case Finish():
                acts += await _finish(tx, decision.run, now=now)
    return acts


def start(tx: Transaction, run: Run, *, now: datetime) -> None:
    """Store a new *run*, and that it began."""
    tx.runs.add(run)
    tx.histories.write(run.id, Happening(now, Began(without_ticket(run)), standing(run)))
    tx.journal.write(_told(run, now))


def befall(tx: Transaction, run: Run, change: Change, *, now: datetime) -> Run:
    """Store *run* after what happened to it beside its plan, and return it."""
    after = changed(run, change, now=now)
    tx.runs.put(after)
    tx.histories.write(run.id, Happening(now, change, standing(after)))
    return after


def _decided(tx: Transaction, run: Run, event: Event, *, now: datetime) -> Decision | None:
    """Decide about *event*, and write it into the history of *run*; None when it changes nothing."""
    decision = decide(plan_of(run), run, event, now=now)
    if decision.run == run and not decision.effects:
        return None
    tx.histories.write(run.id, Happening(now, event, standing(decision.run, decision.effects)))
    return decision


async def _spawn(tx: Transaction, run: Run, *, now: datetime) -> tuple[Act, ...]:
    """Make one child run for every machine of the order that is not installed yet."""
    assert isinstance(run.order, Build | Grow)
    assets = await tx.assets.get_many(tuple(run.order.installs))
    waiting = [
        asset for asset in assets.values() if asset.held_by == run.id and asset.status is AssetStatus.PROVISIONING
    ]
    for asset in waiting:
        child = new_run(
            suited(OS_PROVISION, asset.bmc.protocol),
            run.order.installs[asset.id],
            run_id=await tx.next_id("workflow"),
            asset_id=asset.id,
            cluster_id=run.cluster_id,
            parent_id=run.id,
            now=now,
            patience=run.patience,
        )
        start(tx, child, now=now)
        tx.assets.put(replace(asset, held_by=child.id, updated_at=now))
        decision = _decided(tx, run, ChildStarted(child.id, asset.id), now=now)
        run = decision.run if decision else run
    tx.runs.put(run)
    if waiting:
        return ()
    state = run.steps[run.position]
    return await advance(tx, run, Succeeded(state.name, state.attempt), now=now)


def _told(run: Run, now: datetime) -> Entry:
    """Return the journal's entry that *run* exists."""
    return Entry(
        at=now,
        type=EventType.WORKFLOW,
        message=f"Workflow {run.type} created",
        run_id=run.id,
        asset_id=run.asset_id,
        cluster_id=run.cluster_id,
        status=run.status,
    )


async def _finish(tx: Transaction, run: Run, *, now: datetime) -> tuple[Act, ...]:
    """Free what the run held, and tell its parent."""
    if run.asset_id is not None:
        await _free_asset(tx, run, now=now)
    elif run.cluster_id is not None:
        await _free_cluster(tx, run, now=now)
    if run.parent_id is None:
        return ()
    parent = await tx.runs.get(run.parent_id)
    return await advance(tx, parent, ChildEnded(run.id, run.status), now=now)


async def _free_asset(tx: Transaction, run: Run, *, now: datetime) -> None:
    try:
        asset = await tx.assets.get(str(run.asset_id))
    except AssetNotFound:
        return
    if asset.held_by == run.id:
        put_asset(tx, asset, asset_after(asset, run, now=now), now=now)


async def _free_cluster(tx: Transaction, run: Run, *, now: datetime) -> None:
    # By the order, not by the cluster: a cluster that is deleted by force has let go of machines that are still held.
    assets = list((await tx.assets.get_many(_machines(run))).values())
    freed = [member_after(asset, run, now=now) if asset.held_by == run.id else asset for asset in assets]
    for before, after in zip(assets, freed, strict=True):
        if after is not before:
            put_asset(tx, before, after, now=now)
    try:
        cluster = await tx.clusters.get(str(run.cluster_id))
    except ClusterNotFound:
        return
    if cluster.held_by != run.id:
        return
    members = frozenset(asset.id for asset in freed if asset.cluster_id == cluster.id)
    after_run = cluster_after(cluster, run, members, now=now)
    tx.clusters.put(after_run)
    tx.journal.write(
        Entry(
            at=now,
            type=EventType.CLUSTER,
            level=Level.INFO if run.status is RunStatus.COMPLETED else Level.ERROR,
            message=f"Cluster {cluster.spec.name} is {after_run.status}",
            cluster_id=cluster.id,
            run_id=run.id,
            status=after_run.status,
        )
    )


def _machines(run: Run) -> tuple[str, ...]:
    """Return the machines that a cluster's *run* may hold."""
    match run.order:
        case Build(installs=installs) | Grow(installs=installs):
            return tuple(installs)
        case Shrink(asset_id=asset_id):
            return (asset_id,)
    return ()


def put_asset(tx: Transaction, before: Asset, after: Asset, *, now: datetime) -> None:
    """Store *after*, and tell the journal if the status changed."""
    tx.assets.put(after)
    if before.status is after.status:
        return
    tx.journal.write(
        Entry(
            at=now,
            type=EventType.ASSET,
            message=f"Asset {after.id} is {after.status}",
            asset_id=after.id,
            cluster_id=after.cluster_id or before.cluster_id,
            run_id=after.held_by or before.held_by,
            status=after.status,
        )
    )


def _tell(tx: Transaction, before: Run, decision: Decision, now: datetime) -> None:
    """Write what happened to the journal: the notes, and the run's new status if it has one."""
    run = decision.run
    for note in decision.notes:
        about = EventType.STEP if note.step else EventType.WORKFLOW
        step = next((state for state in run.steps if state.name == note.step), None)
        tx.journal.write(
            Entry(
                at=now,
                type=about,
                level=note.level,
                message=note.message,
                run_id=run.id,
                asset_id=run.asset_id,
                cluster_id=run.cluster_id,
                step=note.step,
                status=step.status if step else run.status,
            )
        )
    if before.status is not run.status and not run.ended:
        tx.journal.write(replace(_told(run, now), message=f"Workflow {run.status}"))
