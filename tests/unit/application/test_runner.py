"""The runner: faults, crashes, batches and its manners while it waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from colony_core.application.runner import REST
from colony_core.domain.assets import AssetStatus
from colony_core.domain.clusters import ClusterType, Flavor
from colony_core.domain.workflows import RunStatus
from colony_core.ports.persistence import Store, StoreUnavailable, Transaction
from colony_simulator import (
    DiskMissing,
    FailsInstall,
    FailsWipe,
    Fault,
    ForgetsBootDevice,
    Garbling,
    IgnoresNetworkBoot,
    IgnoresPower,
    KeepsData,
    LiesAboutPower,
    NeverComesUp,
    NeverReports,
    RebootsInTheMiddle,
    Refusing,
    RenamesDisks,
    Silent,
    Slow,
)
from colony_testkit.crashes import Fuse, fused, fused_store, run_and_recover
from colony_testkit.lab import Beginning, Lab, broken_laws, building, discovering, provisioning, rebooting, wiping

# Faults of machines


@pytest.mark.parametrize(
    ("fault", "code", "message"),
    [
        (Silent(), "BMC_UNREACHABLE", "does not answer"),
        (Refusing(), "BMC_REFUSED", "refused"),
        (Garbling(), "BMC_PROTOCOL_ERROR", "nonsense"),
        (Slow(seconds=60), "BMC_UNREACHABLE", "did not answer within"),
        (IgnoresPower(), "NOT_CONFIRMED", "Power on was ordered, but the controller still reports off"),
        (LiesAboutPower(), "NOT_CONFIRMED", "Power off was ordered, but the controller still reports on"),
        (ForgetsBootDevice(), "NOT_CONFIRMED", "Boot device pxe was ordered, but the controller reports none"),
        (
            IgnoresNetworkBoot(),
            "BOOT_NOT_REQUESTED",
            "BMC accepted boot device pxe but the machine never asked for its boot script",
        ),
        (NeverReports(), "INVENTORY_NOT_SENT", "never sent its inventory"),
        (FailsInstall(), "MACHINE_REPORTED_FAILURE", "No space left on device"),
        (DiskMissing(), "DISK_MISSING", "discover it again"),
        (NeverComesUp(), "FIRST_BOOT_NOT_REPORTED", "never reported that it is up"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
async def test_a_fault_fails_an_installation_with_its_reason_and_leaves_the_machine_available(
    fault: Fault, code: str, message: str
) -> None:
    lab = Lab()
    await provisioning(lab)
    lab.rack.fault("asset-1", fault)

    await lab.run()

    asset, run = await lab.asset(), await lab.workflow()
    assert (run.status, asset.status, asset.held_by) == (RunStatus.FAILED, AssetStatus.AVAILABLE, None)
    assert run.error is not None
    assert run.error.code == code
    assert message in run.error.message
    assert asset.last_error is not None
    assert (asset.last_error.code, asset.last_error.message) == (run.error.code, run.error.message)
    assert await broken_laws(lab) == []


async def test_credentials_that_are_refused_are_never_tried_twice() -> None:
    lab = Lab()
    lab.rack.fault("asset-1", Refusing())
    await discovering(lab)

    await lab.run()

    contact = (await lab.workflow()).steps[0]
    assert (contact.attempt, contact.failures) == (1, 1)


@pytest.mark.parametrize("fault", [Silent(), IgnoresNetworkBoot(), NeverReports()], ids=repr)
async def test_a_machine_whose_discovery_failed_stays_discovering(fault: Fault) -> None:
    lab = Lab()
    lab.rack.fault("asset-1", fault)
    await discovering(lab)

    await lab.run()

    asset = await lab.asset()
    assert (asset.status, asset.held_by) == (AssetStatus.DISCOVERING, None)
    assert asset.last_error is not None
    assert (await lab.workflow()).status is RunStatus.FAILED


@pytest.mark.parametrize("fault", [Silent(), FailsWipe(), KeepsData(), NeverReports()], ids=repr)
async def test_a_machine_whose_wipe_failed_is_not_available(fault: Fault) -> None:
    lab = Lab()
    await wiping(lab)
    lab.rack.fault("asset-1", fault)

    await lab.run()

    asset = await lab.asset()
    assert (asset.status, asset.held_by) == (AssetStatus.PROVISIONED, None)
    assert asset.last_error is not None


@pytest.mark.parametrize(
    "fault",
    [Silent(), Slow(seconds=60), Garbling(), IgnoresPower(), ForgetsBootDevice(), LiesAboutPower()],
    ids=lambda fault: type(fault).__name__,
)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_controller_that_recovers_costs_time_and_nothing_else(fault: Fault, times: int) -> None:
    lab = Lab()
    await provisioning(lab)
    lab.rack.fault("asset-1", fault, times=times)

    await lab.run()

    assert (await lab.asset()).status is AssetStatus.PROVISIONED
    assert await broken_laws(lab) == []


@pytest.mark.parametrize(
    "fault",
    [IgnoresNetworkBoot(), NeverReports(), FailsInstall(), NeverComesUp(), RebootsInTheMiddle(), RenamesDisks()],
    ids=lambda fault: type(fault).__name__,
)
async def test_a_machine_that_stumbles_once_is_installed_in_the_end(fault: Fault) -> None:
    lab = Lab()
    await provisioning(lab)
    lab.rack.fault("asset-1", fault, times=1)

    await lab.run()

    assert (await lab.asset()).status is AssetStatus.PROVISIONED


async def test_a_machine_that_stumbles_at_every_stage_is_still_installed() -> None:
    lab = Lab()
    await provisioning(lab)
    for fault in (IgnoresNetworkBoot(), NeverReports(), FailsInstall(), NeverComesUp()):
        lab.rack.fault("asset-1", fault, times=1)
    lab.rack.fault("asset-1", Silent(), times=3)

    await lab.run()

    assert (await lab.asset()).status is AssetStatus.PROVISIONED


# The end of the process


async def outcome(lab: Lab) -> tuple[object, ...]:
    """Return what the world looks like in the end, without its times."""
    assets, runs, clusters = await lab.assets(), await lab.workflows(), await lab.clusters()
    disks = [
        (machine.name, machine.power, installed and (installed.template, installed.hostname))
        for machine in lab.rack.machines
        for installed in [machine.installation]
    ]
    return (
        sorted((asset.id, asset.status, asset.held_by, asset.cluster_id) for asset in assets.values()),
        sorted((run.id, run.status, run.error) for run in runs.values()),
        sorted((cluster.id, cluster.status, [node.status for node in cluster.nodes]) for cluster in clusters.values()),
        disks,
        await broken_laws(lab),
    )


async def lives(begin: Beginning, *, machines: int, at: int | None = None) -> tuple[int, tuple[object, ...]]:
    """Return how many moments a life has in which the process ends at moment number *at*, and how it ends."""
    lab, fuse = Lab(machines), Fuse(at)
    await begin(lab)
    fused(lab, fuse)
    await run_and_recover(lab, fuse)
    return fuse.moments, await outcome(lab)


@pytest.mark.parametrize("begin", [discovering, provisioning, wiping, rebooting], ids=lambda begin: begin.__name__)
async def test_the_end_of_the_process_at_any_moment_changes_nothing_in_the_end(begin: Beginning) -> None:
    moments, expected = await lives(begin, machines=1)

    for at in range(1, moments + 1):
        assert (await lives(begin, machines=1, at=at))[1] == expected, f"after moment {at} of {moments}"


async def test_the_end_of_the_process_while_a_cluster_is_built_changes_nothing_in_the_end() -> None:
    build = building(ClusterType.K8S_STACK, Flavor.TALOS)
    moments, expected = await lives(build, machines=2)

    for at in range(1, moments + 1, 2):
        assert (await lives(build, machines=2, at=at))[1] == expected, f"after moment {at} of {moments}"


async def test_a_wait_goes_on_over_the_end_of_the_process_with_the_deadline_that_it_had() -> None:
    lab = Lab()
    await provisioning(lab)
    before = await lab.run_to("workflow-1", "await-install")

    lab.open()
    await lab.colony.runner.recover()

    assert await lab.workflow() == before


# Manners


async def test_one_run_that_cannot_be_taken_further_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(2)
    await lab.enrol()
    bad = await lab.colony.assets.reboot("asset-1", boot_device=None)
    good = await lab.colony.assets.reboot("asset-2", boot_device=None)
    await _spoil(lab, bad.id)

    await lab.run(until=lab.clock.now() + timedelta(seconds=1))

    assert (await lab.workflow(bad.id)).status is RunStatus.PENDING
    assert (await lab.workflow(good.id)).status is RunStatus.RUNNING


async def _spoil(lab: Lab, run_id: str) -> None:
    """Let the workflow name a plan that this release does not know."""
    async with lab.store.transaction() as tx:
        tx.runs.put(replace(await tx.runs.get(run_id), plan="unknown"))


async def test_a_run_that_rests_is_waited_for_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    await lab.enrol()
    run = await lab.colony.assets.reboot("asset-1", boot_device=None)
    await _spoil(lab, run.id)
    looks = 0
    look_for_due = lab.colony.runner.next_due

    async def counted() -> object:
        nonlocal looks
        looks += 1
        return await look_for_due()

    monkeypatch.setattr(lab.colony.runner, "next_due", counted)

    running = asyncio.create_task(lab.colony.runner.run())
    for _ in range(200):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert looks <= 2, f"it waits for {REST}, and does not look again and again"


async def test_the_runner_works_while_it_runs_and_stops_when_it_is_told_to() -> None:
    lab = Lab()
    running = asyncio.create_task(lab.colony.runner.run())
    await lab.enrol()
    await lab.colony.assets.reboot("asset-1", boot_device=None)
    for _ in range(300):
        await asyncio.sleep(0)
        lab.clock.advance(timedelta(seconds=1))
        await lab.rack.run_due()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await lab.workflow()).status is RunStatus.COMPLETED


async def test_an_action_that_breaks_fails_its_attempt_and_tells_nobody_its_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lab = Lab()
    await discovering(lab)

    class Broken:
        def controller(self, access: object) -> object:
            raise KeyError("simulated bug")

    monkeypatch.setattr(lab, "hardware", Broken())
    lab.open()
    await lab.run()

    run = await lab.workflow()
    assert run.error is not None
    assert run.error.code == "INTERNAL_ERROR"
    assert run.error.message == "The action contact broke (KeyError)"


async def test_many_runs_are_taken_further_in_a_few_transactions() -> None:
    few, many = [await commits_to_reboot(machines) for machines in (1, 20)]

    assert many <= few + 20


async def commits_to_reboot(machines: int) -> int:
    """Return how many transactions it takes to restart so many machines at one moment."""
    lab, fuse = Lab(machines), Fuse()
    await lab.enrol()
    for number in range(1, machines + 1):
        await lab.colony.assets.reboot(f"asset-{number}", boot_device=None)
    lab.store = fused_store(lab.store, fuse)
    lab.open()
    await lab.colony.runner.settle()
    return fuse.moments


class Away:
    """A store whose first transactions find it out of reach."""

    def __init__(self, inner: Store, *, times: int) -> None:
        self._inner = inner
        self.left = times

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.left:
            self.left -= 1
            raise StoreUnavailable("The database is out of reach")
        async with self._inner.transaction() as tx:
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_a_worker_that_starts_while_the_store_is_away_waits_for_it() -> None:
    lab = Lab()
    await discovering(lab)
    lab.store = away = cast("Any", Away(lab.store, times=3))
    lab.open()
    running = asyncio.create_task(lab.colony.runner.run())
    for _ in range(4):
        for _ in range(50):
            await asyncio.sleep(0)
        lab.clock.advance(REST)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert away.left == 0
    assert (await lab.workflow()).status is RunStatus.RUNNING
