"""Whole lives of every plan on the store that is used for real: the same end as in memory, also after a restart."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colony_core.domain.workflows import RunStatus
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.crashes import Fuse, fused, run_and_recover
from colony_testkit.lab import BEGINNINGS, Lab, broken_laws

every_plan = pytest.mark.parametrize("plan", BEGINNINGS)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Open a store that nothing is in yet."""
    opened = await SqliteStore.open(tmp_path / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")
    yield opened
    await opened.aclose()


async def picture(lab: Lab) -> object:
    """Return what there is in the end, with all its times and attempts."""
    return await lab.assets(), await lab.workflows(), await lab.clusters(), lab.rack.history


@every_plan
async def test_work_ends_on_sqlite_exactly_as_it_does_in_memory(plan: str, store: SqliteStore) -> None:
    on_disk, in_memory = Lab(3, store=store), Lab(3)

    for lab in (on_disk, in_memory):
        run_id = await BEGINNINGS[plan](lab)
        await lab.run()
        assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
        assert await broken_laws(lab) == []

    assert await picture(on_disk) == await picture(in_memory)


@every_plan
@pytest.mark.parametrize("moment", [1, 2, 5, 9, 14, 20])
async def test_work_ends_on_sqlite_after_the_end_of_its_process(plan: str, moment: int, store: SqliteStore) -> None:
    lab = Lab(3, store=store)
    run_id = await BEGINNINGS[plan](lab)
    fuse = Fuse(moment)
    fused(lab, fuse)

    await run_and_recover(lab, fuse)

    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert await broken_laws(lab) == []
