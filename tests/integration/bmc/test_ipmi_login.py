"""How sessions begin and end: one attempt, the least privilege, and nothing left behind."""

import asyncio
import gc
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from colony_bmc.ipmi import IpmiHardware
from colony_core.domain.hardware import Power
from colony_core.ports.hardware import Access, BmcBusy, BmcRefused, BmcUnreachable
from colony_testkit.hardware_contract import WRONG_PASSWORD
from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim
from colony_testkit.ipmi_wire import IN_SESSION, OPEN_SESSION, RAKP_1, RAKP_2, RAKP_3, RAKP_4, Packet, Wire, kind

SHA1_PROPOSED = bytes([0, 0, 0, 8, 1, 0, 0, 0, 1, 0, 0, 8, 1, 0, 0, 0, 2, 0, 0, 8, 1, 0, 0, 0])
"""The algorithms of cipher suite 3, as an open session request names them."""

OPERATOR_BY_NAME = 0x13


def with_status(wanted: int, *, of: int) -> Callable[[Packet], Packet]:
    def changed(packet: Packet) -> Packet:
        return packet[:17] + bytes([wanted]) + packet[18:] if kind(packet) == of else packet

    return changed


def without(lost: int) -> Callable[[Packet], Packet | None]:
    return lambda packet: None if kind(packet) == lost else packet


def through(wire: Wire, sim: IpmiSim, *, user: str = USER, password: str = PASSWORD) -> Access:
    return sim.access_as(user, password, port=wire.port)


def sessions(sim: IpmiSim) -> int:
    """Return how many sessions are open beside the one that asks."""
    lines = sim.ipmitool("session", "info", "active").splitlines()
    return next(int(line.split(":")[1]) for line in lines if line.startswith("active sessions")) - 1


