"""What is done to everybody while they work: killed, stopped and continued, and PostgreSQL taken away."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from soak.course import Course
from soak.crew import Crew, Member


class Deed(Struct, frozen=True, kw_only=True):
    """What was done to whom, when (seconds since the beginning), and how long it lasted."""

    at: float
    what: str
    whom: str
    lasted: float


class Trouble:
    """Troubles every server and worker, each at its own moments, and PostgreSQL `outages` times.

    `at_work` waits for a good moment to kill somebody, and `on_kill` is told right after it.
    """

    def __init__(self, course: Course, crew: Crew) -> None:
        self.deeds: list[Deed] = []
        self.on_kill: Callable[[Member], object] = lambda _: None
        self.at_work: Callable[[Member], Awaitable[object]] = _at_once
        self.away = False
        self._course = course
        self._crew = crew
        self._began = time.monotonic()

    async def make(self) -> None:
        """Go on for as long as people ask; in the end everybody is there."""
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for member in (*self._crew.servers, *self._crew.workers):
                group.create_task(self._trouble(member))
            group.create_task(self._take_postgres_away())

    @property
    def _passed(self) -> float:
        return time.monotonic() - self._began

    async def _trouble(self, member: Member) -> None:
        chance = random.Random(f"{self._course.seed} {member.name}")
        while True:
            pause = chance.uniform(*self._course.quiet)
            if self._passed + pause > self._course.asking:
                return
            await asyncio.sleep(pause)
            if chance.random() < 0.5:
                await self._kill(member, chance.uniform(0.0, 3.0))
            else:
                await self._stop(member, chance.uniform(*self._course.stop))

    async def _kill(self, member: Member, pause: float) -> None:
        await self.at_work(member)
        at = self._passed
        await member.kill()
        self.on_kill(member)
        await asyncio.sleep(pause)
        await member.start()
        self.deeds.append(Deed(at=at, what="kill -9", whom=member.name, lasted=pause))

    async def _stop(self, member: Member, seconds: float) -> None:
        at = self._passed
        member.stand_still()
        await asyncio.sleep(seconds)
        member.go_on()
        self.deeds.append(Deed(at=at, what="SIGSTOP, SIGCONT", whom=member.name, lasted=seconds))

    async def _take_postgres_away(self) -> None:
        chance = random.Random(f"{self._course.seed} postgres")
        for number in range(1, self._course.outages + 1):
            share = (number - chance.uniform(0.2, 0.6)) / self._course.outages
            await asyncio.sleep(max(self._course.asking * share - self._passed, 0.0))
            await self._restart("fast" if number % 2 else "immediate", chance.uniform(*self._course.outage))

    async def _restart(self, mode: str, seconds: float) -> None:
        at, self.away = self._passed, True
        await asyncio.to_thread(self._crew.postgres.stop, mode=mode)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._crew.postgres.start)
        self.away = False
        self.deeds.append(Deed(at=at, what=f"stopped ({mode}), started", whom="PostgreSQL", lasted=self._passed - at))


async def _at_once(_member: Member) -> None:
    return None
