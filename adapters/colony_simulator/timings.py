"""How long things take on a simulated machine.

The spans add up to what the documents of the original say of whole workflows: discovery 3 to 8 minutes, Ubuntu 14 to
23, a Talos or K3s cluster 10 to 15, the Civo stack 40 to 60, a wipe 5 to 10.
"""

from msgspec import Struct, field


class Span(Struct, frozen=True):
    """A duration in seconds, drawn evenly from `least` to `most`."""

    least: float
    most: float

    def at(self, share: float) -> float:
        """Return the duration that lies *share* (0 to 1) of the way from `least` to `most`, to the millisecond."""
        return round(self.least + (self.most - self.least) * share, 3)


class Image(Struct, frozen=True, kw_only=True):
    """An operating system that can be installed: its size, how long writing it takes, and how long it then starts."""

    size_bytes: int
    install: Span
    start: Span


IMAGES = {
    "ubuntu-jammy": Image(size_bytes=2_300_000_000, install=Span(340.0, 540.0), start=Span(240.0, 420.0)),
    "ubuntu-noble": Image(size_bytes=2_600_000_000, install=Span(340.0, 540.0), start=Span(240.0, 420.0)),
    "debian-bookworm": Image(size_bytes=1_100_000_000, install=Span(300.0, 480.0), start=Span(200.0, 360.0)),
    "talos": Image(size_bytes=1_300_000_000, install=Span(150.0, 180.0), start=Span(110.0, 140.0)),
    "k3s": Image(size_bytes=2_600_000_000, install=Span(160.0, 190.0), start=Span(140.0, 160.0)),
}
"""What the simulated agent can install, by the name of the template."""


class Timings(Struct, frozen=True, kw_only=True):
    """Spans of everything that takes time; a machine draws anew at every boot.

    `api` is from the bootstrap (or the first k3s server's start) to an answering Kubernetes API, `registration` from
    there, or from a later node's start, to its registration, `stack` the whole installation of the Civo stack. `retry`
    is how long a machine waits before it says again what nobody heard. A controller slower than `bmc_deadline` seconds
    counts as unreachable.
    """

    power_on: Span = Span(1.0, 2.0)
    power_off: Span = Span(1.0, 4.0)
    self_test: Span = Span(80.0, 100.0)
    agent_start: Span = Span(60.0, 85.0)
    inspection: Span = Span(50.0, 90.0)
    wipe: Span = Span(120.0, 270.0)
    images: dict[str, Image] = field(default_factory=lambda: dict(IMAGES))
    api: Span = Span(40.0, 65.0)
    registration: Span = Span(30.0, 60.0)
    stack: Span = Span(1850.0, 2550.0)
    retry: float = 5.0
    bmc_deadline: float = 5.0
