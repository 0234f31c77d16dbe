"""Which process has which duty: whoever's session holds the advisory lock of its name."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.link import Address, Link

_CLASS = 0x436C6E7A
"""The first half of the locks; the second one is the hash of the duty's name."""

_TAKE = "SELECT pg_try_advisory_lock($1, hashtext($2))"
_LEAVE = "SELECT pg_advisory_unlock($1, hashtext($2))"


class Beat(Struct, frozen=True, kw_only=True):
    """How often a process says that it lives, how long it waits for the answer, and after what silence it is gone.

    All in seconds. Nobody else may have a duty before we know that we have lost it: `every` and `answer` together are
    less than `silence`.
    """

    every: float = 1.5
    answer: float = 3.0
    silence: float = 6.0


class PostgresDuties:
    """Implements the `Duties` port on one connection, made when the first duty is wanted.

    A process that ends loses the connection, and its duties with it, at once. One that falls silent is sent away by the
    server (`idle_session_timeout`), and notices before that, unless it stands still itself.
    """

    def __init__(self, url: str, *, beat: Beat | None = None) -> None:
        self._address = Address(url=Secret(url))
        self._beat = beat or Beat()
        self._wanted: dict[str, asyncio.Event] = {}
        self._held: dict[str, asyncio.Event] = {}
        self._beating: asyncio.Task[None] | None = None

    async def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* while the duty is ours; one task at a time may keep it."""
        while True:
            lost = await self._taken(name)
            task, end = asyncio.ensure_future(work()), asyncio.create_task(lost.wait())
            try:
                await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    return await task
            finally:
                for each in (task, end):
                    each.cancel()
                await asyncio.gather(task, end, return_exceptions=True)
                self._wanted.pop(name, None)

    async def aclose(self) -> None:
        """Give every duty back."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def _taken(self, name: str) -> asyncio.Event:
        """Return once the duty is ours, with what says when it is not any more."""
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat_on(), name="duties")
        try:
            while True:
                self._wanted[name] = taken = asyncio.Event()
                await taken.wait()
                lost = self._held.get(name)
                if lost is not None:
                    return lost
        except BaseException:
            self._wanted.pop(name, None)
            raise

    async def _beat_on(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailable, TimeoutError):
                silence = str(int(self._beat.silence * 1000))
                link = await self._address.connect(idle_session_timeout=silence)
                try:
                    while True:
                        async with asyncio.timeout(self._beat.answer):
                            await self._settle(link)
                        await asyncio.sleep(self._beat.every)
                finally:
                    link.drop()
                    self._lose_all()
            await asyncio.sleep(self._beat.every)

    async def _settle(self, link: Link) -> None:
        """Take what is wanted and free, leave what is wanted no more, and so say that we live."""
        await link.rows("SELECT 1")
        for name in [name for name in self._held if name not in self._wanted]:
            await link.rows(_LEAVE, _CLASS, name)
            self._held.pop(name)
        for name, taken in [*self._wanted.items()]:
            if name not in self._held and (await link.rows(_TAKE, _CLASS, name))[0][0]:
                self._held[name] = asyncio.Event()
            if name in self._held:
                taken.set()

    def _lose_all(self) -> None:
        held, self._held = self._held, {}
        for lost in held.values():
            lost.set()
