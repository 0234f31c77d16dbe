"""Passwords of controllers are changed so that Colony always knows the one that holds, whatever goes wrong."""

import asyncio
import logging
from contextlib import suppress

import pytest

from colony_core.application.safekeeping import BMC_PASSWORD, BMC_PASSWORD_PENDING, BMC_PASSWORD_WANTED
from colony_core.domain.assets import AssetBusy
from colony_core.domain.hardware import Power
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges
from colony_core.domain.secrets import Secret
from colony_core.domain.validation import ValidationFailed
from colony_core.domain.workflows import RunStatus
from colony_core.ports.hardware import Access, BmcBusy
from colony_core.ports.persistence import EntryFilter
from colony_simulator import (
    Fault,
    ForgetsPassword,
    Garbling,
    LosesAnswer,
    RefusesPassword,
    Refusing,
    Silent,
)
from colony_testkit.crashes import Fuse, ProcessEnded, drop_everything, fused
from colony_testkit.lab import Lab, broken_laws

OLD, NEW = Secret("planted-password"), Secret("Planted-new-one1")


async def begun(lab: Lab, password: Secret | None = NEW) -> str:
    await lab.enrol()
    return (await lab.colony.assets.rotate("asset-1", password=password)).id


async def kept(lab: Lab, name: str = BMC_PASSWORD) -> Secret | None:
    async with lab.store.reading() as look:
        return await look.vault.get("asset-1", name) or None


def held(lab: Lab) -> Secret:
    """Return the password that the controller has."""
    return lab.rack.machine("asset-1").password


def refusals(lab: Lab) -> int:
    return sum(happening.event == "refused a login" for happening in lab.rack.history)


async def run_until_blown(lab: Lab, fuse: Fuse) -> None:
    with suppress(ProcessEnded):
        await lab.run(when=lambda: fuse.blown)


async def test_the_new_password_holds_and_is_kept() -> None:
    lab = Lab()
    run_id = await begun(lab)

    await lab.run()

    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert held(lab) == await kept(lab) == NEW
    assert await kept(lab, BMC_PASSWORD_PENDING) is await kept(lab, BMC_PASSWORD_WANTED) is None
    assert refusals(lab) == 0
    assert (await lab.asset()).held_by is None


async def test_without_a_password_one_is_made_that_differs_each_time() -> None:
    lab = Lab()
    await begun(lab, None)
    await lab.run()
    first = held(lab)

    await lab.colony.assets.rotate("asset-1")
    await lab.run()

    assert OLD != first != held(lab) == await kept(lab)


async def test_work_after_a_rotation_uses_the_new_password() -> None:
    lab = Lab()
    await begun(lab)
    await lab.run()

    run = await lab.colony.assets.provision("asset-1", ProvisionRequest())
    await lab.run()

    assert (await lab.workflow(run.id)).status is RunStatus.COMPLETED


async def test_a_password_that_the_protocol_has_no_room_for_is_refused_at_once() -> None:
    lab = Lab()
    await lab.enrol()

    with pytest.raises(ValidationFailed):
        await lab.colony.assets.rotate("asset-1", password=Secret("x" * 21))

    assert await lab.workflows() == {}
    assert await kept(lab, BMC_PASSWORD_WANTED) is None


async def test_an_answer_that_is_lost_is_found_out_by_trying_the_new_password_first() -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", LosesAnswer(), times=1)

    await lab.run()

    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert held(lab) == await kept(lab) == NEW
    assert refusals(lab) == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [(RefusesPassword(), "BMC_COMMAND_REFUSED"), (ForgetsPassword(), "BMC_PASSWORD_NOT_TAKEN")],
)
async def test_a_controller_that_does_not_take_the_password_keeps_the_old_one_and_we_know_it(
    fault: Fault, code: str
) -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", fault)

    await lab.run()

    run = await lab.workflow(run_id)
    assert (run.status, run.error and run.error.code) == (RunStatus.FAILED, code)
    assert held(lab) == await kept(lab) == OLD
    assert await kept(lab, BMC_PASSWORD_PENDING) is None
    assert refusals(lab) <= 1


async def test_where_neither_password_lets_in_both_are_kept_and_not_tried_again() -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", LosesAnswer(), times=1)
    await lab.run_to(run_id, "change-password")
    lab.rack.fault("asset-1", Refusing())

    await lab.run()

    run = await lab.workflow(run_id)
    assert (run.status, run.error and run.error.code) == (RunStatus.FAILED, "BMC_PASSWORD_IN_DOUBT")
    assert (await kept(lab), await kept(lab, BMC_PASSWORD_PENDING)) == (OLD, NEW)
    assert refusals(lab) == 2


