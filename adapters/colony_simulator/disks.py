"""Disks with contents: not bytes, but which bytes were written and by what, so that a test can tell them apart."""

from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from colony_core.domain.hardware import Disk
from colony_core.domain.orders import StaticNetwork, WipeMethod
from colony_core.domain.secrets import Secret

MIB = 1024**2

HEAD = MIB
"""Bytes at the beginning of a disk that hold its partition table; as many hold the copy at its end."""


class Extent(Struct, frozen=True, order=True):
    """Bytes from `start` up to `end` that hold what `label` says; by a `signature` it is found, as a file system is."""

    start: int
    end: int
    label: str
    signature: bool = False


class Installation(Struct, kw_only=True):
    """A complete operating system on a disk.

    `token` is what it was given to say that it is up, until that was heard. `etcd` names the etcd that a control
    plane is a member of; `left` marks a node that its cluster has forgotten.
    """

    template: str
    hostname: str
    network: StaticNetwork | None
    token: Secret | None
    at: datetime
    etcd: str = ""
    left: bool = False

    @property
    def address(self) -> str:
        """Return where the system is found: its static address, or its name where addresses are handed out."""
        return self.network.ip if self.network else self.hostname


class SimulatedDisk(Struct, kw_only=True):
    """One disk: what it is, which of its bytes hold something, and how often it was written to or erased."""

    identity: Disk
    extents: list[Extent] = field(default_factory=list)
    installation: Installation | None = None
    touched: int = 0

    def write(self, extent: Extent) -> None:
        """Replace what was in the place of *extent*; an operating system that was there is complete no more."""
        self._clear(extent.start, extent.end)
        self.extents = sorted([*self.extents, extent])

    def erase(self, method: WipeMethod) -> int:
        """Erase as *method* does, and return how many bytes that were."""
        spans = self._spans(method)
        for start, end in spans:
            self._clear(start, end)
        return sum(end - start for start, end in spans)

    def is_erased(self, method: WipeMethod) -> bool:
        """Tell whether reading back finds nothing of what *method* erases: no signature, or no byte at all."""
        if method is WipeMethod.SIGNATURES:
            return not any(extent.signature for extent in self.extents)
        return not self.extents

    def _spans(self, method: WipeMethod) -> set[tuple[int, int]]:
        size = self.identity.size_bytes
        if method is not WipeMethod.SIGNATURES:
            return {(0, size)}
        found = {(extent.start, extent.end) for extent in self.extents if extent.signature}
        return {(0, HEAD), (size - HEAD, size)} | found

    def _clear(self, start: int, end: int) -> None:
        self.installation = None
        self.touched += 1
        kept = []
        for extent in self.extents:
            if extent.start < min(extent.end, start):
                kept.append(replace(extent, end=min(extent.end, start)))
            if max(extent.start, end) < extent.end:
                kept.append(replace(extent, start=max(extent.start, end)))
        self.extents = sorted(kept)
