"""The end of the process after every single write and every effect, in every plan: the world ends up the same.

A moment is the commit of a transaction, the answer of a controller or a platform, or that a person has pressed and has
not yet said so. To end right before one is the same as to end right after the one before: what is not committed is
gone, and what is not called does not happen.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest

from colony_core.domain.orders import Shrink
from colony_core.domain.plans import plan_of
from colony_core.domain.steps import Action, Ask, Chore, Perform
from colony_core.domain.workflows import RunStatus
from colony_core.errors import Conflict, NotFound, Unavailable
from colony_core.ports.netboot import Netboot
from colony_crypto.sealing import Sealer
from colony_simulator import (
    FailsInstall,
    FailsWipe,
    Fault,
    NeverReports,
    RackFile,
    Silent,
    SimulatedRack,
    Simulation,
)
from colony_simulator.activities import AwaitingPowerOff, Hung
from colony_simulator.machines import Machine
from colony_store.sqlite import SqliteStore
from colony_testkit.crashes import Fuse, ProcessEnded, fused
from colony_testkit.lab import BEGINNINGS, BY_HAND, Lab, broken_laws

STRIDE = 1 if os.environ.get("COLONY_TEST_MOMENTS") == "all" else 7
"""Of how many moments one is tried: of every one by `make test-crash`, of some on every run."""

Deed = Callable[[Lab, str], Awaitable[object]]
"""What a person does with a workflow once it has come so far. Done again after a crash, it must not matter."""

FAULTS: Mapping[str, tuple[str, Fault]] = {
    "asset-discovery": ("asset-1", NeverReports()),
    "os-provision": ("asset-1", FailsInstall()),
    "disk-wipe": ("asset-1", FailsWipe()),
    "asset-reboot": ("asset-1", Silent()),
    "bmc-rotation": ("asset-1", Silent()),
    "cluster-provision/k8s_stack/talos": ("asset-2", FailsInstall()),
    "cluster-provision/k8s_stack/k3s": ("asset-2", FailsInstall()),
    "cluster-provision/civo_stack/talos": ("asset-2", FailsInstall()),
    "cluster-scale/grow": ("asset-3", FailsInstall()),
    "cluster-scale/shrink": ("asset-2", Silent()),
    "asset-discovery/manual": ("asset-1", NeverReports()),
    "os-provision/manual": ("asset-1", FailsInstall()),
    "disk-wipe/manual": ("asset-1", FailsWipe()),
}
"""What fails a workflow of each plan, on which machine; a restart by hand fails when nobody comes."""

ALL = BEGINNINGS | BY_HAND

HALFWAY: Mapping[str, str] = {
    "asset-discovery": "await-inventory",
    "os-provision": "await-install",
    "disk-wipe": "await-wipe",
    "asset-reboot": "restart",
    "bmc-rotation": "change-password",
    "cluster-provision/k8s_stack/talos": "install-nodes",
    "cluster-provision/k8s_stack/k3s": "install-nodes",
    "cluster-provision/civo_stack/talos": "check-stack",
    "cluster-scale/grow": "install-nodes",
    "cluster-scale/shrink": "remove-node",
    "asset-discovery/manual": "await-inventory",
    "os-provision/manual": "await-install",
    "disk-wipe/manual": "await-wipe",
    "asset-reboot/manual": "restart",
}
"""A step in the middle of each plan."""


@dataclass(frozen=True)
class Story:
    """A workflow of *plan*, what goes wrong with its machine (for so many *times*), and what people do about it."""

    plan: str
    ends: frozenset[RunStatus]
    times: int | None = 0
    deed: Deed | None = None

    @property
    def exact(self) -> bool:
        """Tell whether it has one end: a deed may come before or after a step, as the crash moves them in time."""
        return self.deed in (None, retry)


async def retry(lab: Lab, run_id: str) -> None:
    """Wait for the end, mend what was broken, and try again."""
    await lab.run()
    for machine in lab.rack.machines:
        lab.rack.mend(machine.name)
    if lab.caretaker is not None:
        lab.caretaker.away = False
    if not any(run.retry_of == run_id for run in (await lab.workflows()).values()):
        await lab.colony.workflows.retry(run_id)


async def cancel(lab: Lab, run_id: str) -> None:
    """Stop it in the middle."""
    run = await lab.workflow(run_id)
    await lab.run_to(run_id, HALFWAY[run.plan])
    with suppress(Conflict):
        await lab.colony.workflows.cancel(run_id)


async def force(lab: Lab, run_id: str) -> None:
    """Delete in the middle what it works on: the machine, or the cluster."""
    run = await lab.workflow(run_id)
    await lab.run_to(run_id, HALFWAY[run.plan])
    with suppress(NotFound):
        if run.asset_id is None:
            await lab.colony.clusters.delete(str(run.cluster_id), force=True)
        else:
            await lab.colony.assets.forget(run.asset_id, force=True)


COMPLETED, FAILED = frozenset({RunStatus.COMPLETED}), frozenset({RunStatus.FAILED})
STOPPED = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})


def stories() -> dict[str, Story]:
    """Return every story of every plan, by name."""
    told: dict[str, Story] = {}
    for plan in ALL:
        told[plan] = Story(plan, COMPLETED)
        if plan in FAULTS:  # nobody comes once is that nobody comes
            told[f"{plan} stumbles"] = Story(plan, COMPLETED, times=1)
        told[f"{plan} fails"] = Story(plan, FAILED, times=None)
        told[f"{plan} is retried"] = Story(plan, COMPLETED | FAILED, times=None, deed=retry)
        told[f"{plan} is cancelled"] = Story(plan, STOPPED, deed=cancel)
        told[f"{plan} is forced"] = Story(plan, STOPPED, deed=force)
    return told


STORIES = stories()
PLAIN = {name: story for name, story in STORIES.items() if name in ALL}


def break_what_it_needs(lab: Lab, story: Story) -> None:
    """Let go wrong what fails the plan of *story*."""
    if story.plan in FAULTS:
        machine, fault = FAULTS[story.plan]
        lab.rack.fault(machine, fault, times=story.times)
    elif lab.caretaker is not None:
        lab.caretaker.away = True


class Life:
    """A story that is lived once, with the end of the process at moment number *at*, if it is given."""

    def __init__(self, story: Story, lab: Lab, *, at: int | None) -> None:
        self.story = story
        self.lab = lab
        self.fuse = Fuse(at)
        self.run_id = ""
        self.recovered = False

    async def live(self, *, meanwhile: Callable[[Lab], Awaitable[object]] | None = None) -> "Life":
        """Live it; *meanwhile* happens between the end of the process and the start of the next."""
        lab = self.lab
        self.run_id = await ALL[self.story.plan](lab)
        if self.story.times != 0:
            break_what_it_needs(lab, self.story)
        fused(lab, self.fuse)
        with suppress(ProcessEnded):
            await self._act()
        if self.fuse.blown:
            await end_of_process()
            lab.rack.connect(cast("Netboot", Nobody()))
            if meanwhile is not None:
                await meanwhile(lab)
            lab.open()
            await lab.colony.runner.recover()
            self.recovered = True
            await self._act()
        return self

    async def _act(self) -> None:
        if self.story.deed is not None:
            await self.story.deed(self.lab, self.run_id)
        await self.lab.run(when=lambda: self.fuse.blown and not self.recovered)

    async def ending(self) -> list[object]:
        """Return what the world looks like in the end, without its times."""
        lab = self.lab
        assets, runs, clusters = await lab.assets(), await lab.workflows(), await lab.clusters()
        return [
            sorted((one.id, one.status, one.held_by, one.cluster_id, _code(one.last_error)) for one in assets.values()),
            [(one.id, one.type, one.asset_id, one.status, _code(one.error)) for one in runs.values()],
            [[(step.name, step.status, step.kept) for step in run.steps] for run in runs.values()],
            [(one.id, one.status, one.nodes, one.held_by, one.spec, _code(one.error)) for one in clusters.values()],
            [(machine.name, _at_last(machine), list(map(_contents, machine.disks))) for machine in lab.rack.machines],
        ]


def _code(fault: Any) -> str | None:
    return None if fault is None else fault.code


def _at_last(machine: Machine) -> object:
    """Return what *machine* does in the end; an agent that nobody switches off is idle, or was told that all is over.

    The second is that of a workflow that ended by the agent's last report, the answer to which was lost. A controller
    cuts its power all the same; a machine without one stays on until somebody needs it (docs/adr/0024).
    """
    return AwaitingPowerOff() if machine.activity == Hung("the agent was refused") else machine.activity


def _contents(disk: Any) -> object:
    system = disk.installation
    return disk.extents, system and (system.template, system.hostname, system.network, system.left, bool(system.etcd))


class Nobody:
    """The netboot of a service that is not there."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def unheard(*_: object, **__: object) -> object:
            raise Unavailable("Nobody answers")

        return unheard


