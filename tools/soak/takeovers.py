"""How long the work of a killed worker lies still: seen in the queue, where every piece of work names who has it."""

import asyncio
import re
import time
from contextlib import suppress

import asyncpg
from msgspec import Struct

from soak.crew import Crew, Member

HELD = "SELECT id, queue_manager_id::text AS holder FROM colony_queue.pgqueuer WHERE status = 'picked'"
NAME = re.compile(r"works as ([0-9a-f-]{36})")
_LOOK = 0.05
_CATCH_SECONDS = 3.0


class Takeover(Struct, frozen=True, kw_only=True):
    """How many pieces of work *whom* had when it was killed, and after how many seconds others had the last of them."""

    whom: str
    pieces: int
    seconds: float
    disturbed: bool


class Takeovers:
    """Watches the queue. `seen` has what was taken up, `open` what was not yet."""

    def __init__(self, crew: Crew) -> None:
        self.seen: list[Takeover] = []
        self.open: dict[str, tuple[str, float]] = {}
        self._crew = crew
        self._held: dict[int, str] = {}
        self._pieces: dict[str, int] = {}
        self._disturbed: set[str] = set()

    async def at_work(self, member: Member) -> None:
        """Return when *member* has something in hand, or seldom has."""
        end = time.monotonic() + _CATCH_SECONDS
        names = NAME.findall(member.words)
        while names and names[-1] not in self._held.values() and time.monotonic() < end:  # noqa: ASYNC110 - polled too
            await asyncio.sleep(_LOOK / 5)

    def killed(self, member: Member) -> None:
        """Note that *member* has just been killed."""
        name = NAME.findall(member.words)
        if name:
            self.open[name[-1]] = (member.name, time.monotonic())
            self._pieces[name[-1]] = sum(holder == name[-1] for holder in self._held.values())

    async def watch(self) -> None:
        """Look until cancelled, and again after PostgreSQL was away."""
        while True:
            with suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError
            ):
                connection = await asyncpg.connect(self._crew.url, timeout=5, command_timeout=5)
                try:
                    while True:
                        self._look({row["id"]: row["holder"] for row in await connection.fetch(HELD)})
                        await asyncio.sleep(_LOOK)
                finally:
                    connection.terminate()
            self._disturbed |= set(self.open)
            await asyncio.sleep(_LOOK)

    def _look(self, held: dict[int, str]) -> None:
        if not any(worker.state == "running" and worker.is_ready for worker in self._crew.workers):
            self._disturbed |= set(self.open)
        for name, (whom, since) in list(self.open.items()):
            pieces = sum(holder == name for holder in held.values())
            self._pieces[name] = max(self._pieces[name], pieces)
            if pieces == 0:
                del self.open[name]
                if self._pieces[name]:
                    self.seen.append(
                        Takeover(
                            whom=whom,
                            pieces=self._pieces[name],
                            seconds=time.monotonic() - since,
                            disturbed=name in self._disturbed,
                        )
                    )
        self._held = held
