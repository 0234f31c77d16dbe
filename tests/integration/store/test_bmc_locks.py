"""One process at a time speaks to a controller: the contract, and what happens when that process dies or stops."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator

import asyncpg
import pytest

from colony_core.ports.bmc_locks import BmcLockLost, BmcLocks
from colony_core.ports.hardware import BmcBusy
from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.bmc_locks import PostgresBmcLocks
from colony_testkit.bmc_locks_contract import PLACE, BmcLocksContract, Hire, no_rest

OURS = "locktype = 'advisory' AND classid = 1131179371 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # noqa: E501 - one condition
IN_LINE = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND {OURS}"
CUT_OFF = f"SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE granted AND {OURS}"

# Takes the lock of one controller, says so, and keeps it.
KEEPER = f"""
import asyncio, sys
from colony_store.postgres.bmc_locks import PostgresBmcLocks

async def keep(url):
    await PostgresBmcLocks(url).take({PLACE!r})
    print("ours", flush=True)
    await asyncio.Event().wait()

asyncio.run(keep(sys.argv[1]))
"""


@pytest.fixture
async def hire(postgres_url: str) -> AsyncIterator[Hire]:
    async with contextlib.AsyncExitStack() as stack:

        async def hired() -> BmcLocks:
            locks = PostgresBmcLocks(postgres_url)
            stack.push_async_callback(locks.aclose)
            return locks

        yield hired


class TestPostgres(BmcLocksContract):
    @pytest.fixture(autouse=True)
    def _url(self, postgres_url: str) -> None:
        self.url = postgres_url

    async def stands_in_line(self) -> None:
        connection = await asyncpg.connect(self.url)
        async with asyncio.timeout(30):
            while not await connection.fetchval(IN_LINE):  # noqa: ASYNC110 - another session does it
                await asyncio.sleep(0.01)
        await connection.close()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=lambda number: str(number.name))
async def test_the_lock_of_a_process_that_is_gone_or_silent_is_free_again(
    postgres_url: str, fault: signal.Signals, hire: Hire
) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KEEPER, postgres_url, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ours\n"
    process.send_signal(fault)

    lock = await (await hire()).take(PLACE)

    lock.release(no_rest)
    with contextlib.suppress(ProcessLookupError):  # it is dead already
        process.kill()
    await process.wait()


async def test_whoever_loses_the_lock_stops_speaking(postgres_url: str, hire: Hire) -> None:
    locks = await hire()
    lock = await locks.take(PLACE)
    stopped = asyncio.Event()

    async def speak() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    speaking = asyncio.create_task(lock.while_held(speak()))
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval(CUT_OFF) == 1
    await connection.close()

    with pytest.raises(BmcLockLost):
        await speaking
    assert stopped.is_set()
    lock.release(no_rest)
    (await locks.take(PLACE)).release(no_rest)


async def test_whoever_waits_for_too_long_is_told_that_another_process_speaks(postgres_url: str, hire: Hire) -> None:
    held = await (await hire()).take(PLACE)
    other = PostgresBmcLocks(postgres_url, patience=0.3)

    with pytest.raises(BmcBusy, match=f"Another process has been speaking to the controller at {PLACE}"):
        await other.take(PLACE)

    held.release(no_rest)
    await other.aclose()


async def test_a_database_that_is_away_is_told_as_such() -> None:
    locks = PostgresBmcLocks("postgresql://postgres:sesame@127.0.0.1:1/none", patience=0.3)

    with pytest.raises(StoreUnavailable, match="nothing listens") as refused:
        await locks.take(PLACE)
    await locks.aclose()
    assert "sesame" not in str(refused.value)