async def end_of_process() -> None:
    """Stop every task but this one."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


# What was done


TOLD: Mapping[Action, str] = {
    Action.POWER_OFF: "told power off",
    Action.POWER_OFF_REMOVED: "told power off",
    Action.POWER_ON: "told power on",
    Action.RESTART: "told restart",
    Action.BOOT_FROM_NETWORK: "told boot device pxe",
    Action.BOOT_FROM_DISK: "told boot device disk",
    Action.SET_ASKED_BOOT_DEVICE: "told boot device disk",
    Action.CHANGE_PASSWORD: "told a new password",
}
"""What a controller is told by each action, in the words of the rack's history."""

PRESSED: Mapping[Chore, tuple[str, ...]] = {
    Chore.START_FROM_NETWORK: ("told boot device pxe", "told restart"),
    Chore.START_FROM_DISK: ("told boot device disk", "told restart"),
    Chore.RESTART: ("told boot device disk", "told restart"),
}
"""What a person does for each chore, in the same words: the simulated machines have no other buttons."""

ONCE = ("installed ", "erased ", "founded ", "started the stack", "left its cluster", "asked for its boot script")
"""How the history tells what happens as often as without a crash: nothing of it is an effect that is in flight."""


def orders(lab: Lab) -> dict[str, list[str]]:
    """Return what each controller was told, in order; the same told twice in a row counts once."""
    told: dict[str, list[str]] = {machine.name: [] for machine in lab.rack.machines}
    for happening in lab.rack.history:
        if happening.event.startswith("told"):
            told[happening.machine].append(happening.event)
    return {machine: [event for event, _ in groupby(events)] for machine, events in told.items()}


