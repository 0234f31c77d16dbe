"""The duties of a store that one process works on alone: all of them are its own."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable


class LoneDuties:
    """Implements the `Duties` port for the only process of a store; its tasks do a duty one after the other."""

    def __init__(self) -> None:
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work*, once no other task does it."""
        async with self._turns[name]:
            await work()
