"""When a management controller may be asked: a gate in front of each, that shuts when asking is no use or does harm.

A `Gate` is what is known of one controller, `admission` says whether a call may begin, and `answered` and `failed` say
what the call's end makes of the gate. Failures in a row are followed by pauses, then by a shut gate (`degraded`) that
lets one call through after each rest. Credentials that were turned down shut it for good: accounts lock.

Whoever asks may have a name, which stands for one wish of a person (a workflow's id). Through a shut gate each name
is let once, so that a person who mended something need not wait, and no automatism goes on by itself.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.hardware import Bmc
from colony_core.domain.healths import BmcState, Health
from colony_core.domain.secrets import Secret

Credentials = tuple[Bmc, Secret]
"""How a controller is spoken to; other credentials are another try."""


class Trouble(StrEnum):
    """How a call failed."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    PROTOCOL = "protocol"
    REFUSED = "refused"


class Pace(Struct, frozen=True, kw_only=True):
    """How gently controllers are treated.

    `gap` lies between two calls to one controller; a call that takes longer than `deadline` is given up. After each of
    the first failures in a row follows a pause, which begins at `pause` and doubles; from the one numbered `tolerance`
    on the gate is shut, for rests that begin at `rest`, double, and end at `longest_rest`. Chance takes up to half off
    every pause and rest, so that controllers that failed together are not asked together.

    Over all controllers `per_second` calls begin in a second at the most; 0: any number.
    """

    gap: timedelta = timedelta(0)
    deadline: timedelta = timedelta(seconds=25)
    tolerance: int = 3
    pause: timedelta = timedelta(seconds=1)
    rest: timedelta = timedelta(seconds=10)
    longest_rest: timedelta = timedelta(minutes=5)
    per_second: float = 0.0


class Gate(Struct, frozen=True, kw_only=True):
    """What is known of one controller. It is `state` since `since`, because of `trouble`: `why`, a sentence.

    `failures` counts those in a row, the first of them at `failing_since`. Nothing is asked before `ready_at`.
    `turned_down` are the credentials that were refused last, `asker` is who asked last of those with a name.
    """

    state: BmcState = BmcState.UNKNOWN
    since: datetime | None = None
    trouble: Trouble | None = None
    why: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    ready_at: datetime | None = None
    turned_down: Credentials | None = None
    asker: str | None = None


class Shut(Struct, frozen=True):
    """A call must not begin: why and since when, and when it may (None: not by itself)."""

    trouble: Trouble
    why: str
    since: datetime
    until: datetime | None


def admission(gate: Gate, credentials: Credentials, *, asker: str | None, now: datetime) -> datetime | Shut:
    """Return when a call may begin (*now*, or after a pause), or that it must not."""
    wished_anew = asker is not None and asker != gate.asker
    since = gate.since or now
    if gate.turned_down == credentials and not wished_anew:
        return Shut(Trouble.REFUSED, gate.why, since, None)
    ready_at = max(gate.ready_at or now, now)
    if gate.state is not BmcState.DEGRADED:
        return ready_at
    if ready_at > now and not wished_anew:
        return Shut(gate.trouble or Trouble.UNREACHABLE, gate.why, since, ready_at)
    return now


def begun(gate: Gate, *, asker: str | None) -> Gate:
    """Return *gate* after a call of *asker* was let through; it counts even if nobody waits for its end."""
    return gate if asker is None else replace(gate, asker=asker)


def dropped(gate: Gate, *, now: datetime, pace: Pace) -> Gate:
    """Return *gate* after a call that nobody waited for to its end."""
    return replace(gate, ready_at=max(gate.ready_at or now, now + pace.gap))


def answered(gate: Gate, *, now: datetime, pace: Pace) -> Gate:
    """Return *gate* after the controller did what was asked."""
    return Gate(
        state=BmcState.OK,
        since=gate.since if gate.state is BmcState.OK else now,
        ready_at=now + pace.gap,
        asker=gate.asker,
    )


def failed(
    gate: Gate, trouble: Trouble, why: str, *, credentials: Credentials, now: datetime, share: float, pace: Pace
) -> Gate:
    """Return *gate* after a call failed; *share*, from 0 to 1, is what chance takes off a pause."""
    if trouble is Trouble.REFUSED:
        again = gate.state is BmcState.REFUSED
        return Gate(
            state=BmcState.REFUSED,
            since=gate.since if again else now,
            trouble=trouble,
            why=why,
            ready_at=now + pace.gap,
            turned_down=credentials,
            asker=gate.asker,
        )
    failures = gate.failures + 1
    failing = replace(gate, failures=failures, failing_since=gate.failing_since or now)
    if failures < pace.tolerance:
        wait = _doubled(pace.pause, failures - 1, share=share, pace=pace)
        return replace(failing, ready_at=now + max(wait, pace.gap))
    wait = _doubled(pace.rest, failures - pace.tolerance, share=share, pace=pace)
    return replace(
        failing,
        state=BmcState.DEGRADED,
        since=failing.failing_since,
        trouble=trouble,
        why=why,
        ready_at=now + max(wait, pace.gap),
    )


def recalled(health: Health, credentials: Credentials, *, now: datetime, share: float, pace: Pace) -> Gate:
    """Return the gate that an earlier process had shut, or open, as far as *health* remembers it."""
    known = Gate(state=health.state, since=health.since, why=health.why)
    match health.state:
        case BmcState.REFUSED:
            return replace(known, trouble=Trouble.REFUSED, turned_down=credentials)
        case BmcState.DEGRADED:
            wait = _doubled(pace.rest, 0, share=share, pace=pace)
            return replace(known, failures=pace.tolerance, failing_since=health.since, ready_at=now + wait)
    return known


class Standing(StrEnum):
    """How likely it is that a call to a controller ends soon."""

    LIVING = "living"
    NEW = "new"
    FAILING = "failing"


def standing(gate: Gate) -> Standing:
    """Return how a controller stands: one that failed last is failing, whatever it was before."""
    if gate.failures:
        return Standing.FAILING
    return Standing.LIVING if gate.state is BmcState.OK else Standing.NEW


def may_be_seated(who: Standing, taken: dict[Standing, int], *, sessions: int) -> bool:
    """Tell whether one more session may begin where *sessions* are the most there may be, and so many are *taken*.

    Failing controllers never have more than a quarter of all, and together with new ones no more than three quarters:
    the last quarter is for those that answer.
    """
    quarter = max(1, sessions // 4)
    failing, doubtful = taken[Standing.FAILING], taken[Standing.FAILING] + taken[Standing.NEW]
    if doubtful + taken[Standing.LIVING] >= sessions or (who is Standing.FAILING and failing >= quarter):
        return False
    return who is Standing.LIVING or doubtful < max(1, sessions - quarter)


def _doubled(first: timedelta, times: int, *, share: float, pace: Pace) -> timedelta:
    wait = min(first * (1 << min(times, 16)), pace.longest_rest)
    return wait * (1 - share / 2)
