"""Every controller is polled in its turn; dead ones delay neither the living nor the work, and news are told once."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from colony_core.application.colony import Colony, Policy
from colony_core.domain.events import Entry, EventType
from colony_core.domain.hardware import Power
from colony_core.domain.healths import BmcState, Health
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.registration import AssetChanges, BmcChanges
from colony_core.domain.rounds import Polling
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, Controller, Hardware
from colony_core.ports.persistence import EntryFilter
from colony_simulator import Refusing, Silent, Slow
from colony_testkit.lab import EVERYTHING, Lab

MINUTE = timedelta(minutes=1)
USUAL = Polling()


class Counting:
    """A `Hardware` that notes when each power was read, and how many calls there were at once."""

    def __init__(self, hardware: Hardware, now: Callable[[], datetime]) -> None:
        self._hardware = hardware
        self.now = now
        self.answers: dict[str, list[datetime]] = defaultdict(list)
        self.begun: dict[str, list[datetime]] = defaultdict(list)
        self.in_flight = self.most = 0

    def controller(self, access: Access) -> Controller:
        return CountingController(self, self._hardware.controller(access), access.bmc.address)  # type: ignore[return-value]  # polls read the power alone

    async def aclose(self) -> None:
        pass


class CountingController:
    def __init__(self, counting: Counting, controller: Controller, address: str) -> None:
        self._counting = counting
        self._controller = controller
        self._address = address

    async def power(self) -> Power:
        counting = self._counting
        counting.begun[self._address].append(counting.now())
        counting.in_flight += 1
        counting.most = max(counting.most, counting.in_flight)
        try:
            power = await self._controller.power()
        finally:
            counting.in_flight -= 1
        counting.answers[self._address].append(counting.now())
        return power


class Tower:
    """A colony whose poller runs, and nothing else; silence takes its time by the virtual clock."""

    def __init__(self, machines: int = 3, *, polling: Polling = USUAL, sessions: int = 64) -> None:
        self.lab = Lab(machines)
        self.lab.rack.hardware.takes_time = True
        self.clock = self.lab.clock
        self.hardware = Counting(self.lab.rack.hardware, self.clock.now)
        self.lab.hardware = self.hardware
        self.lab.policy = Policy(polling=polling, bmc_sessions=sessions)
        self.colony: Colony = self.lab.open()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        poller = asyncio.create_task(self.colony.poller.run())
        try:
            yield
            assert not poller.done()
        finally:
            poller.cancel()
            await asyncio.gather(poller, return_exceptions=True)

    async def pass_time(self, time: timedelta) -> None:
        until = self.clock.now() + time
        while True:
            for _ in range(12):
                await asyncio.sleep(0)
            due = self.clock.next_call()
            if due is None or due > until:
                self.clock.advance_to(until)
                return
            self.clock.advance_to(due)

    async def healths(self) -> dict[str, Health]:
        async with self.lab.store.reading() as look:
            return await look.healths.get_many([machine.name for machine in self.lab.rack.machines])

    async def health(self, number: int = 1) -> Health:
        return (await self.healths())[f"asset-{number}"]

    async def told(self) -> list[Entry]:
        """Return what was told of controllers and of power."""
        async with self.lab.store.reading() as look:
            entries = (await look.journal.page(EVERYTHING, EntryFilter())).items
        return [entry for entry in entries if entry.type in {EventType.BMC, EventType.POWER}]

    def address(self, number: int) -> str:
        return self.lab.rack.machine(f"asset-{number}").bmc.address


@pytest.fixture
async def tower() -> AsyncIterator[Tower]:
    tower = Tower()
    await tower.lab.enrol()
    async with tower.watching():
        yield tower


async def test_every_controller_is_asked_once_in_an_interval_and_its_state_is_stored(tower: Tower) -> None:
    await tower.pass_time(10 * MINUTE + timedelta(seconds=10))

    health = await tower.health()
    assert health.state is BmcState.OK
    assert health.power is not None
    assert health.power.power is Power.OFF
    assert health.power.at == health.checked_at
    assert tower.clock.now() - health.checked_at <= MINUTE + timedelta(seconds=10)
    assert {len(tower.hardware.answers[tower.address(number)]) for number in (1, 2, 3)} <= {10, 11}


async def test_polling_leaves_the_revision_of_assets_alone_and_tells_nothing(tower: Tower) -> None:
    before = await tower.lab.assets()

    await tower.pass_time(10 * MINUTE)
    assert await tower.lab.assets() == before
    assert await tower.told() == []


async def test_a_controller_that_dies_is_told_of_once_and_so_is_its_return(tower: Tower) -> None:
    await tower.pass_time(2 * MINUTE)
    tower.lab.rack.fault("asset-2", Silent())
    died = tower.clock.now()
    await tower.pass_time(30 * MINUTE)
    dead = await tower.health(2)
    tower.lab.rack.mend("asset-2")
    await tower.pass_time(10 * MINUTE)

    assert dead.state is BmcState.DEGRADED
    assert dead.since is not None
    assert died < dead.since < died + 2 * MINUTE
    assert "answer" in dead.why
    assert dead.power is not None
    assert dead.power.at < died
    assert [(entry.asset_id, entry.status) for entry in await tower.told()] == [
        ("asset-2", "degraded"),
        ("asset-2", "ok"),
    ]
    assert (await tower.health(2)).why == ""


async def test_a_dead_controller_is_asked_less_and_less_often(tower: Tower) -> None:
    tower.lab.rack.fault("asset-2", Silent())
    await tower.pass_time(40 * MINUTE)

    asked = tower.hardware.begun[tower.address(2)]
    late = [at for at in asked if at > tower.clock.now() - 20 * MINUTE]
    assert 3 <= len(late) <= 9


async def test_refused_credentials_are_tried_once_and_then_not_before_they_are_changed() -> None:
    tower = Tower(1)
    await tower.lab.enrol()
    tower.lab.rack.fault("asset-1", Refusing())
    async with tower.watching():
        await tower.pass_time(20 * MINUTE)
        refused = await tower.health()
        assert len(tower.hardware.begun[tower.address(1)]) == 1
        tower.lab.rack.mend("asset-1")
        tower.lab.rack.machine("asset-1").password = Secret("new")
        await tower.colony.assets.change("asset-1", AssetChanges(bmc=BmcChanges(password=Secret("new"))))
        await tower.pass_time(2 * MINUTE)

    assert refused.state is BmcState.REFUSED
    assert (await tower.health()).state is BmcState.OK
    assert [entry.status for entry in await tower.told()] == ["refused"]


async def test_a_restart_does_not_try_refused_credentials_again_nor_tell_twice() -> None:
    tower = Tower(2)
    await tower.lab.enrol()
    tower.lab.rack.fault("asset-1", Refusing())
    tower.lab.rack.fault("asset-2", Silent())
    async with tower.watching():
        await tower.pass_time(10 * MINUTE)
    told = await tower.told()
    since = {name: health.since for name, health in (await tower.healths()).items()}

    tower.colony = tower.lab.open()
    async with tower.watching():
        await tower.pass_time(10 * MINUTE)
    assert len(tower.hardware.begun[tower.address(1)]) == 1
    assert await tower.told() == told
    assert {name: health.since for name, health in (await tower.healths()).items()} == since


async def test_a_slow_controller_is_slow_and_not_dead(tower: Tower) -> None:
    tower.lab.rack.fault("asset-3", Slow(seconds=4.5))
    await tower.pass_time(15 * MINUTE)

    assert (await tower.health(3)).state is BmcState.OK
    told = await tower.told()
    assert len(told) <= 2, "once it is taken for dead, until it was given more time"
    await tower.pass_time(15 * MINUTE)
    assert await tower.told() == told


async def test_power_that_somebody_else_switched_is_told_of(tower: Tower) -> None:
    await tower.pass_time(2 * MINUTE)
    await tower.lab.rack.hardware.controller(await access(tower)).set_power(Power.ON)
    await tower.lab.rack.run_due()
    tower.clock.advance(timedelta(seconds=5))
    await tower.lab.rack.run_due()
    await tower.pass_time(2 * MINUTE)

    (entry,) = await tower.told()
    assert (entry.type, entry.asset_id, entry.status) == (EventType.POWER, "asset-1", "on")
    assert entry.message == "Asset asset-1 was off and is on, and no work of Colony's is why"


async def access(tower: Tower) -> Access:
    machine = tower.lab.rack.machine("asset-1")
    return Access(machine.bmc, machine.password)


async def test_a_machine_that_is_worked_on_is_left_alone(tower: Tower) -> None:
    await tower.colony.assets.provision("asset-1", ProvisionRequest())
    await tower.pass_time(10 * MINUTE)

    assert tower.hardware.begun[tower.address(1)] == []
    assert len(tower.hardware.begun[tower.address(2)]) >= 10


async def test_a_machine_that_is_registered_later_is_found_and_one_that_is_forgotten_is_not_asked_again() -> None:
    tower = Tower(2)
    await tower.lab.colony.assets.enrol([(tower.lab.registration(1), tower.lab.rack.machine("asset-1").inventory)])
    async with tower.watching():
        await tower.pass_time(3 * MINUTE)
        await tower.colony.assets.forget("asset-1")
        await tower.pass_time(timedelta(seconds=10))
        asked = len(tower.hardware.begun[tower.address(1)])
        machine = tower.lab.rack.machine("asset-2")
        await tower.colony.assets.enrol([(tower.lab.registration(2), machine.inventory)])
        await tower.pass_time(3 * MINUTE)

    assert len(tower.hardware.begun[tower.address(1)]) == asked
    assert list(await tower.healths()) == ["asset-2"]


async def test_polls_never_exceed_their_budget() -> None:
    tower = Tower(200, polling=Polling(interval=timedelta(seconds=10), per_second=5))
    await tower.lab.enrol()
    async with tower.watching():
        await tower.pass_time(2 * MINUTE)

    begun = sorted(at for each in tower.hardware.begun.values() for at in each)
    for number, at in enumerate(begun):
        assert sum(at <= other <= at + timedelta(seconds=10) for other in begun[number : number + 70]) <= 60
    assert 550 <= len(begun) <= 610
    assert max(map(len, tower.hardware.begun.values())) - min(map(len, tower.hardware.begun.values())) <= 1


async def test_polls_of_one_second_begin_one_after_the_other() -> None:
    tower = Tower(200, polling=Polling(interval=timedelta(seconds=4)))
    await tower.lab.enrol()
    async with tower.watching():
        await tower.pass_time(timedelta(seconds=20))

    begun = Counter(at for each in tower.hardware.begun.values() for at in each)
    assert begun.total() > 500
    assert max(begun.values()) <= 2


async def test_without_an_interval_nothing_is_polled() -> None:
    tower = Tower(1, polling=Polling(interval=timedelta(0)))
    await tower.lab.enrol()

    await tower.colony.poller.run()
    assert tower.hardware.begun == {}


@pytest.mark.parametrize("died_later", [False, True])
async def test_a_thousand_dead_controllers_do_not_delay_fifty_living_ones(*, died_later: bool) -> None:
    tower = Tower(1050, sessions=256)
    await tower.lab.enrol()
    living = [number for number in range(1, 1051) if number % 21 == 0]
    dead = sorted(set(range(1, 1051)) - set(living))
    async with tower.watching():
        if died_later:
            await tower.pass_time(2 * MINUTE)
        for number in dead:
            tower.lab.rack.fault(f"asset-{number}", Silent())
        began = tower.clock.now()
        await tower.pass_time(10 * MINUTE)

    for number in living:
        answers = [began, *(at for at in tower.hardware.answers[tower.address(number)] if at >= began)]
        waits = [later - earlier for earlier, later in pairwise(answers)]
        assert max(waits) <= MINUTE + timedelta(seconds=3)
        assert len(answers) >= 10
    assert tower.hardware.most <= 256
    healths = await tower.healths()
    assert {healths[f"asset-{number}"].state for number in living} == {BmcState.OK}
    assert {healths[f"asset-{number}"].state for number in dead} == {BmcState.DEGRADED}
