"""A `Netboot` for tests of machines: it gives the jobs that a test wrote down, and remembers every word."""

from typing import NamedTuple

from colony_core.domain.hardware import Inventory
from colony_core.domain.reports import Report
from colony_core.domain.secrets import Secret
from colony_core.errors import Unauthorized, Unavailable
from colony_core.ports.netboot import AskAgain, BootAgent, BootAnswer, BootLocalDisk, Job, TurnOff


class Word(NamedTuple):
    """What the machine with MAC address `mac` said: the name of the port's method, and its argument."""

    mac: str
    kind: str
    content: object = None


class ScriptedNetboot:
    """Boots the agent on every machine that has a job in `jobs` (by MAC), and all others from their disks.

    A job that was reported as done is over. `given` holds every job that was handed out. `deaf` makes the next
    words go unheard, `later` makes the next questions be asked again after as many seconds.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.given: list[tuple[str, Job]] = []
        self.words: list[Word] = []
        self.deaf = 0
        self.later: list[int] = []
        self._tokens: dict[Secret, str] = {}

    def said(self, kind: str) -> list[object]:
        """Return the contents of every word of this *kind*, oldest first."""
        return [word.content for word in self.words if word.kind == kind]

    def revoke(self, mac: str) -> None:
        """Let every token of this machine be dead from now on."""
        self._tokens = {token: owner for token, owner in self._tokens.items() if owner != mac}

    async def boot(self, mac: str, *, uuid: str = "") -> BootAnswer:
        self._hear(Word(mac, "boot", uuid))
        if self.later:
            return AskAgain(self.later.pop(0))
        if mac not in self.jobs:
            return BootLocalDisk()
        token = Secret(f"token-{len(self._tokens)}-of-{mac}")
        self._tokens[token] = mac
        return BootAgent(token)

    async def send_inventory(self, token: Secret, inventory: Inventory) -> None:
        self._hear(Word(self._owner(token), "inventory", inventory))

    async def job(self, token: Secret) -> Job:
        mac = self._owner(token)
        self._hear(Word(mac, "job"))
        if self.later:
            return AskAgain(self.later.pop(0))
        job = self.jobs.get(mac, TurnOff())
        self.given.append((mac, job))
        return job

    async def progress(self, token: Secret, message: str) -> None:
        self._hear(Word(self._owner(token), "progress", message))

    async def done(self, token: Secret, report: Report) -> None:
        self._hear(Word(self._owner(token), "done", report))
        self.jobs.pop(self._owner(token), None)

    async def failed(self, token: Secret, message: str) -> None:
        self._hear(Word(self._owner(token), "failed", message))

    async def booted(self, token: Secret) -> None:
        self._hear(Word(self._owner(token), "booted"))

    def _owner(self, token: Secret) -> str:
        mac = self._tokens.get(token)
        if mac is None:
            raise Unauthorized("The token belongs to no living workflow")
        return mac

    def _hear(self, word: Word) -> None:
        if self.deaf:
            self.deaf -= 1
            raise Unavailable("Nobody listens for the moment")
        self.words.append(word)
