"""A rack that another process holds: the same contracts over its socket, and what happens when that process is away."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from colony_core.domain.clusters import Cluster
from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.secrets import Secret
from colony_core.errors import Unavailable
from colony_core.ports.hardware import Access, BmcRefused, BmcUnreachable, Controller
from colony_core.ports.platform import Milestone, NotYet, Platform
from colony_simulator import (
    RackSilent,
    RackTaken,
    RemoteRack,
    Silent,
    SimulatedRack,
    Simulation,
    VirtualClock,
    shared,
)
from colony_simulator.rack_clock import RackClock
from colony_simulator.rack_line import RackLine
from colony_simulator.remote import RemoteHardware
from colony_simulator.wire import VERSION, Hello, send
from colony_testkit.hardware_contract import WRONG_PASSWORD, ControllerContract
from colony_testkit.platform_contract import PlatformContract
from colony_testkit.rack_operator import RackOperator, an_install
from colony_testkit.topologies import a_civo_request, a_cluster, a_control_plane, a_spec, a_worker


@pytest.fixture
def rack() -> SimulatedRack:
    return SimulatedRack.of(2, clock=VirtualClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rack.sock"


@pytest.fixture
async def remote(rack: SimulatedRack, path: Path) -> AsyncIterator[RemoteRack]:
    async with shared(rack, path):
        remote = await RemoteRack.open(path)
        yield remote
        await remote.aclose()


def access_to(rack: SimulatedRack) -> Access:
    machine = rack.machines[0]
    return Access(machine.bmc, machine.password)


class TestRemoteController(ControllerContract):
    @pytest.fixture
    def moment(self, rack: SimulatedRack) -> Callable[[], Awaitable[None]]:
        async def a_second() -> None:
            clock = rack.clock
            assert isinstance(clock, VirtualClock)
            await Simulation(rack=rack, clock=clock).run(clock.now() + timedelta(seconds=1))

        return a_second

    @pytest.fixture
    def controller(self, rack: SimulatedRack, remote: RemoteRack) -> Controller:
        return remote.hardware.controller(access_to(rack))

    @pytest.fixture
    def stranger(self, rack: SimulatedRack, remote: RemoteRack) -> Controller:
        return remote.hardware.controller(Access(rack.machines[0].bmc, Secret(WRONG_PASSWORD)))

    @pytest.fixture
    def insider(self, rack: SimulatedRack, remote: RemoteRack) -> Callable[[Secret], Controller]:
        return lambda password: remote.hardware.controller(Access(rack.machines[0].bmc, password))

    @pytest.fixture
    def silence(self, rack: SimulatedRack) -> Callable[[], None]:
        return lambda: rack.fault("asset-1", Silent())


class TestRemotePlatform(PlatformContract):
    @pytest.fixture
    def operator(self, rack: SimulatedRack) -> RackOperator:
        assert isinstance(rack.clock, VirtualClock)
        return RackOperator(rack, clock=rack.clock)

    @pytest.fixture
    async def cluster(self, operator: RackOperator) -> Cluster:
        request = replace(a_civo_request(), control_planes=(a_control_plane(1),), workers=(a_worker(1),), vip=None)
        spec = a_spec(request)
        for machine, node in zip(operator.rack.machines, spec.nodes, strict=True):
            await operator.give(machine, an_install(machine, template="talos", ip=node.ip))
            await operator.controller(machine).set_power(Power.OFF)
            await operator.settle()
        return a_cluster(spec)

    @pytest.fixture
    def platform(self, remote: RemoteRack) -> Platform:
        return remote.platform

    @pytest.fixture
    def authority(self) -> Secret:
        return Secret("the authority of the cluster")

    @pytest.fixture
    def stranger(self) -> Secret:
        return Secret("the authority of another cluster")

    @pytest.fixture
    def start(self, operator: RackOperator) -> Callable[[], Awaitable[None]]:
        async def switch_on() -> None:
            for machine in operator.rack.machines:
                await operator.controller(machine).set_power(Power.ON)

        return switch_on

    @pytest.fixture
    def moment(self, operator: RackOperator) -> Callable[[], Awaitable[None]]:
        return lambda: operator.wait(30)


async def test_the_socket_is_its_owners_alone_and_goes_with_the_rack(rack: SimulatedRack, path: Path) -> None:
    async with shared(rack, path):
        [entry] = os.scandir(path.parent)
        mode = stat.S_IMODE(entry.stat().st_mode)

    assert mode == 0o600
    assert list(os.scandir(path.parent)) == []


async def test_a_second_rack_at_one_socket_is_refused_and_the_first_goes_on(
    rack: SimulatedRack, path: Path, remote: RemoteRack
) -> None:
    with pytest.raises(RackTaken):
        async with shared(SimulatedRack.of(1), path):
            pass

    assert await remote.hardware.controller(access_to(rack)).power() is Power.OFF


async def test_the_socket_that_a_dead_process_left_is_taken_over(rack: SimulatedRack, path: Path) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(shared(rack, path))
        left = path.with_name("left.sock")
        left.hardlink_to(path)
    left.rename(path)

    async with shared(rack, path):
        assert await knows(path, rack)


async def knows(path: Path, rack: SimulatedRack) -> bool:
    remote = await RemoteRack.open(path)
    try:
        return await remote.hardware.controller(access_to(rack)).power() is Power.OFF
    finally:
        await remote.aclose()


async def test_where_nobody_holds_a_rack_that_is_said(path: Path) -> None:
    with pytest.raises(RackSilent, match="Nobody holds a rack"):
        await RemoteRack.open(path)


async def test_while_the_rack_is_away_its_machines_are_unreachable_and_then_it_is_there_again(
    rack: SimulatedRack, path: Path
) -> None:
    first, second = AsyncExitStack(), AsyncExitStack()
    await first.enter_async_context(shared(rack, path))
    remote = await RemoteRack.open(path)
    controller, cluster = remote.hardware.controller(access_to(rack)), a_cluster(a_spec(a_civo_request()))
    await controller.set_boot_device(BootDevice.PXE)

    await first.aclose()
    with pytest.raises(BmcUnreachable, match="does not answer"):
        await controller.power()
    with pytest.raises(RackSilent):
        await remote.platform.check(cluster, Secret("an authority"), Milestone.API)
    knocks = await remote.hardware.probe(rack.machines[0].bmc)
    await second.enter_async_context(shared(rack, path))

    assert not any(knock.answers for knock in knocks)
    assert await controller.boot_device() is BootDevice.PXE
    await remote.aclose()
    await second.aclose()


async def test_calls_that_wait_hear_at_once_that_the_rack_has_gone(rack: SimulatedRack, path: Path) -> None:
    rack.hardware.takes_time = True
    rack.fault("asset-1", Silent())  # the answer comes after five seconds of a clock that stands still
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(shared(rack, path))
        remote = await RemoteRack.open(path)
        waits = asyncio.ensure_future(remote.hardware.controller(access_to(rack)).power())
        while not rack.history:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)

    with pytest.raises(BmcUnreachable, match="hung up"):
        await waits
    await remote.aclose()


async def test_a_rack_whose_process_stands_still_is_given_up(rack: SimulatedRack, path: Path) -> None:
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(lambda _, writer: taken.append(writer), path)
    hardware = RemoteHardware(RackLine(path, patience=0.05))

    with pytest.raises(BmcUnreachable, match="does not answer"):
        await hardware.controller(access_to(rack)).power()
    await hardware.aclose()
    server.close()
    for writer in taken:
        writer.close()


async def test_a_rack_of_another_release_is_not_spoken_to(path: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        send(writer, Hello(VERSION + 1, datetime(2026, 1, 1, tzinfo=UTC), ticks=0.0, speed=1.0))
        writer.close()

    server = await asyncio.start_unix_server(greet, path)

    with pytest.raises(RackSilent, match="of another release"):
        await RemoteRack.open(path)
    server.close()


@pytest.mark.parametrize("ask", [("sing",), ("power", "not an access")])
async def test_what_a_rack_does_not_understand_it_says_and_goes_on(
    ask: tuple[str, ...], rack: SimulatedRack, path: Path, remote: RemoteRack
) -> None:
    line = RackLine(path)

    with pytest.raises(Unavailable, match="does not understand this call"):
        await line.ask(*ask)
    await line.aclose()
    assert await remote.hardware.controller(access_to(rack)).power() is Power.OFF


async def test_the_rack_tells_whatever_its_machines_were_told(rack: SimulatedRack, remote: RemoteRack) -> None:
    await remote.hardware.controller(access_to(rack)).set_power(Power.ON)
    with pytest.raises(BmcRefused):
        await remote.hardware.controller(Access(rack.machines[1].bmc, Secret("wrong"))).restart()

    assert [(each.machine, each.event) for each in await remote.history()] == [
        ("asset-1", "told power on"),
        ("asset-2", "refused a login"),
    ]


async def test_errors_of_clusters_come_over_as_they_are(remote: RemoteRack) -> None:
    with pytest.raises(NotYet, match="does not answer at"):
        await remote.platform.bootstrap(a_cluster(a_spec(a_civo_request())), Secret("an authority"))


def test_the_time_of_a_rack_passes_as_fast_as_it_says_and_never_goes_back() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    clock = RackClock(Hello(1, noon, ticks=0.0, speed=1000.0))
    first = clock.now()
    clock.follow(Hello(1, noon - timedelta(days=9), ticks=0.0, speed=0.001))
    second = clock.now()
    clock.follow(Hello(1, noon + timedelta(days=9000), ticks=0.0, speed=1.0))

    assert noon < first == second < clock.now()