async def test_a_doubt_is_settled_by_the_next_rotation_even_to_a_third_password() -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", LosesAnswer(), times=1)
    await lab.run_to(run_id, "change-password")
    lab.rack.fault("asset-1", Silent())
    await lab.run()
    assert (await lab.workflow(run_id)).status is RunStatus.FAILED
    assert await kept(lab, BMC_PASSWORD_PENDING) == held(lab) == NEW
    lab.rack.mend("asset-1")
    third = Secret("Planted-third-1")

    await lab.colony.assets.rotate("asset-1", password=third)
    await lab.run()

    assert held(lab) == await kept(lab) == third
    assert await kept(lab, BMC_PASSWORD_PENDING) is None


async def test_nobody_changes_credentials_while_they_are_being_changed_and_whoever_does_later_ends_the_doubt() -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", LosesAnswer(), times=1)
    await lab.run_to(run_id, "change-password")
    lab.rack.fault("asset-1", Silent())
    by_hand = AssetChanges(bmc=BmcChanges(password=Secret("by-hand")))

    with pytest.raises(AssetBusy):
        await lab.colony.assets.change("asset-1", by_hand)
    await lab.run()
    await lab.colony.assets.change("asset-1", by_hand)

    assert await kept(lab) == Secret("by-hand")
    assert await kept(lab, BMC_PASSWORD_PENDING) is await kept(lab, BMC_PASSWORD_WANTED) is None


async def test_sensors_are_not_asked_for_with_a_password_that_is_in_doubt() -> None:
    lab = Lab()
    run_id = await begun(lab)
    lab.rack.fault("asset-1", LosesAnswer(), times=1)
    await lab.run_to(run_id, "change-password")

    with pytest.raises(BmcBusy):
        await lab.colony.sensors.read("asset-1")

    assert refusals(lab) == 0


async def test_others_wait_while_a_password_is_changed_and_then_use_the_new_one() -> None:
    lab = Lab()
    await lab.enrol()
    queues, machine = lab.colony.hardware, lab.rack.machine("asset-1")
    stale = Access(machine.bmc, OLD)
    with queues.kept_for(machine.bmc, "workflow-1"):
        waiting = asyncio.create_task(queues.controller(stale).power())
        await asyncio.sleep(0)
        await queues.controller(stale, asker="workflow-1").change_password(NEW)
        queues.renewed(stale, Access(machine.bmc, NEW))
        assert not waiting.done()

    assert await waiting is Power.OFF
    assert refusals(lab) == 0


async def test_no_word_of_any_password_is_told_to_anybody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for fault in (Silent(), Refusing(), Garbling(), LosesAnswer(), RefusesPassword(), ForgetsPassword()):
        lab = Lab()
        run_id = await begun(lab)
        lab.rack.fault("asset-1", fault)
        await lab.run()

        run = await lab.workflow(run_id)
        async with lab.store.reading() as look:
            told = [*await look.journal.after(0, 1000, EntryFilter()), await look.histories.of([run_id]), run]
        shown = f"{told!r} {await lab.asset()!r} {lab.rack.history!r} {caplog.text}"
        assert OLD.reveal() not in shown
        assert NEW.reveal() not in shown


@pytest.mark.parametrize("fault", [None, LosesAnswer(), ForgetsPassword(), RefusesPassword(), Silent()])
async def test_a_process_that_ends_at_any_moment_leaves_a_password_that_is_known(fault: Fault | None) -> None:
    moment, last = 1, False
    while not last:
        lab, fuse = Lab(), Fuse(moment)
        run_id = await begun(lab)
        if fault is not None:
            lab.rack.fault("asset-1", fault, times=1)
        fused(lab, fuse)
        await run_until_blown(lab, fuse)
        last = not fuse.blown
        await drop_everything()

        where = f"after moment {moment}"
        assert held(lab) in (await kept(lab), await kept(lab, BMC_PASSWORD_PENDING)), where
        lab.open()
        await lab.colony.runner.recover()
        await lab.run()
        run = await lab.workflow(run_id)
        taken = fault in (None, LosesAnswer(), Silent()) or run.status is RunStatus.COMPLETED
        assert run.status is (RunStatus.COMPLETED if taken else RunStatus.FAILED), where
        assert held(lab) == await kept(lab) == (NEW if taken else OLD), where
        assert await kept(lab, BMC_PASSWORD_PENDING) is None, where
        assert refusals(lab) <= 1 + (fault in (ForgetsPassword(), Silent())), where  # once for each thing that fails
        assert await broken_laws(lab) == [], where
        moment += 1
    assert moment > 5
