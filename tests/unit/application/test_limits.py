"""How much may happen at once: installations, and starts of one machine."""

from datetime import timedelta

import pytest

from colony_core import Policy, ProvisionRequest
from colony_core.domain.workflows import RunStatus
from colony_simulator import NeverReports
from colony_testkit.lab import Lab

HOUR = timedelta(hours=1)


async def installing(lab: Lab) -> int:
    return sum(run.status is RunStatus.RUNNING for run in (await lab.workflows()).values())


@pytest.mark.parametrize("limit", [1, 3])
async def test_never_more_machines_are_installed_at_once_than_the_limit_and_all_get_their_turn(limit: int) -> None:
    lab = Lab(machines=7, policy=Policy(max_installs=limit))
    await lab.enrol()
    runs = [(await lab.colony.assets.provision(f"asset-{place}", ProvisionRequest())).id for place in range(1, 8)]

    most = 0
    while (moment := await lab.next_moment()) is not None:
        await lab.run(until=max(moment, lab.clock.now()))
        most = max(most, await installing(lab))

    assert most == limit
    assert {(await lab.workflow(run)).status for run in runs} == {RunStatus.COMPLETED}


async def test_turns_are_given_in_the_order_of_asking() -> None:
    lab = Lab(machines=4, policy=Policy(max_installs=1))
    await lab.enrol()
    runs = [(await lab.colony.assets.provision(f"asset-{place}", ProvisionRequest())).id for place in (3, 1, 4, 2)]
    await lab.run()

    begun = sorted((await lab.workflows()).values(), key=lambda run: run.started_at or run.created_at)

    assert [run.id for run in begun] == runs


async def test_an_installation_that_is_cancelled_while_it_waits_takes_nobodys_turn() -> None:
    lab = Lab(machines=3, policy=Policy(max_installs=1))
    await lab.enrol()
    first, second, third = [
        (await lab.colony.assets.provision(f"asset-{place}", ProvisionRequest())).id for place in (1, 2, 3)
    ]
    await lab.run_for(timedelta(minutes=1))

    await lab.colony.workflows.cancel(second)
    await lab.colony.workflows.cancel(first)
    await lab.run()

    assert (await lab.workflow(third)).status is RunStatus.COMPLETED
    assert (await lab.asset("asset-2")).status == "available"


async def test_a_restart_with_a_higher_limit_calls_in_those_that_wait() -> None:
    lab = Lab(machines=3, policy=Policy(max_installs=1))
    await lab.enrol()
    for place in (1, 2, 3):
        await lab.colony.assets.provision(f"asset-{place}", ProvisionRequest())
    await lab.run_for(timedelta(minutes=1))

    lab.policy = Policy()
    lab.open()
    await lab.colony.runner.recover()
    await lab.run_for(timedelta(minutes=1))

    assert await installing(lab) == 3


async def test_a_machine_is_not_given_power_more_often_than_its_budget_and_the_reason_is_told() -> None:
    lab = Lab(policy=Policy(power_cycles_per_hour=2))
    await lab.enrol()
    lab.rack.fault("asset-1", NeverReports())
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()

    ended = await lab.workflow(run.id)

    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert ended.error.code == "POWER_BUDGET_SPENT"
    assert "asset-1" in ended.error.message
    assert sum("power" in what.event and "on" in what.event for what in lab.rack.history) <= 4


async def test_the_budget_is_full_again_an_hour_later() -> None:
    lab = Lab(policy=Policy(power_cycles_per_hour=2))
    await lab.enrol()
    first = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()
    await lab.run(until=lab.clock.now() + HOUR)
    lab.clock.advance(HOUR)

    reboot = await lab.colony.assets.reboot("asset-1", boot_device=None)
    await lab.run()

    assert (await lab.workflow(first.id)).status is RunStatus.COMPLETED
    assert (await lab.workflow(reboot.id)).status is RunStatus.COMPLETED
