"""Tells those who wait that something has happened; the store is where they look what it was."""

import asyncio


class Bell:
    """Rings for everybody who waits now. A ring while nobody waits is not kept: look first, then wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits."""
        self._rung.set()
        self._rung = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Return the event that the next ring sets; take it before you look, and wait for it after."""
        return self._rung
