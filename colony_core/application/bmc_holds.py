"""One controller for one asker alone: everybody else waits, and then uses the credentials that hold by then."""

from datetime import timedelta

from colony_core.application.alarms import within
from colony_core.application.bell import Bell
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access, BmcBusy


class Hold:
    """Who has a controller for himself now, and which credentials replaced which last."""

    def __init__(self) -> None:
        self._holder: str | None = None
        self._released = Bell()
        self._renewed: tuple[Access, Access] | None = None

    def take(self, asker: str) -> None:
        """Let nobody but *asker* in from now on; one call that is under way already goes on to its end."""
        self._holder = asker

    def release(self) -> None:
        """Let everybody in again."""
        self._holder = None
        self._released.ring()

    def bars(self, asker: str | None) -> bool:
        """Tell whether *asker* has to wait."""
        return self._holder is not None and asker != self._holder

    async def wait(self, access: Access, asker: str | None, *, clock: Clock, deadline: timedelta) -> None:
        """Return once *asker* may go on; raise `BmcBusy` where that takes longer than *deadline*."""
        while True:
            released = self._released.next()  # Taken before the look, so that no release is missed in between.
            if not self.bars(asker):
                return
            where = f"{access.bmc.address}:{access.bmc.port}"
            busy = BmcBusy(f"The password of the controller at {where} is being changed: ask again in a moment")
            await within(clock, deadline, released.wait(), silent=busy)

    def renew(self, old: Access, new: Access) -> None:
        """Let those who come with *old* use *new*: they looked it up before it changed."""
        self._renewed = (old, new) if old != new else None

    def present(self, access: Access) -> Access:
        """Return what holds now where *access* did, as far as is known."""
        return self._renewed[1] if self._renewed is not None and access == self._renewed[0] else access

    def forget(self) -> None:
        """Take credentials as they come: somebody has set them by hand."""
        self._renewed = None