def open_sockets() -> int:
    gc.collect()
    return sum(link.is_socket() for link in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize(("user", "password"), [(USER, WRONG_PASSWORD), ("nobody", PASSWORD), ("", PASSWORD)])
async def test_a_refused_login_is_one_attempt(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire, user: str, password: str
) -> None:
    with pytest.raises(BmcRefused):
        await hardware.controller(through(wire, sim, user=user, password=password)).power()

    assert wire.seen(RAKP_1) == 1


async def test_a_login_prints_and_logs_nothing(
    hardware: IpmiHardware,
    sim: IpmiSim,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hardware.controller(sim.access).power()
    with pytest.raises(BmcRefused):
        await hardware.controller(sim.access_as(USER, WRONG_PASSWORD)).power()

    assert (capfd.readouterr(), caplog.text) == (("", ""), "")


@pytest.mark.parametrize("status", [0x09, 0x0A, 0x0D])
async def test_a_privilege_that_is_refused_is_not_asked_for_in_another_way(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire, status: int
) -> None:
    wire.on_the_way_back = with_status(status, of=RAKP_2)

    with pytest.raises(BmcRefused):
        await hardware.controller(through(wire, sim)).power()

    assert wire.seen(RAKP_1) == 1


async def test_a_proof_that_is_refused_is_not_given_again(hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> None:
    wire.on_the_way_back = with_status(0x0F, of=RAKP_4)

    with pytest.raises(BmcRefused):
        await hardware.controller(through(wire, sim)).power()

    assert (wire.seen(RAKP_1), wire.seen(RAKP_3)) == (1, 1)


async def test_a_controller_without_room_for_a_session_may_be_asked_again(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire
) -> None:
    wire.on_the_way_back = with_status(0x01, of=RAKP_2)

    with pytest.raises(BmcBusy, match="Insufficient resources"):
        await hardware.controller(through(wire, sim)).power()


async def test_nobody_talks_us_down_to_ipmi_1_5(hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> None:
    wire.on_the_way_back = lambda packet: packet[:24] + b"\x01" + packet[25:]  # "IPMI 1.5 only"

    with pytest.raises(BmcRefused, match=r"IPMI 1\.5 only"):
        await hardware.controller(through(wire, sim)).power()

    assert len(wire.sent) == 1


async def test_credentials_that_ipmi_has_no_room_for_are_refused_unsent(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire
) -> None:
    for access in (through(wire, sim, password="x" * 21), through(wire, sim, user="x" * 17)):
        with pytest.raises(BmcRefused, match="room"):
            await hardware.controller(access).power()

    assert wire.sent == []


async def test_cipher_suite_3_serves_where_the_better_one_is_not_known(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire
) -> None:
    await hardware.controller(through(wire, sim)).power()

    *_, proposal = [packet for _, packet in wire.sent if kind(packet) == OPEN_SESSION]
    assert proposal.endswith(SHA1_PROPOSED)


async def test_no_more_is_asked_to_be_than_operator(hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> None:
    await hardware.controller(through(wire, sim)).power()

    [rakp_1] = [packet for _, packet in wire.sent if kind(packet) == RAKP_1]
    assert rakp_1[16 + 24] == OPERATOR_BY_NAME


async def test_a_lost_packet_is_sent_again(hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> None:
    patient = IpmiHardware(deadline=20)
    for lost in (OPEN_SESSION + 1, RAKP_2, RAKP_4, IN_SESSION):
        left = [lost]
        wire.on_the_way_back = lambda packet, left=left: (  # type: ignore[misc]  # a default is not in the type
            None if kind(packet) in left and left.pop() else packet
        )

        assert await patient.controller(through(wire, sim)).power() is Power.OFF
        assert left == []


async def test_calls_to_one_controller_take_turns(hardware: IpmiHardware, sim: IpmiSim, wire: Wire) -> None:
    access = through(wire, sim)

    await asyncio.gather(*[hardware.controller(access).power() for _ in range(5)])

    assert len(wire.clients()) == len(set(wire.clients())) == 5


async def test_the_deadline_holds_for_those_who_wait_for_their_turn(
    hardware: IpmiHardware, sim: IpmiSim, wire: Wire
) -> None:
    wire.cut()

    answers = await asyncio.gather(
        *[hardware.controller(through(wire, sim)).power() for _ in range(20)], return_exceptions=True
    )

    assert {type(answer) for answer in answers} == {BmcUnreachable}
    assert len({client for client, _ in wire.sent}) < 20, "one after the other, each would have had its own session"


async def test_every_session_is_logged_out(hardware: IpmiHardware, sim: IpmiSim) -> None:
    controller = hardware.controller(sim.access)

    for call in (controller.power, controller.identity, controller.restart, controller.boot_device):
        await call()

    assert sessions(sim) == 0


@pytest.mark.parametrize("lost", [RAKP_4, IN_SESSION])
async def test_a_call_that_is_cancelled_logs_out(hardware: IpmiHardware, sim: IpmiSim, wire: Wire, lost: int) -> None:
    wire.on_the_way_back = without(lost)
    call = asyncio.ensure_future(hardware.controller(through(wire, sim)).power())
    await wire.until_seen(RAKP_3 if lost == RAKP_4 else IN_SESSION)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await wire.until_seen(IN_SESSION, times=1 if lost == RAKP_4 else 2)

    assert sessions(sim) == 0


async def test_closing_ends_what_is_in_flight_and_leaves_nothing(sim: IpmiSim, wire: Wire) -> None:
    hardware, before = IpmiHardware(deadline=60), (open_sockets() - 1, threading.active_count())
    controller = hardware.controller(through(wire, sim))
    wire.on_the_way_back = without(IN_SESSION)
    in_flight = [asyncio.ensure_future(controller.power()) for _ in range(3)]
    await wire.until_seen(IN_SESSION)

    await hardware.aclose()

    answers = await asyncio.gather(*in_flight, return_exceptions=True)
    assert {type(answer) for answer in answers} == {BmcUnreachable}
    await wire.until_seen(IN_SESSION, times=2)
    wire.close()
    assert (open_sockets(), threading.active_count()) == before
    assert sessions(sim) == 0
    with pytest.raises(BmcUnreachable, match="stopping"):
        await controller.power()
