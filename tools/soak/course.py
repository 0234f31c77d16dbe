"""How hard it gets: what is asked for, who works on it, and what is done to them, all drawn by one seed."""

from msgspec import Struct


class Course(Struct, frozen=True, kw_only=True):
    """One run. Durations are in real seconds, from the least to the most where there are two.

    `asking` is how long people go on asking, and everybody is troubled; then all may finish. `takeover` is the setting
    of that name, `stop` how long a process stands still, `outage` how long PostgreSQL is away, each of `outages` times.
    With `endless` every machine that was installed is wiped and installed again, as long as people ask.
    """

    seed: int
    asking: float
    takeover: float
    stop: tuple[float, float]
    quiet: tuple[float, float]
    outage: tuple[float, float]
    outages: int = 2
    servers: int = 2
    workers: int = 3
    provisionings: int = 200
    clusters: int = 20
    speed: float = 20.0
    bmc_gap: float = 4.0
    endless: bool = False
    patience: float = 240.0

    @property
    def machines(self) -> int:
        """Return how many machines it takes: each cluster has two, every fifth four."""
        return self.provisionings + sum(size_of(number) for number in range(self.clusters))


def size_of(cluster: int) -> int:
    """Return how many machines cluster number *cluster* is made of."""
    return 4 if cluster % 5 == 0 else 2


def short(seed: int) -> Course:
    """Return what every change is put through: shorter leases and outages, as many machines."""
    return Course(seed=seed, asking=45.0, takeover=3.0, stop=(4.0, 7.0), quiet=(4.0, 12.0), outage=(3.0, 5.0))


def long(seed: int, minutes: float) -> Course:
    """Return the long form: the default lease, a minute of standing still, a minute without PostgreSQL."""
    return Course(
        seed=seed,
        asking=minutes * 60.0,
        takeover=10.0,
        stop=(60.0, 60.0),
        quiet=(15.0, 60.0),
        outage=(60.0, 60.0),
        provisionings=100,
        speed=10.0,
        endless=True,
        patience=900.0,
    )
