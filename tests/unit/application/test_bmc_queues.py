"""One queue for each controller, on a virtual clock: whatever adapter is behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.application.bmc_queues import BmcQueues
from colony_core.domain.breakers import Pace
from colony_core.domain.hardware import Bmc, Power, Protocol
from colony_core.domain.healths import BmcState, Health
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
    Controller,
)
from colony_simulator import SimulatedRack, VirtualClock
from colony_testkit.lab import CountedChance

SECOND = timedelta(seconds=1)
GAP = timedelta(milliseconds=100)
PACE = Pace(gap=GAP)
END = 3600

Behave = Callable[[], Awaitable[object]]


class Scripted:
    """A `Hardware` whose controllers behave as told, and that counts what they are asked, and at what moment."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.rack = SimulatedRack.of(1, clock=clock)
        self.begun: list[tuple[str, datetime]] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once: dict[str, int] = {}
        self.most_in_all = 0
        self.behaviours: dict[str, Behave] = {}

    def behave(self, address: str, behaviour: Behave) -> None:
        self.behaviours[address] = behaviour

    def controller(self, access: Access) -> Controller:
        return ScriptedController(self, access)  # type: ignore[return-value]  # only what these tests call

    async def aclose(self) -> None:
        pass

    def asked(self, address: str = "192.168.2.50") -> list[float]:
        """Return at what seconds a controller was asked."""
        start = VirtualClock().now()
        return [round((at - start).total_seconds(), 3) for place, at in self.begun if place == address]


class ScriptedController:
    def __init__(self, hardware: Scripted, access: Access) -> None:
        self._hardware = hardware
        self._address = access.bmc.address

    async def power(self) -> Power:
        await self._call()
        return Power.ON

    async def set_power(self, power: Power) -> None:
        await self._call()

    async def restart(self) -> None:
        await self._call()

    async def _call(self) -> None:
        hardware, address = self._hardware, self._address
        hardware.begun.append((address, hardware.clock.now()))
        hardware.at_once[address] = hardware.at_once.get(address, 0) + 1
        hardware.most_at_once[address] = max(hardware.most_at_once.get(address, 0), hardware.at_once[address])
        hardware.most_in_all = max(hardware.most_in_all, sum(hardware.at_once.values()))
        try:
            if address in hardware.behaviours:
                await hardware.behaviours[address]()
        finally:
            hardware.at_once[address] -= 1


def access(number: int = 0, password: str = "right") -> Access:
    bmc = Bmc(protocol=Protocol.IPMI, address=f"192.168.2.{50 + number}", port=623, username="admin")
    return Access(bmc, Secret(password))


class Desk:
    """Queues over scripted hardware, and time that passes when it is told to."""

    def __init__(self, *, sessions: int = 64, pace: Pace = PACE) -> None:
        self.clock = VirtualClock()
        self.hardware = Scripted(self.clock)
        self.queues = BmcQueues(self.hardware, clock=self.clock, chance=CountedChance(), pace=pace, sessions=sessions)

    def power(self, number: int = 0, *, asker: str | None = None, password: str = "right") -> Awaitable[Power]:
        return self.queues.controller(access(number, password), asker=asker).power()

    async def takes(self, seconds: float) -> None:
        await self.clock.sleep_until(self.clock.now() + timedelta(seconds=seconds))

    def slow(self, seconds: float, *, number: int = 0) -> None:
        self.hardware.behave(access(number).bmc.address, lambda: self.takes(seconds))

    def failing(self, error: Exception, *, number: int = 0) -> None:
        async def fail() -> None:
            raise error

        self.hardware.behave(access(number).bmc.address, fail)

    def silent(self, *, number: int = 0) -> None:
        self.slow(END, number=number)

    async def pass_time(self, seconds: float) -> None:
        """Let whoever waits for the clock go on at the moment that he waits for."""
        until = self.clock.now() + timedelta(seconds=seconds)
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            due = self.clock.next_call()
            if due is None or due > until:
                self.clock.advance_to(until)
                return
            self.clock.advance_to(due)

    async def outcome(self, call: Awaitable[Any], *, seconds: float = END) -> Any:
        """Return what *call* gives, or the error that it raises, in so many seconds."""
        task = asyncio.ensure_future(call)
        step = 0.5
        for _ in range(int(seconds / step)):
            await self.pass_time(step)
            if task.done():
                break
        assert task.done()
        return task.exception() or task.result()


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def together(desk: Desk, *calls: Coroutine[Any, Any, Any] | Awaitable[Any]) -> list[Any]:
    every = asyncio.gather(*calls, return_exceptions=True)
    await desk.outcome(every)
    return await every


async def test_a_controller_is_asked_one_thing_at_a_time_with_a_gap_between(desk: Desk) -> None:
    desk.slow(2)
    controller = desk.queues.controller(access())

    await together(desk, controller.set_power(Power.ON), controller.power(), controller.restart())

    assert desk.hardware.most_at_once == {"192.168.2.50": 1}
    assert desk.hardware.asked() == [0, 2.1, 4.2]


