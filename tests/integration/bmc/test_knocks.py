"""Controllers are asked which protocols they speak, without credentials: real ones, silent ones, and nonsense."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from colony_bmc import ipmi_knock, redfish_knock
from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.probing import chosen, verdict
from colony_testkit.ipmi_scripted import scripted_bmc
from colony_testkit.ipmi_sim import IpmiSim
from colony_testkit.ipmi_wire import Wire
from colony_testkit.redfish_tree import Manners, RedfishTree
from colony_testkit.redfish_trees import IDRAC, V1
from colony_wiring.steel import ByProtocol

WITHIN = 5.0
"""Seconds, for a busy machine; who answers does so within 10 ms otherwise."""

SHORT = 0.2
"""Seconds that a test of silence waits."""


@pytest.fixture
async def tree() -> AsyncIterator[RedfishTree]:
    async with RedfishTree(IDRAC) as tree:
        yield tree


async def test_a_real_ipmi_controller_says_that_it_speaks_2_0(sim: IpmiSim, wire: Wire) -> None:
    knock = await ipmi_knock.knock(sim.address, wire.port, within=WITHIN)

    assert (knock.answers, knock.usable, knock.said) == (True, True, "it speaks IPMI 2.0")
    assert {packet for _, packet in wire.sent} == {ipmi_knock.CAPABILITIES, ipmi_knock.PING}


async def test_a_scripted_ipmi_controller_is_known_too() -> None:
    async with scripted_bmc() as bmc:
        knock = await ipmi_knock.knock(bmc.access.bmc.address, bmc.access.bmc.port, within=WITHIN)

    assert knock.usable
    assert bmc.asked == []


async def test_silence_is_told_at_the_deadline_and_a_closed_port_at_once(wire: Wire, sim: IpmiSim) -> None:
    wire.cut()

    silent = await ipmi_knock.knock(sim.address, wire.port, within=SHORT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.77.0.1", 0))
        port = free.getsockname()[1]
    closed = await ipmi_knock.knock("127.77.0.1", port, within=WITHIN)

    assert (silent.answers, silent.said) == (False, "no answer within 0.2 s")
    assert (closed.answers, closed.said) == (False, "Connection refused")


@pytest.mark.parametrize(
    ("packet", "answers", "usable"),
    [
        (b"\x06\x00\xff\x06\x00\x00\x11\xbe\x40\x00\x00\x10" + bytes(8) + b"\x81" + bytes(7), True, True),
        (b"\x06\x00\xff\x06\x00\x00\x11\xbe\x40\x00\x00\x10" + bytes(8) + b"\x01" + bytes(7), False, False),
        (bytes.fromhex("0600ff07 00 00000000 00000000 10 811c6320003800 0104 04 01 00000000 00"), True, False),
        (b"\x06", False, False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, False),
        (b"\x06\x00\xff\x07" + b"\xff" * 40, False, False),
    ],
    ids=["a pong of IPMI", "a pong without IPMI", "IPMI 1.5", "a crumb", "another protocol", "noise"],
)
async def test_what_an_answer_says_is_what_is_believed(packet: bytes, *, answers: bool, usable: bool) -> None:
    class Answering(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            self.transport.sendto(packet, addr)  # type: ignore[attr-defined]

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Answering, local_addr=("127.0.0.1", 0))
    try:
        knock = await ipmi_knock.knock("127.0.0.1", transport.get_extra_info("sockname")[1], within=SHORT)
    finally:
        transport.close()

    assert (knock.answers, knock.usable) == (answers, usable)


async def test_a_redfish_service_shows_its_root_and_gets_no_credentials(tree: RedfishTree) -> None:
    knock = await redfish_knock.knock(tree.access.bmc, tree.port, within=WITHIN)

    assert (knock.answers, knock.usable) == (True, True)
    assert knock.said.startswith("it speaks Redfish")
    assert {(method, body) for method, _, body in tree.asked} == {("GET", None)}


async def test_redfish_that_is_not_trusted_answers_and_cannot_be_used(tree: RedfishTree) -> None:
    careful = replace(tree.access.bmc, verify_tls=True)

    knock = await redfish_knock.knock(careful, tree.port, within=WITHIN)

    assert (knock.answers, knock.usable) == (True, False)
    assert "speaks no TLS" in knock.said


async def test_another_web_server_is_no_redfish_service() -> None:
    replies: dict[str, Any] = {f"GET {V1}": (200, {}, {"hello": "world"})}
    async with RedfishTree(IDRAC, Manners(answers=replies)) as tree:
        knock = await redfish_knock.knock(tree.access.bmc, tree.port, within=WITHIN)

    assert (knock.answers, knock.said) == (False, "it answers with status 200, and shows no Redfish service")


async def test_a_root_that_asks_who_is_there_is_redfish_all_the_same() -> None:
    replies: dict[str, Any] = {f"GET {V1}": (401, {"OData-Version": "4.0"}, None)}
    async with RedfishTree(IDRAC, Manners(answers=replies)) as tree:
        knock = await redfish_knock.knock(tree.access.bmc, tree.port, within=WITHIN)

    assert knock.usable


async def test_both_are_asked_side_by_side_and_redfish_is_chosen(tree: RedfishTree) -> None:
    async with scripted_bmc(port=tree.port) as ipmi:
        bmc = Bmc(protocol=Protocol.IPMI, address="127.0.0.1", port=tree.port, username="root", verify_tls=False)
        hardware = ByProtocol()
        knocks = await hardware.probe(bmc)
        await hardware.aclose()

    choice = chosen(knocks, bmc)
    assert [knock.protocol for knock in knocks if knock.usable] == [Protocol.REDFISH, Protocol.IPMI]
    assert choice is not None
    assert choice.protocol is Protocol.REDFISH
    assert "Redfish is preferred" in verdict(knocks, choice)
    assert ipmi.asked == []
