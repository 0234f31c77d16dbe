"""What a worker hears of PgQueuer's table: that there may be a call to take, and not more often than is of use."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from colony_core.domain.secrets import Secret
from colony_dispatch.jobs import CHANNEL
from colony_dispatch.line import GATHER, Line


class Ear:
    """A line to the database, and how often it rang."""

    def __init__(self, line: Line, connection: asyncpg.Connection) -> None:
        self.rings = 0
        self._connection = connection
        line.hear = self._ring

    def _ring(self) -> None:
        self.rings += 1

    async def told(self, change: str) -> None:
        """Let PostgreSQL say a change as PgQueuer's trigger does."""
        words = f"json_build_object('operation', '{change}', 'sent_at', now())::text"
        await self._connection.execute(f"SELECT pg_notify('{CHANNEL}', {words})")

    async def rang(self, holds: Callable[[int], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds(self.rings):  # noqa: ASYNC110 - the event loop calls
                await asyncio.sleep(0.01)


@pytest.fixture
async def ear(postgres_url: str) -> AsyncIterator[Ear]:
    connection, line = await asyncpg.connect(postgres_url), Line(Secret(postgres_url))
    ear = Ear(line, connection)
    await line.connection()
    ear.rings = 0
    yield ear
    line.drop()
    await connection.close()


async def test_jobs_that_were_taken_or_are_done_wake_nobody(ear: Ear) -> None:
    for _ in range(10):
        await ear.told("update")
        await ear.told("delete")
    await ear.told("insert")
    await ear.rang(bool)

    assert ear.rings == 1


async def test_a_burst_of_jobs_is_one_look_and_none_is_missed(ear: Ear) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    for _ in range(200):
        await ear.told("insert")
    await ear.rang(bool)
    rings, spent = ear.rings, clock() - began

    assert 1 <= rings <= 2 + spent / GATHER
    rings = ear.rings
    await ear.told("insert")
    await ear.rang(lambda now: now > rings)