async def test_controllers_do_not_wait_for_each_other(desk: Desk) -> None:
    for number in range(5):
        desk.slow(2, number=number)

    await together(desk, *(desk.power(number) for number in range(5)))

    assert {desk.hardware.asked(f"192.168.2.{50 + number}")[0] for number in range(5)} == {0}


async def test_calls_begin_evenly_however_many_come_at_once() -> None:
    desk = Desk(pace=Pace(per_second=10))
    desk.slow(2, number=3)

    await together(desk, *(desk.power(number) for number in range(40)))

    assert len(desk.hardware.begun) == 40
    assert {later - earlier for (_, earlier), (_, later) in pairwise(desk.hardware.begun)} == {SECOND / 10}


async def test_a_call_that_comes_late_begins_at_once() -> None:
    desk = Desk(pace=Pace(per_second=10))
    await together(desk, desk.power(0), desk.power(1))
    late = desk.clock.now()

    await together(desk, desk.power(2))

    assert desk.hardware.begun[-1][1] == late


async def test_who_reads_the_power_at_the_same_time_shares_one_exchange(desk: Desk) -> None:
    desk.slow(2)

    assert await together(desk, *(desk.power() for _ in range(7))) == [Power.ON] * 7
    assert desk.hardware.asked() == [0]
    reading = desk.queues.power_of(access().bmc)
    assert reading is not None
    assert reading.power is Power.ON
    assert reading.at == VirtualClock().now() + 2 * SECOND


async def test_a_reading_that_is_over_is_not_shared(desk: Desk) -> None:
    await desk.outcome(desk.power())
    await desk.outcome(desk.power())

    assert len(desk.hardware.asked()) == 2


async def test_a_reader_who_gives_up_takes_nothing_from_the_others(desk: Desk) -> None:
    desk.slow(2)
    first, second = asyncio.ensure_future(desk.power()), asyncio.ensure_future(desk.power())
    await desk.pass_time(1)
    first.cancel()

    assert await desk.outcome(second) is Power.ON
    assert desk.hardware.asked() == [0]


async def test_when_the_last_reader_gives_up_the_exchange_ends_and_the_next_begins_after_the_gap(desk: Desk) -> None:
    desk.silent()
    given_up = asyncio.ensure_future(desk.power())
    await desk.pass_time(1)
    given_up.cancel()
    await desk.pass_time(0)
    desk.slow(0)

    assert await desk.outcome(desk.power()) is Power.ON
    assert desk.hardware.asked() == [0, 1.1]
    assert desk.hardware.most_at_once == {"192.168.2.50": 1}


async def test_silence_ends_at_the_deadline(desk: Desk) -> None:
    desk.silent()

    error = await desk.outcome(desk.power(), seconds=PACE.deadline.total_seconds() + 1)
    assert isinstance(error, BmcUnreachable)
    assert "192.168.2.50:623 did not answer within 25 s" in error.details
    assert desk.hardware.at_once == {"192.168.2.50": 0}


async def test_after_failures_in_a_row_nobody_asks_until_the_rest_is_over(desk: Desk) -> None:
    desk.failing(BmcUnreachable("It does not answer"))
    for _ in range(3):
        await desk.outcome(desk.power())
    asked = len(desk.hardware.asked())

    turned_away = await desk.outcome(desk.power(), seconds=1)
    assert isinstance(turned_away, BmcUnreachable)
    assert "It does not answer (so since 2026-01-01T00:00:00Z): it is not asked before 2026-01-01T00:00:" in str(
        turned_away
    )
    assert len(desk.hardware.asked()) == asked == 3
    assert desk.queues.gate(access().bmc).state is BmcState.DEGRADED


async def test_one_call_tries_a_controller_that_has_rested_and_the_others_get_its_outcome(desk: Desk) -> None:
    desk.failing(BmcBusy("No session is free"))
    for _ in range(3):
        await desk.outcome(desk.power())
    await desk.pass_time(10)

    controllers = [desk.queues.controller(access()) for _ in range(5)]
    outcomes = await together(desk, *(controller.restart() for controller in controllers))
    assert len(desk.hardware.asked()) == 4
    assert {type(outcome) for outcome in outcomes} == {BmcBusy}


async def test_an_answer_opens_the_gate_for_everybody(desk: Desk) -> None:
    desk.failing(BmcProtocolError("Nonsense"))
    for _ in range(3):
        await desk.outcome(desk.power())
    desk.slow(0)
    await desk.pass_time(10)

    controllers = [desk.queues.controller(access()) for _ in range(5)]
    assert await together(desk, *(controller.restart() for controller in controllers)) == [None] * 5
    assert desk.queues.gate(access().bmc).state is BmcState.OK


async def test_credentials_that_were_refused_are_not_tried_again(desk: Desk) -> None:
    desk.failing(BmcRefused("The password is wrong"))
    await desk.outcome(desk.power(asker="workflow-1"))
    await desk.pass_time(END)

    for asker in (None, "workflow-1", None, "workflow-1"):
        refused = await desk.outcome(desk.power(asker=asker), seconds=1)
        assert isinstance(refused, BmcRefused)
        assert "The password is wrong (so since 2026-01-01T00:00:00Z)" in refused.details
        assert "change them, or start the work anew" in refused.details
    assert len(desk.hardware.asked()) == 1


