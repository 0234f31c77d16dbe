"""One process at a time has a duty: the contract, and what happens when that process dies, stops or is cut off."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from colony_core.application.duties import LoneDuties
from colony_core.ports.duties import Duties
from colony_store.postgres.duties import PostgresDuties
from colony_testkit.duties_contract import DutiesContract, Workers, cancelled

CUT_OFF = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks"
    " WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND classid = 1131179642"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)

# Keeps the duty `post`, and tells when it begins.
KEEPER = """
import asyncio, sys
from colony_store.postgres.duties import PostgresDuties

async def work():
    print("at work", flush=True)
    await asyncio.Event().wait()

asyncio.run(PostgresDuties(sys.argv[1]).keep("post", work))
"""


class TestLone(DutiesContract):
    @pytest.fixture
    def hire(self) -> Callable[[], Awaitable[Duties]]:
        duties = LoneDuties()

        async def hired() -> Duties:
            return duties

        return hired


class TestPostgres(DutiesContract):
    @pytest.fixture
    async def hire(self, postgres_url: str) -> AsyncIterator[Callable[[], Awaitable[Duties]]]:
        async with contextlib.AsyncExitStack() as stack:

            async def hired() -> Duties:
                duties = PostgresDuties(postgres_url)
                stack.push_async_callback(duties.aclose)
                return duties

            yield hired


async def keeper(url: str) -> asyncio.subprocess.Process:
    """Return another process, once it is at work."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KEEPER, url, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"at work\n"
    return process


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=lambda number: str(number.name))
async def test_another_takes_over_within_ten_seconds(postgres_url: str, fault: signal.Signals) -> None:
    process, workers, duties = await keeper(postgres_url), Workers(), PostgresDuties(postgres_url)
    task = asyncio.create_task(duties.keep("post", lambda: workers.work("we")))
    began = asyncio.get_running_loop().time()
    process.send_signal(fault)
    await workers.are("we")
    waited = asyncio.get_running_loop().time() - began
    await cancelled(task)
    await duties.aclose()
    with contextlib.suppress(ProcessLookupError):  # it is dead already
        process.kill()
    await process.wait()
    assert waited < 10


async def test_whoever_is_cut_off_stops_and_goes_on_later(postgres_url: str) -> None:
    workers, duties = Workers(), PostgresDuties(postgres_url)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await workers.work("we")

    task = asyncio.create_task(duties.keep("post", work))
    await workers.are("we")
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval(CUT_OFF)
    await connection.close()
    await workers.are()
    await workers.are("we")
    await cancelled(task)
    await duties.aclose()
    assert begun == 2
    assert workers.most == 1
