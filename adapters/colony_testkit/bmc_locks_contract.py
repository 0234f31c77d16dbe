"""What `colony_core.ports.bmc_locks.BmcLocks` promises, as tests that any adapter can run."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from colony_core.ports.bmc_locks import BmcLock, BmcLocks

Hire = Callable[[], Awaitable[BmcLocks]]
PLACE = "10.0.0.50:623"


async def no_rest() -> None:
    """Let others in at once."""


class BmcLocksContract:
    """Subclass it, give it a fixture `hire`, and the adapter is tested.

    `hire` returns the locks of another process of the same store. The tests are coroutines: run them with
    pytest-asyncio in its auto mode.
    """

    async def test_a_lock_is_one_processs_at_a_time(self, hire: Hire) -> None:
        crew = [await hire() for _ in range(3)]
        speaking, most, spoken = 0, 0, 0

        async def speak(locks: BmcLocks) -> None:
            nonlocal speaking, most, spoken
            lock = await locks.take(PLACE)
            speaking, spoken = speaking + 1, spoken + 1
            most = max(most, speaking)
            await asyncio.sleep(0)
            speaking -= 1
            lock.release(no_rest)

        await asyncio.gather(*(speak(locks) for locks in crew for _ in range(10)))
        assert (most, spoken) == (1, 30)

    async def test_controllers_do_not_wait_for_each_other(self, hire: Hire) -> None:
        one, two = await hire(), await hire()
        held = [await locks.take(f"10.0.0.{place}:623") for locks, place in ((one, 1), (two, 2), (one, 3))]

        for lock in held:
            lock.release(no_rest)

    async def test_whoever_waits_is_let_in_before_the_one_who_asks_again(self, hire: Hire) -> None:
        one, two = await hire(), await hire()
        first = await one.take(PLACE)
        waiting = asyncio.create_task(two.take(PLACE))
        await self.stands_in_line()
        first.release(no_rest)
        again = asyncio.create_task(one.take(PLACE))

        done, _ = await asyncio.wait([waiting, again], return_when=asyncio.FIRST_COMPLETED, timeout=30)
        assert done == {waiting}
        waiting.result().release(no_rest)
        (await again).release(no_rest)

    async def test_nobody_is_let_in_before_the_rest_is_over(self, hire: Hire) -> None:
        one, two = await hire(), await hire()
        rested = asyncio.Event()
        (await one.take(PLACE)).release(lambda: _set(rested))
        waiting = asyncio.create_task(two.take(PLACE))
        await self.stands_in_line()
        assert not waiting.done()

        rested.set()
        (await waiting).release(no_rest)

    async def test_whoever_stops_waiting_is_in_nobodys_way(self, hire: Hire) -> None:
        one, two, three = await hire(), await hire(), await hire()
        first = await one.take(PLACE)
        waiting = asyncio.create_task(two.take(PLACE))
        await self.stands_in_line()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

        first.release(no_rest)
        (await three.take(PLACE)).release(no_rest)
        (await two.take(PLACE)).release(no_rest)

    async def test_work_gives_its_answer_or_raises_what_it_raises(self, hire: Hire) -> None:
        lock: BmcLock = await (await hire()).take(PLACE)

        async def answer() -> int:
            return 7

        async def broken() -> None:
            raise ZeroDivisionError

        assert await lock.while_held(answer()) == 7
        with pytest.raises(ZeroDivisionError):
            await lock.while_held(broken())
        lock.release(no_rest)

    async def stands_in_line(self) -> None:
        """Return once another process is known to wait for the lock; override it where that can be seen."""


async def _set(event: asyncio.Event) -> None:
    await event.wait()
