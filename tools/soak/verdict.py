"""What must be true in the end: read from the database, from the rack's own memory, and from what clients were told."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from colony_core import Asset, Cluster, Colony, Paging, Run
from colony_core.domain.assets import AssetStatus
from colony_core.domain.orders import Shrink
from colony_core.domain.plans import plan_of
from colony_core.domain.steps import Action, Perform
from colony_core.domain.workflows import RunStatus
from colony_core.ports.persistence import EntryFilter, Page
from colony_simulator import Happening, RemoteRack
from colony_testkit.service_laws import broken_at
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings
from soak.crew import Crew
from soak.customers import Customers

T = TypeVar("T")

TOLD: Mapping[Action, str] = {
    Action.POWER_OFF: "told power off",
    Action.POWER_OFF_REMOVED: "told power off",
    Action.POWER_ON: "told power on",
    Action.RESTART: "told restart",
    Action.BOOT_FROM_NETWORK: "told boot device pxe",
    Action.BOOT_FROM_DISK: "told boot device disk",
}
"""What a controller is told by each action, in the words of the rack's history."""


class World(Struct, frozen=True, kw_only=True):
    """Everything at one moment: what the database shows, and what happened to the machines."""

    assets: Mapping[str, Asset]
    runs: Mapping[str, Run]
    clusters: Mapping[str, Cluster]
    happened: tuple[Happening, ...]
    events: tuple[int, ...]


@asynccontextmanager
async def inside(crew: Crew) -> AsyncIterator[Colony]:
    """Open the database beside everybody."""
    async with opened(Settings(database_url=crew.url, secret_key_file=crew.key_file)) as colony:
        yield colony


async def world(crew: Crew) -> World:
    """Return the world as it is now."""
    async with inside(crew) as colony:
        assets = {one.id: one for one in await _all(colony.assets.page)}
        runs = {one.id: one for one in await _all(colony.workflows.page)}
        clusters = {one.id: one for one in await _all(colony.clusters.page)}
        events = await _events(colony)
    rack = await RemoteRack.open(crew.socket)
    happened = tuple(await rack.history())
    await rack.aclose()
    return World(assets=assets, runs=runs, clusters=clusters, happened=happened, events=events)


async def _events(colony: Colony) -> tuple[int, ...]:
    seqs: list[int] = []
    while True:
        async with colony.ports.store.reading() as look:
            entries = await look.journal.after(seqs[-1] if seqs else 0, 1000, EntryFilter())
        if not entries:
            return tuple(seqs)
        seqs += [entry.seq for entry in entries]


async def _all(look: Callable[[Paging], Awaitable[Page[T]]]) -> list[T]:
    found: list[T] = []
    paging = Paging(limit=1000)
    while True:
        page = await look(paging)
        found += page.items
        if page.next_cursor is None:
            return found
        paging = Paging(limit=1000, cursor=page.next_cursor)


def wrong_in(world: World, customers: Customers) -> list[str]:
    """Return, in words, everything that must not be."""
    return [
        *broken_at(world.assets, world.runs, world.clusters),
        *_at_work(world),
        *_beyond_their_plans(world),
        *_out_of_their_time(world),
        *_lost(world, customers),
    ]


def failed_in(world: World) -> list[str]:
    """Return, in words, which workflows did not get to their end; that is legal, and worth a look."""
    return [
        f"{run.id} ({run.type}, {run.asset_id or run.cluster_id}) {run.status}: {run.error and run.error.code}"
        for run in world.runs.values()
        if run.ended and run.status is not RunStatus.COMPLETED
    ]


def _at_work(world: World) -> Iterator[str]:
    resting = (AssetStatus.AVAILABLE, AssetStatus.PROVISIONED)
    yield from (f"{run.id} never ends" for run in world.runs.values() if not run.ended)
    for asset in world.assets.values():
        if asset.held_by:
            yield f"{asset.id} is held by {asset.held_by}"
        if asset.status not in resting:
            yield f"{asset.id} rests as {asset.status}"


def _effects(run: Run) -> Iterator[tuple[str, str, int]]:
    """Yield the machine, the words and the attempts of every step of *run* that tells a controller something."""
    for state in run.steps:
        do = plan_of(run).step(state.name).do
        if isinstance(do, Perform) and do.action in TOLD and not state.kept:
            machine = run.order.asset_id if isinstance(run.order, Shrink) else str(run.asset_id)
            yield machine, TOLD[do.action], state.attempt


def _beyond_their_plans(world: World) -> Iterator[str]:
    """Say what controllers were told more often than attempts were begun, and which plans were tried too often."""
    allowed = Counter[tuple[str, str]]()
    for run in world.runs.values():
        for machine, words, attempts in _effects(run):
            allowed[(machine, words)] += attempts
        for state in run.steps:
            step = plan_of(run).step(state.name)
            if state.failures > step.tries or state.interruptions > step.interruptions:
                yield f"{run.id} {state.name}: {state.failures} failures, {state.interruptions} interruptions"
    told = Counter((each.machine, each.event) for each in world.happened if each.event in TOLD.values())
    yield from (
        f"{what} {told[what]} times, begun {allowed[what]} times" for what in told if told[what] > allowed[what]
    )


def _out_of_their_time(world: World) -> Iterator[str]:
    """Say what controllers were told when no workflow was at work on the machine that may tell it."""
    times: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for run in world.runs.values():
        for machine, words, _ in _effects(run):
            if run.started_at and run.finished_at:
                times.setdefault((machine, words), []).append((run.started_at, run.finished_at))
    for each in world.happened:
        if each.event in TOLD.values() and not any(
            begin <= each.at <= end for begin, end in times.get((each.machine, each.event), ())
        ):
            yield f"{each.machine} was {each.event} at {each.at}, when nobody worked on it"


def _lost(world: World, customers: Customers) -> Iterator[str]:
    """Say which answers are not true, and what happened though nobody was told so: one workflow for each wish."""
    for token, answer in customers.acknowledged.items():
        run = world.runs.get(answer.get("workflowId") or answer.get("id", ""))
        if run is None:
            yield f"{token} was answered with {answer.get('id')}, which is not there"
    for token in customers.wishes.keys() - customers.acknowledged.keys():
        yield f"{token} was never answered"
    asked = Counter(wish.path for wish in customers.wishes.values())
    there = Counter[str]()
    for run in world.runs.values():
        if run.parent_id is None and run.retry_of is None:
            verb = {"os-provision": "provision", "disk-wipe": "wipe"}.get(run.type.value)
            there[f"/assets/{run.asset_id}/{verb}" if verb else "/clusters"] += 1
    for path in asked.keys() | there.keys():
        if asked[path] != there[path]:
            yield f"{path} was asked for {asked[path]} times and is there {there[path]} times"