async def test_a_persons_new_wish_asks_once_more_and_other_credentials_always_do(desk: Desk) -> None:
    desk.failing(BmcRefused("The password is wrong"))
    await desk.outcome(desk.power(asker="workflow-1"))

    for _ in range(3):
        await desk.outcome(desk.power(asker="workflow-2"))
    assert len(desk.hardware.asked()) == 2
    desk.slow(0)
    assert await desk.outcome(desk.power(password="another")) is Power.ON


async def test_a_refused_command_says_nothing_against_the_credentials(desk: Desk) -> None:
    desk.failing(BmcCommandRefused("It cannot do that"))

    for _ in range(5):
        assert isinstance(await desk.outcome(desk.power()), BmcCommandRefused)
    assert len(desk.hardware.asked()) == 5
    assert desk.queues.gate(access().bmc).state is BmcState.OK


async def test_what_is_forgotten_is_asked_at_once(desk: Desk) -> None:
    desk.failing(BmcRefused("The password is wrong"))
    await desk.outcome(desk.power())
    desk.slow(0)

    desk.queues.forget(access().bmc)
    assert await desk.outcome(desk.power(), seconds=1) is Power.ON


async def test_an_adapter_that_breaks_is_a_controller_that_fails(desk: Desk) -> None:
    desk.failing(ZeroDivisionError())

    for _ in range(3):
        assert isinstance(await desk.outcome(desk.power()), ZeroDivisionError)
    gate = desk.queues.gate(access().bmc)
    assert (gate.state, gate.why) == (BmcState.DEGRADED, "The controller's adapter broke (ZeroDivisionError)")


async def test_a_wish_reads_for_itself_when_a_poll_that_it_joined_has_less_time(desk: Desk) -> None:
    desk.slow(5)
    poll = desk.queues.controller(access(), deadline=2 * SECOND).power()
    wish = desk.power(asker="workflow-1")

    outcomes = await together(desk, poll, wish)
    assert isinstance(outcomes[0], BmcUnreachable)
    assert outcomes[1] is Power.ON


async def test_silent_controllers_leave_room_for_those_that_answer() -> None:
    desk = Desk(sessions=8)
    living, dead = range(40), range(100, 150)
    await together(desk, *(desk.power(number) for number in living))
    for number in dead:
        desk.silent(number=number)
    waiting = [asyncio.ensure_future(desk.power(number)) for number in dead]
    await desk.pass_time(1)
    began = desk.clock.now()

    assert await together(desk, *(desk.power(number) for number in living)) == [Power.ON] * 40
    assert desk.clock.now() - began < PACE.deadline / 4
    assert desk.hardware.most_in_all <= 8
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not any(desk.hardware.at_once.values())


async def test_everybody_comes_to_his_turn_in_the_end() -> None:
    desk = Desk(sessions=4)
    for number in range(60):
        desk.slow(1, number=number)

    assert await together(desk, *(desk.power(number) for number in range(60))) == [Power.ON] * 60
    assert desk.hardware.most_in_all == 3  # the fourth is kept for those that answered before


async def test_a_new_process_goes_on_where_the_last_one_was(desk: Desk) -> None:
    health = Health(
        asset_id="asset-1", state=BmcState.REFUSED, since=desk.clock.now(), why="No", checked_at=desk.clock.now()
    )
    desk.queues.recall(access(), health)

    assert isinstance(await desk.outcome(desk.power(), seconds=1), BmcRefused)
    assert desk.hardware.asked() == []
    desk.queues.recall(access(), replace(health, state=BmcState.OK))
    assert desk.queues.gate(access().bmc).state is BmcState.REFUSED


@settings(max_examples=25)
@given(
    durations=st.lists(st.sampled_from([0.0, 0.5, 3.0, 60.0]), min_size=1, max_size=12),
    given_up=st.lists(st.booleans(), min_size=12, max_size=12),
)
async def test_no_controller_is_ever_asked_twice_at_once_and_the_gap_is_kept(
    durations: list[float], given_up: list[bool]
) -> None:
    desk = Desk()
    left = iter([*durations, *durations, *durations])
    desk.hardware.behave("192.168.2.50", lambda: desk.takes(next(left, 0.0)))
    controller = desk.queues.controller(access())
    calls = [
        asyncio.ensure_future(controller.power() if number % 3 else controller.restart())
        for number in range(len(durations))
    ]
    await desk.pass_time(1)
    for call, gives_up in zip(calls, given_up, strict=False):
        if gives_up:
            call.cancel()

    await together(desk, *calls)
    asked = desk.hardware.asked()
    assert desk.hardware.most_at_once["192.168.2.50"] == 1
    assert all(later - earlier >= 0.099 for earlier, later in pairwise(asked))
