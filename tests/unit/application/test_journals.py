"""Journals as services keep them: whatever happened in a rack goes as it went, and nothing secret is told."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colony_core import Policy, RunStatus
from colony_core.application.journals import NotAJournal, read, written
from colony_core.domain.histories import CalledIn, JournalNotKept, Parked, Reported
from colony_core.domain.machine_plans import OS_PROVISION
from colony_core.domain.replaying import kind_of, replay
from colony_core.domain.workflows import WorkflowEnded, WorkflowNotFound
from colony_simulator import (
    FailsInstall,
    FailsWipe,
    Fault,
    IgnoresNetworkBoot,
    KeepsData,
    NeverComesUp,
    NeverReports,
    RebootsInTheMiddle,
    Refusing,
    Silent,
)
from colony_testkit.builders import a_run
from colony_testkit.crashes import Fuse, fused, run_and_recover
from colony_testkit.histories import Life, in_fortune
from colony_testkit.journals import journal_of
from colony_testkit.lab import BEGINNINGS, Beginning, Lab, provisioning, wiping
from colony_testkit.store_given import keep, workflow

FAULTS: tuple[Fault, ...] = (
    Silent(),
    Refusing(),
    IgnoresNetworkBoot(),
    NeverReports(),
    FailsInstall(),
    FailsWipe(),
    KeepsData(),
    NeverComesUp(),
    RebootsInTheMiddle(),
)
PLANTED = (b"planted-password", b"glpat-planted", b"planted-pull-secret", b"planted-token")


async def replays(lab: Lab) -> None:
    """Make sure that every workflow of *lab* goes as it went, after its journal was a file."""
    for run in (await lab.workflows()).values():
        data = written(await lab.colony.workflows.journal(run.id))
        replayed = replay(read(data))
        assert replayed.differences == ()
        assert replayed.runs[0].status is run.status
        for secret in (*PLANTED, *filter(None, [(run.ticket or "").encode()])):
            assert secret not in data


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_every_plan_goes_as_it_went(begin: Beginning) -> None:
    lab = Lab(3)
    await begin(lab)
    await replays(lab)
    await lab.run()

    await replays(lab)


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_every_failure_goes_as_it_went(begin: Beginning, fault: Fault) -> None:
    lab = Lab(3)
    await begin(lab)
    lab.rack.fault("asset-1", fault)
    lab.rack.fault("asset-3", fault)
    await lab.run()

    await replays(lab)


@pytest.mark.parametrize("begin", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_a_cancel_and_a_retry_go_as_they_went(begin: Beginning) -> None:
    lab = Lab(3)
    run_id = await begin(lab)
    await lab.run(when=lambda: bool(lab.rack.history))
    with suppress(WorkflowEnded):  # a plan of one step is over by now
        await lab.colony.workflows.cancel(run_id)
    await lab.run()
    if (await lab.workflow(run_id)).status is RunStatus.CANCELLED:
        await lab.colony.workflows.retry(run_id)
        await lab.run()

    await replays(lab)


async def test_a_retry_begins_with_what_it_took_over() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    lab.rack.fault("asset-1", NeverComesUp())
    await lab.run()
    again = await lab.colony.workflows.retry(run_id)
    await lab.run()

    journal = await lab.colony.workflows.journal(again.id)
    assert replay(journal).same
    assert any(step.kept for step in journal.histories[0].run.steps)


@pytest.mark.parametrize("moment", range(5, 120, 23))
async def test_what_the_end_of_a_process_interrupted_goes_as_it_went(moment: int) -> None:
    lab, fuse = Lab(3), Fuse(moment)
    await BEGINNINGS["cluster-provision/k8s_stack/talos"](lab)
    fused(lab, fuse)
    await run_and_recover(lab, fuse)

    await replays(lab)


async def test_a_wait_for_a_turn_is_a_part_of_the_journal() -> None:
    lab = Lab(3, policy=Policy(max_installs=1))
    await BEGINNINGS["cluster-provision/k8s_stack/talos"](lab)
    await lab.run()

    await replays(lab)
    happened = {type(one.what) for each in (await journals(lab)) for one in each.happenings}
    assert {Parked, CalledIn, Reported} <= happened


async def journals(lab: Lab) -> list[Any]:
    return [(await lab.colony.workflows.journal(run_id)).histories[0] for run_id in await lab.workflows()]


async def test_the_journal_of_a_cluster_has_those_of_its_machines() -> None:
    lab = Lab(3)
    run_id = await BEGINNINGS["cluster-provision/k8s_stack/talos"](lab)
    await lab.run()

    journal = await lab.colony.workflows.journal(run_id)
    children = sorted(child.run_id for child in (await lab.workflow(run_id)).children)
    assert [history.run.id for history in journal.histories] == [run_id, *children]
    assert [history.run.parent_id for history in journal.histories] == [None, run_id, run_id]


async def test_what_changes_nothing_fills_no_journal() -> None:
    lab = Lab()
    run_id = await provisioning(lab)
    for _ in range(50):
        await lab.colony.workflows.cancel(run_id)

    (history,) = (await lab.colony.workflows.journal(run_id)).histories
    assert [kind_of(one.what) for one in history.happenings].count("cancel-asked") == 1


async def test_a_ticket_is_in_no_journal_even_when_a_retry_takes_it_over() -> None:
    lab = Lab()
    run_id = await wiping(lab)
    lab.rack.fault("asset-1", FailsWipe())
    await lab.run()
    ticket = (await lab.workflow(run_id)).ticket
    assert ticket
    again = await lab.colony.workflows.retry(run_id)
    assert (await lab.workflow(again.id)).ticket == ticket

    for each in (run_id, again.id):
        assert ticket.encode() not in written(await lab.colony.workflows.journal(each))


async def test_a_workflow_of_before_journals_were_kept_says_so() -> None:
    lab = Lab()
    await keep(lab.store, workflow(1))

    with pytest.raises(JournalNotKept, match="workflow-1"):
        await lab.colony.workflows.journal("workflow-1")
    with pytest.raises(WorkflowNotFound):
        await lab.colony.workflows.journal("workflow-9")


FILE = written(journal_of(in_fortune(Life(OS_PROVISION, a_run()))))


def spoilt(change: Callable[[Any], object]) -> bytes:
    content = json.loads(FILE)
    change(content)
    return json.dumps(content).encode()


def first(content: Any) -> Any:
    return content["histories"][0]["happenings"][0]["what"]["run"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"{}", "cannot be read"),
        (b'{"assets":[]}', "cannot be read"),
        (spoilt(lambda it: it.update(format="other")), "format is 'other'"),
        (spoilt(lambda it: it.update(version=2)), "version 2.*version 1"),
        (spoilt(lambda it: it.update(histories=[])), "no workflow"),
        (spoilt(lambda it: it["histories"][0].update(happenings=[])), "does not begin"),
        (spoilt(lambda it: it["histories"][0]["happenings"].pop(0)), "does not begin"),
        (spoilt(lambda it: it["histories"][0]["happenings"].reverse()), "does not begin"),
        (spoilt(lambda it: it["histories"][0]["happenings"][1]["what"].update(type="new")), "cannot be read"),
        (spoilt(lambda it: it["histories"][0]["run"].update(id="workflow-2")), "is that of 'workflow-1'"),
        (spoilt(lambda it: first(it).update(position=99)), "at no step"),
        (spoilt(lambda it: first(it).update(steps=[])), "at no step"),
        (spoilt(lambda it: first(it).update(created_at="2026-01-01T12:00:00")), "without a zone"),
    ],
)
def test_what_is_no_journal_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(NotAJournal, match=said):
        read(data)


def test_a_file_has_a_line_for_each_happening_and_is_the_same_when_written_again() -> None:
    journal = read(FILE)

    assert len(FILE.splitlines()) == len(journal.histories[0].happenings) + 6
    assert written(journal) == FILE
    assert json.loads(FILE)["version"] == 1


@settings(max_examples=200)
@given(data=st.data())
def test_whatever_is_changed_in_a_file_it_is_refused_or_replayed(data: st.DataObject) -> None:
    content = json.loads(FILE)
    where = content["histories"][0]["happenings"]
    happening = where[data.draw(st.integers(0, len(where) - 1))]
    inside = happening[data.draw(st.sampled_from(["what", "after"]))]
    inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(st.none() | st.integers() | st.text(max_size=5))

    try:
        journal = read(json.dumps(content).encode())
    except NotAJournal:
        return
    replay(journal)
