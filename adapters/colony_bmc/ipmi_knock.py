"""Asks whether a controller speaks IPMI, without credentials and without a session.

Two questions of the standard go out side by side: the presence ping of ASF, and Get Channel Authentication
Capabilities, which every login begins with (IPMI 2.0, sections 13.2.3 and 22.13).
"""

import asyncio

from msgspec import Struct

from colony_core.domain.hardware import Protocol
from colony_core.domain.probing import Knock

PING = bytes.fromhex("0600ff06 000011be 80 00 00 00")
CAPABILITIES = bytes.fromhex("0600ff07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5")

AGAIN = 0.5
"""Seconds until both are asked again: datagrams get lost."""

PONG, IPMI_INSIDE = 0x40, 0x80
"""The kind of a pong's message, and the bit of its entities that says IPMI (ASF 2.0, 3.2.4.3)."""

ANSWER, GET_CAPABILITIES = 0x07 << 2, 0x38
EXTENDED, SPEAKS_2_0 = 0x80, 0x02


class Heard(Struct, frozen=True):
    """What an answer says: whether IPMI is spoken there, and whether it is 2.0; None where it does not say."""

    ipmi: bool
    is_2_0: bool | None = None


def heard(packet: bytes) -> Heard | None:
    """Return what *packet* says, or None if it answers neither question."""
    if packet[:1] != b"\x06" or len(packet) < 12:
        return None
    if packet[3] == 0x06 and packet[8] == PONG and len(packet) >= 21:
        return Heard(bool(packet[20] & IPMI_INSIDE))
    if packet[3] == 0x07 and packet[4] == 0 and len(packet) >= 26 and packet[15] & 0xFC == ANSWER:
        if packet[19] != GET_CAPABILITIES or packet[20] != 0:
            return None
        return Heard(True, bool(packet[22] & EXTENDED and packet[24] & SPEAKS_2_0))
    return None


async def knock(address: str, port: int, *, within: float) -> Knock:
    """Return what answers at *port* within so many seconds; silence is no error."""
    loop = asyncio.get_running_loop()
    try:
        transport, door = await loop.create_datagram_endpoint(_Door, remote_addr=(address, port))
    except (OSError, ValueError) as error:  # the second is what a name gives that cannot be one
        return Knock(protocol=Protocol.IPMI, port=port, said=f"no way leads there ({_reason(error)})")
    try:
        async with asyncio.timeout(within):
            await door.ask(transport)
    except TimeoutError:
        pass
    finally:
        transport.close()
        await asyncio.sleep(0)
    return _made_of(door, port, within)


class _Door(asyncio.DatagramProtocol):
    """Puts both questions until the better one is answered, or nobody can."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.closed = ""
        self._known = asyncio.Event()

    async def ask(self, transport: asyncio.DatagramTransport) -> None:
        while not self._known.is_set():
            transport.sendto(CAPABILITIES)
            transport.sendto(PING)
            known = asyncio.ensure_future(self._known.wait())
            try:
                await asyncio.wait([known], timeout=AGAIN)
            finally:
                known.cancel()

    # What asyncio calls.

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's signature
        answer = heard(data)
        if answer is not None:
            self.heard.append(answer)
        if answer is not None and answer.is_2_0 is not None:
            self._known.set()

    def error_received(self, exc: Exception) -> None:
        self.closed = _reason(exc)
        self._known.set()


def _made_of(door: _Door, port: int, within: float) -> Knock:
    """Return what the answers come to: the one about the version counts, a pong says no more than IPMI."""
    ipmi = [each for each in door.heard if each.ipmi]
    if not ipmi:
        said = "it answers, but not IPMI" if door.heard else door.closed or f"no answer within {within:g} s"
        return Knock(protocol=Protocol.IPMI, port=port, said=said)
    versions = [each.is_2_0 for each in ipmi if each.is_2_0 is not None]
    if versions and not any(versions):
        said = "it speaks IPMI 1.5 only, which is not safe to use"
        return Knock(protocol=Protocol.IPMI, port=port, said=said, answers=True)
    said = "it speaks IPMI 2.0" if versions else "it answers a ping as IPMI does"
    return Knock(protocol=Protocol.IPMI, port=port, said=said, answers=True, usable=True)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
