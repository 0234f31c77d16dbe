"""What `colony_core.ports.duties.Duties` promises, as tests that any adapter can run."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from colony_core.ports.duties import Duties


class Workers:
    """Who is at a duty now, and how many ever were at once."""

    def __init__(self) -> None:
        self.at_work: list[str] = []
        self.most = 0
        self._changed = asyncio.Event()

    async def work(self, name: str) -> None:
        """Be at work until cancelled."""
        self.at_work.append(name)
        self.most = max(self.most, len(self.at_work))
        self._ring()
        try:
            await asyncio.Event().wait()
        finally:
            self.at_work.remove(name)
            self._ring()

    async def are(self, *names: str) -> None:
        """Return once exactly *names* are at work."""
        async with asyncio.timeout(30):
            while sorted(self.at_work) != sorted(names):
                await self._changed.wait()

    def _ring(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class DutiesContract:
    """Subclass it, give it a fixture `hire`, and the adapter is tested.

    `hire` returns the duties of another process of the same store, or of the same one where there is only one. The
    tests are coroutines: run them with pytest-asyncio in its auto mode.
    """

    async def test_one_is_at_work_and_another_takes_over_when_it_stops(
        self, hire: Callable[[], Awaitable[Duties]]
    ) -> None:
        workers = Workers()
        first, second = await hire(), await hire()
        one = asyncio.create_task(first.keep("post", lambda: workers.work("one")))
        await workers.are("one")
        two = asyncio.create_task(second.keep("post", lambda: workers.work("two")))

        await cancelled(one)
        await workers.are("two")
        await cancelled(two)
        assert workers.most == 1

    async def test_duties_of_two_names_do_not_wait_for_each_other(self, hire: Callable[[], Awaitable[Duties]]) -> None:
        workers, duties = Workers(), await hire()
        tasks = [asyncio.create_task(duties.keep(name, lambda name=name: workers.work(name))) for name in ("a", "b")]  # type: ignore[misc]

        await workers.are("a", "b")
        await cancelled(*tasks)

    async def test_work_that_is_over_gives_the_duty_back(self, hire: Callable[[], Awaitable[Duties]]) -> None:
        done: list[str] = []

        async def once(name: str) -> None:
            done.append(name)

        for name in ("one", "two"):
            await (await hire()).keep("post", lambda name=name: once(name))  # type: ignore[misc]
        assert done == ["one", "two"]

    async def test_what_breaks_the_work_comes_out(self, hire: Callable[[], Awaitable[Duties]]) -> None:
        async def broken() -> None:
            raise ZeroDivisionError

        duties = await hire()
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await duties.keep("post", broken)


async def cancelled(*tasks: asyncio.Task[None]) -> None:
    """End *tasks*."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