def deeds(lab: Lab) -> Counter[tuple[str, str]]:
    """Return how often each machine did what a repeated effect must not make it do again."""
    return Counter((each.machine, each.event) for each in lab.rack.history if each.event.startswith(ONCE))


def told_by(do: object) -> tuple[str, ...]:
    """Return what a machine is told in one attempt of a step that does this."""
    match do:
        case Perform(action) if action in TOLD:
            return (TOLD[action],)
        case Ask(chore):
            return PRESSED[chore]
    return ()


async def outside_their_plans(lab: Lab) -> list[str]:
    """Return, in words, what controllers were told more often than steps were begun that tell it."""
    runs = (await lab.workflows()).values()
    allowed = Counter[tuple[str, str]]()
    for run in runs:
        for step in run.steps:
            do = plan_of(run).step(step.name).do
            machine = run.order.asset_id if isinstance(run.order, Shrink) else str(run.asset_id)
            allowed.update({(machine, what): step.attempt for what in told_by(do)})
    told = Counter((each.machine, each.event) for each in lab.rack.history if each.event.startswith("told"))
    return [f"{what} {told[what]} times, begun {allowed[what]} times" for what in told if told[what] > allowed[what]]


async def more_than_allowed(lab: Lab) -> list[str]:
    """Return, in words, which steps failed or were interrupted more often than their plans allow after one crash."""
    return [
        f"{run.id} {step.name}: {step.failures} failures, {step.interruptions} interruptions"
        for run in (await lab.workflows()).values()
        for step in run.steps
        if step.failures > plan_of(run).step(step.name).tries or step.interruptions > 1
    ]


