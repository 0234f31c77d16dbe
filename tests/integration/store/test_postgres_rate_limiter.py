"""The limiter in PostgreSQL keeps the contract, is exact over processes, and forgets those who stay away."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from colony_core.domain.rate_limits import NANOSECONDS, Window
from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.rate_limits import PostgresRateLimiter
from colony_testkit.rate_limit_contract import RateLimitContract

HAMMER = """
import asyncio, sys
from colony_core.domain.rate_limits import Limits, Window
from colony_store.postgres.rate_limits import PostgresRateLimiter

async def main(url: str, calls: int) -> None:
    limiter = PostgresRateLimiter(url)
    await limiter.admit("warm up", (Window(100, 1),))
    print("ready", flush=True)
    sys.stdin.readline()
    verdicts = await asyncio.gather(*(limiter.admit("one key", Limits().windows) for _ in range(calls)))
    await limiter.aclose()
    print(sum(verdict.admitted for verdict in verdicts), max(verdict.retry_after for verdict in verdicts))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


class Ticks:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 10**18

    def __call__(self) -> int:
        return self.now

    def advance(self, nanoseconds: int) -> None:
        self.now += nanoseconds


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def limiter(postgres_url: str, ticks: Ticks) -> AsyncIterator[PostgresRateLimiter]:
    limiter = PostgresRateLimiter(postgres_url, now_ns=ticks)
    yield limiter
    await limiter.aclose()


class TestPostgres(RateLimitContract):
    @pytest.fixture
    def advance(self, ticks: Ticks) -> Callable[[int], None]:
        return ticks.advance


async def hammer(url: str, calls: int) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HAMMER, url, str(calls), stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def told(process: asyncio.subprocess.Process) -> tuple[int, int]:
    said, _ = await process.communicate(b"go\n")
    admitted, wait = said.split()
    return int(admitted), int(wait)


async def test_processes_that_hammer_one_key_are_admitted_the_limit_and_no_more(postgres_url: str) -> None:
    processes = await asyncio.gather(*(hammer(postgres_url, 120) for _ in range(4)))
    results = await asyncio.gather(*map(told, processes))

    assert sum(admitted for admitted, _ in results) == 100
    assert 1 <= max(wait for _, wait in results) <= 60


async def test_by_the_servers_own_clock_waiting_as_long_as_was_said_is_enough(postgres_url: str) -> None:
    limiter, window = PostgresRateLimiter(postgres_url), (Window(1, 1),)
    try:
        assert (await limiter.admit("a", window)).admitted
        refused = await limiter.admit("a", window)
        assert (refused.admitted, refused.retry_after) == (False, 1)
        await asyncio.sleep(refused.retry_after)
        assert (await limiter.admit("a", window)).admitted
    finally:
        await limiter.aclose()


async def test_a_clock_that_falls_back_makes_no_wait_longer(limiter: PostgresRateLimiter, ticks: Ticks) -> None:
    window = (Window(2, 60),)
    await limiter.admit("a", window)
    await limiter.admit("a", window)
    ticks.advance(-3600 * NANOSECONDS)

    refused = await limiter.admit("a", window)
    ticks.advance(refused.retry_after * NANOSECONDS)
    assert refused.retry_after == 60
    assert (await limiter.admit("a", window)).admitted


async def test_whoever_stays_away_for_a_window_is_forgotten(
    limiter: PostgresRateLimiter, ticks: Ticks, postgres_url: str
) -> None:
    for number in range(20):
        await limiter.admit(f"address {number}", (Window(1, 60),))
    ticks.advance(60 * NANOSECONDS)
    for number in range(20, 26):
        await limiter.admit(f"address {number}", (Window(1, 60),))

    connection = await asyncpg.connect(postgres_url)
    counts = await connection.fetchrow("SELECT (SELECT count(*) FROM rate_subjects), (SELECT count(*) FROM rate_log)")
    await connection.close()
    assert tuple(counts) == (6, 6)


async def test_a_log_is_no_longer_than_its_longest_window(
    limiter: PostgresRateLimiter, ticks: Ticks, postgres_url: str
) -> None:
    for _ in range(60):
        await limiter.admit("a", (Window(5, 10),))
        ticks.advance(2 * NANOSECONDS)

    connection = await asyncpg.connect(postgres_url)
    length = await connection.fetchval("SELECT count(*) FROM rate_log")
    await connection.close()
    assert length <= 6


async def test_a_subject_may_hold_what_postgres_text_cannot(limiter: PostgresRateLimiter) -> None:
    assert (await limiter.admit("a\0b", (Window(1, 60),))).admitted
    assert (await limiter.admit("a\10b", (Window(1, 60),))).admitted
    assert not (await limiter.admit("a\0b", (Window(1, 60),))).admitted


async def test_a_server_out_of_reach_is_unavailable() -> None:
    limiter = PostgresRateLimiter("postgresql://postgres:sesame@127.0.0.1:1/none")

    with pytest.raises(StoreUnavailable, match="nothing listens") as refused:
        await limiter.admit("a", (Window(1, 60),))
    await limiter.aclose()
    assert "sesame" not in str(refused.value)
