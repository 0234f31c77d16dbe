"""What a contract needs beside an adapter: its world, and how that is moved. Factories of `--colony-adapter` make them.

A bare port is enough where nothing has to be moved: a `Clock` of real time, `Authorities`, `Chance`, a `Sealer`, a
`Courier`; for a store it is the function that opens it.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from msgspec import Struct

from colony_core.domain.clusters import Cluster
from colony_core.domain.secrets import Secret
from colony_core.ports.clock import Clock
from colony_core.ports.dispatch import Dispatcher
from colony_core.ports.hardware import Access, Hardware
from colony_core.ports.persistence import Store
from colony_core.ports.platform import Platform
from colony_core.ports.rate_limits import RateLimiter


class HardwareCase(Struct, frozen=True, kw_only=True):
    """An adapter for controllers, and the controller that it is tried on.

    `access` leads to it with the right password, and `silence` makes it answer nothing any more. `moment` lets a
    little of the machine's own time pass: 50 ms of real time, unless it is given.
    """

    hardware: Hardware
    access: Access
    silence: Callable[[], None]
    moment: Callable[[], Awaitable[None]] | None = None


class RateLimiterCase(Struct, frozen=True, kw_only=True):
    """A limiter that remembers nobody, and what makes so many nanoseconds pass for it."""

    limiter: RateLimiter
    advance: Callable[[int], None]


class ClockCase(Struct, frozen=True, kw_only=True):
    """A clock that stands still, and what moves it."""

    clock: Clock
    advance: Callable[[timedelta], Awaitable[None]]


class PlatformCase(Struct, frozen=True, kw_only=True):
    """A platform, and a `civo_stack` of one control plane and one worker that are installed and off at first.

    `start` switches the machines on, and `moment` lets some of their time pass; a few hundred moments must be enough
    for whatever has been begun. `stranger` is an authority that the cluster was not born with.
    """

    platform: Platform
    cluster: Cluster
    authority: Secret
    stranger: Secret
    start: Callable[[], Awaitable[None]]
    moment: Callable[[], Awaitable[None]]


class DispatchCase(Struct, frozen=True, kw_only=True):
    """A store in which nothing waits, and workers that share its work; each is a dispatcher that is at work.

    `hire` begins another worker, and `lose` ends one without a word, as the end of its process does. After `patience`
    of silence others get a worker's calls, and what no wake-up was kept for is found in no more. `let_pass` lets time
    pass. Where several may work at once, `freeze` stops a worker in the middle until `thaw`, and `forget` loses every
    wake-up that is on its way; the three go together.
    """

    store: Store
    clock: Clock
    hire: Callable[[], Awaitable[Dispatcher]]
    lose: Callable[[Dispatcher], Awaitable[None]]
    let_pass: Callable[[timedelta], Awaitable[None]]
    patience: timedelta
    freeze: Callable[[Dispatcher], Awaitable[None]] | None = None
    thaw: Callable[[Dispatcher], Awaitable[None]] | None = None
    forget: Callable[[], Awaitable[None]] | None = None