async def laws(life: Life) -> list[str]:
    """Return every law that does not hold in the end."""
    lab = life.lab
    runs, assets = await lab.workflows(), await lab.assets()
    broken = await broken_laws(lab) + await outside_their_plans(lab) + await more_than_allowed(lab)
    broken += [f"{run.id} never ends" for run in runs.values() if not run.ended]
    broken += [f"{asset.id} is held" for asset in assets.values() if asset.held_by]
    if runs[life.run_id].status not in life.story.ends:
        broken.append(f"{life.run_id} is {runs[life.run_id].status}")
    return broken


# The tests


async def lived(story: Story, *, at: int | None, **more: Any) -> Life:
    """Return a life that was lived in memory."""
    return await Life(story, Lab(3), at=at).live(**more)


async def same_rack_from_its_file(lab: Lab, file: RackFile) -> None:
    """Put another rack in the place of that of *lab*: what its file holds."""
    assert file.state is not None
    lab.rack = SimulatedRack.of_state(file.state, clock=lab.clock)
    lab.rack.keep_in(file)
    lab.hardware, lab.platform = lab.rack.hardware, lab.rack.platform


async def three_minutes(lab: Lab) -> None:
    """Let the machines live on while nobody answers them."""
    await Simulation(rack=lab.rack, clock=lab.clock).run(lab.clock.now() + timedelta(minutes=3))


def moments(count: int, *, stride: int = STRIDE) -> range:
    """Return the moments of a life that are tried."""
    return range(1, count + 1, stride)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_the_end_of_the_process_at_any_moment_changes_nothing_in_the_end(story: Story) -> None:
    undisturbed = await lived(story, at=None)
    expected, told, done = await undisturbed.ending(), orders(undisturbed.lab), deeds(undisturbed.lab)
    assert await laws(undisturbed) == []

    for at in moments(undisturbed.fuse.moments):
        life = await lived(story, at=at)

        where = f"after moment {at} of {undisturbed.fuse.moments}"
        assert await laws(life) == [], where
        if story.exact:
            assert await life.ending() == expected, where
            assert orders(life.lab) == told, where
            assert deeds(life.lab) == done, where


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", PLAIN.values(), ids=PLAIN)
async def test_machines_that_lived_on_for_minutes_while_nobody_answered_end_up_the_same(story: Story) -> None:
    undisturbed = await lived(story, at=None)
    expected = await undisturbed.ending()

    for at in moments(undisturbed.fuse.moments, stride=3 * STRIDE):
        life = await lived(story, at=at, meanwhile=three_minutes)

        where = f"after moment {at} of {undisturbed.fuse.moments}"
        assert await laws(life) == [], where
        assert await life.ending() == expected, where


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", PLAIN.values(), ids=PLAIN)
async def test_a_rack_that_ends_with_the_process_goes_on_from_its_file(story: Story, tmp_path: Path) -> None:
    undisturbed = await lived(story, at=None)
    expected = await undisturbed.ending()

    for at in moments(undisturbed.fuse.moments, stride=3 * STRIDE):
        with closing(RackFile(tmp_path / f"{at}.rack")) as file:
            life = Life(story, Lab(3), at=at)
            life.lab.rack.keep_in(file)
            await life.live(meanwhile=lambda lab: same_rack_from_its_file(lab, file))

            where = f"after moment {at} of {undisturbed.fuse.moments}"
            assert await broken_laws(life.lab) == [], where
            assert await life.ending() == expected, where


@pytest.mark.timeout(600)
@pytest.mark.parametrize("story", PLAIN.values(), ids=PLAIN)
async def test_on_disk_too_the_end_of_the_process_changes_nothing_in_the_end(story: Story, tmp_path: Path) -> None:
    undisturbed = await lived(story, at=None)
    expected = await undisturbed.ending()

    for at in moments(undisturbed.fuse.moments, stride=29):
        store = await SqliteStore.open(tmp_path / f"{at}.db", sealer=Sealer(bytes(32)), synchronous="off")
        try:
            life = await Life(story, Lab(3, store=store), at=at).live()

            where = f"after moment {at} of {undisturbed.fuse.moments}"
            assert await laws(life) == [], where
            assert await life.ending() == expected, where
        finally:
            await store.aclose()
