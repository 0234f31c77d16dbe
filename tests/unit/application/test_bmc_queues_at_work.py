"""What workflows see of the queues in front of controllers: faults that say why, and plans that go on as planned."""

from datetime import timedelta

from msgspec.structs import replace

from colony_core.application.colony import Policy
from colony_core.domain.breakers import Pace
from colony_core.domain.decisions import Level
from colony_core.domain.healths import BmcState
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges
from colony_core.domain.secrets import Secret
from colony_core.domain.workflows import RunStatus
from colony_core.ports.persistence import EntryFilter
from colony_simulator import Flapping, Silent
from colony_testkit.lab import EVERYTHING, Lab, discovering


def refusals(lab: Lab) -> int:
    """Return how often a controller turned somebody down."""
    return sum(each.event == "refused a login" for each in lab.rack.history)


async def mistaken(lab: Lab) -> str:
    """Register a machine with a wrong password; return its discovery."""
    asset = await lab.colony.assets.register(replace(lab.registration(1), password=Secret("wrong")))
    return str(asset.held_by)


async def log_of(lab: Lab, run_id: str) -> list[str]:
    """Return the warnings and errors of a workflow."""
    async with lab.store.reading() as look:
        entries = (await look.journal.page(EVERYTHING, EntryFilter(run_id=run_id))).items
    return [entry.message for entry in entries if entry.level is not Level.INFO]


async def test_a_wrong_password_is_tried_once_by_each_wish_of_a_person() -> None:
    lab = Lab()
    run_id = await mistaken(lab)
    await lab.run()

    error = (await lab.workflow(run_id)).error
    assert error is not None
    assert error.code == "BMC_REFUSED"
    assert refusals(lab) == 1, "the clean-up asks the controller too, and is turned away before"
    await lab.colony.assets.discover("asset-1")
    await lab.run()
    assert refusals(lab) == 2


async def test_credentials_that_were_changed_are_tried_at_once() -> None:
    lab = Lab()
    await mistaken(lab)
    await lab.run()
    await lab.colony.assets.change("asset-1", AssetChanges(bmc=BmcChanges(password=Secret("planted-password"))))

    assert lab.colony.hardware.gate((await lab.asset()).bmc).state is BmcState.UNKNOWN
    run = await lab.colony.assets.discover("asset-1")
    await lab.run()
    assert (await lab.workflow(run.id)).status is RunStatus.COMPLETED


async def test_a_step_that_meets_a_shut_gate_fails_at_once_and_says_since_when_and_why() -> None:
    lab = Lab()
    await lab.enrol()
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    lab.rack.fault("asset-1", Silent())
    began = lab.clock.now()
    await lab.run()

    told = await log_of(lab, run.id)
    since = f"so since {began:%Y-%m-%dT%H:%M:%SZ}): it is not asked before"
    assert any("does not answer" in line and since not in line for line in told)
    assert any("does not answer" in line and since in line for line in told)
    assert (await lab.workflow(run.id)).status is RunStatus.FAILED


async def test_a_controller_that_comes_and_goes_delays_work_and_does_not_end_it() -> None:
    lab = Lab()
    await lab.enrol()
    lab.rack.fault("asset-1", Flapping(seconds=4))
    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()

    assert (await lab.workflow(run.id)).status is RunStatus.COMPLETED


async def test_a_new_wish_of_a_person_does_not_wait_for_the_rest_of_the_gate() -> None:
    lab = Lab()
    await lab.enrol()
    lab.rack.fault("asset-1", Silent())
    await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()
    lab.rack.mend("asset-1")

    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()
    mended = await lab.workflow(run.id)
    assert mended.status is RunStatus.COMPLETED
    assert mended.steps[0].failures == 0


async def test_a_gap_between_calls_passes_on_the_virtual_clock() -> None:
    quick, gentle = Lab(), Lab(policy=Policy(bmc_pace=Pace(gap=timedelta(seconds=1))))
    for lab in (quick, gentle):
        run_id = await discovering(lab)
        await lab.run()
        assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED

    assert gentle.clock.now() - quick.clock.now() > timedelta(seconds=3)
