"""One session that holds advisory locks of controllers: they are ours as long as it lives."""

import asyncio
import contextlib

from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.duties import Beat
from colony_store.postgres.link import Link

_CLASS = 0x436C6D6B
"""The first half of the locks; the second one is the hash of the controller's address."""

_TRY = "SELECT place, pg_try_advisory_lock($1, hashtext(place)) FROM unnest($2::text[]) AS place"
_LEAVE = "SELECT pg_advisory_unlock($1, hashtext(place)) FROM unnest($2::text[]) AS place"
_WAIT = "SELECT pg_advisory_lock($1, hashtext($2))"


class LockSession:
    """A connection, and the task that alone speaks on it: takes and leaves what is wanted, and says that we live.

    `lost` is set when the session has ended, or did not answer in time; the locks may be another's then.
    """

    def __init__(self, link: Link, *, beat: Beat) -> None:
        self.lost = asyncio.Event()
        self._link = link
        self._beat = beat
        self._wanted: dict[str, asyncio.Future[bool]] = {}
        self._unwanted: list[str] = []
        self._rung = asyncio.Event()
        self._going_on = asyncio.create_task(self._go_on(), name="locks of controllers")

    @staticmethod
    async def stand_in_line(link: Link, place: str) -> None:
        """Wait on *link* until its session has the lock of *place*."""
        await link.rows(_WAIT, _CLASS, place)

    async def tried(self, place: str) -> bool:
        """Tell whether the lock of *place* was free, and is ours now; one task at a time may try for a place."""
        if self.lost.is_set():
            raise _gone()
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._wanted[place] = answer
        self._rung.set()
        return await answer

    def leave(self, place: str) -> None:
        """Give the lock of *place* back, soon."""
        self._unwanted.append(place)
        self._rung.set()

    def drop(self) -> None:
        """End the session, and every lock with it; nobody waits for that here."""
        self._going_on.cancel()
        self._link.drop()
        self.lost.set()

    async def end(self) -> None:
        """End the session."""
        self.drop()
        await asyncio.gather(self._going_on, return_exceptions=True)

    async def _go_on(self) -> None:
        try:
            with contextlib.suppress(StoreUnavailable, TimeoutError):
                while True:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._beat.every):
                            await self._rung.wait()
                    self._rung.clear()
                    async with asyncio.timeout(self._beat.answer):
                        await self._settle()
        finally:
            self._link.drop()
            self.lost.set()
            for answer in self._wanted.values():
                if not answer.done():
                    answer.set_exception(_gone())

    async def _settle(self) -> None:
        unwanted, self._unwanted = self._unwanted, []
        if unwanted or not self._wanted:
            await self._link.rows(_LEAVE, _CLASS, unwanted)
        places = list(self._wanted)
        if not places:
            return
        for place, ours in await self._link.rows(_TRY, _CLASS, places):
            answer = self._wanted.pop(place)
            if not answer.done():
                answer.set_result(ours)
            elif ours:
                self.leave(place)  # whoever wanted it has gone


def _gone() -> StoreUnavailable:
    return StoreUnavailable("The database is out of reach: the session that holds the locks has ended")
