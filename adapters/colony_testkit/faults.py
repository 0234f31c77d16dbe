"""Faults of hardware as values, and every script of them that Hypothesis may think of.

    @given(script=fault_scripts(["asset-1", "asset-2"]))
    async def test_...(script: FaultScript) -> None:
        rack = SimulatedRack.of(2)
        script.play(rack)

A script shrinks towards one `Silent` controller that is silent at once, for ever.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import get_args

from hypothesis import strategies as st
from msgspec import Struct

from colony_simulator import (
    Busy,
    Chances,
    DiskMissing,
    Fault,
    Flapping,
    ForgetsBootDevice,
    Garbling,
    IgnoresNetworkBoot,
    IgnoresPower,
    KeepsData,
    LiesAboutPower,
    Refusing,
    Silent,
    SimulatedRack,
    Slow,
)

FAULTS: tuple[type[Fault], ...] = get_args(Fault)
"""Every kind of fault that the simulated rack knows."""

CONTROLLER_FAULTS = (Silent, Refusing, Busy, Flapping, Garbling, Slow)
"""The kinds that make a controller fail outright; with the others it answers, and something else is wrong."""

LYING = (LiesAboutPower, IgnoresPower, ForgetsBootDevice, IgnoresNetworkBoot, KeepsData, DiskMissing)
"""The kinds that let hardware say yes, and something else is so: what a service that looks twice sees through."""

SPANS = tuple(map(timedelta, (0, 0, 0, 0, 0), (5, 60, 600, 3600, 12 * 3600)))
"""How long faults last, and when they begin: the lengths of pauses, boots, installations and deadlines."""


class Scripted(Struct, frozen=True, kw_only=True):
    """One fault of one machine: from `after` (counted from when it is played) for so long (None: for ever).

    It strikes at most `times` times (None: at every occasion).
    """

    machine: str
    fault: Fault
    after: timedelta = timedelta(0)
    lasts: timedelta | None = None
    times: int | None = None

    def play(self, rack: SimulatedRack) -> None:
        """Let the fault strike in *rack*, beginning now."""
        until = None if self.lasts is None else self.after + self.lasts
        rack.fault(self.machine, self.fault, after=self.after, until=until, times=self.times)


class FaultScript(Struct, frozen=True):
    """What goes wrong in a rack, and when."""

    faults: tuple[Scripted, ...] = ()

    def play(self, rack: SimulatedRack) -> None:
        """Let everything of the script strike in *rack*, beginning now."""
        for scripted in self.faults:
            scripted.play(rack)


def faults(*kinds: type[Fault]) -> st.SearchStrategy[Fault]:
    """Return a strategy for one fault of these *kinds*, of any kind if none is named."""
    return st.sampled_from(kinds or FAULTS).flatmap(_of_kind)


def _of_kind(kind: type[Fault]) -> st.SearchStrategy[Fault]:
    if kind is Slow:
        return st.builds(Slow, seconds=st.sampled_from((1.0, 4.9, 5.1, 60.0)))
    if kind is Flapping:
        return st.builds(Flapping, seconds=st.sampled_from((5.0, 20.0, 600.0)))
    if kind is DiskMissing:
        return st.just(DiskMissing())
    return st.builds(kind)


def scripted_faults(
    machines: Sequence[str], *, fault: st.SearchStrategy[Fault] | None = None
) -> st.SearchStrategy[Scripted]:
    """Return a strategy for one scripted fault of one of *machines*."""
    return st.builds(
        Scripted,
        machine=st.sampled_from(machines),
        fault=faults() if fault is None else fault,
        after=st.sampled_from((timedelta(0), *SPANS)),
        lasts=st.none() | st.sampled_from(SPANS),
        times=st.none() | st.integers(1, 4),
    )


def fault_scripts(machines: Sequence[str], *, most: int = 4) -> st.SearchStrategy[FaultScript]:
    """Return a strategy for scripts of at most *most* faults of *machines*."""
    return st.builds(FaultScript, st.lists(scripted_faults(machines), max_size=most).map(tuple))


def chances(*, most: float = 0.3) -> st.SearchStrategy[Chances]:
    """Return a strategy for how likely each fault is, mostly not at all and never above *most*."""
    likely = st.sampled_from((0.0, 0.0, 0.0, most / 10, most))
    return st.builds(Chances, **dict.fromkeys(Chances.__struct_fields__, likely))
