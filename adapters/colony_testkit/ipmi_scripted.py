"""An IPMI 2.0 controller in this process, for what `ipmi_sim` cannot do: cipher suite 17, missing commands, expiry.

It speaks enough RMCP+ for a login and encrypted commands; ipmitool takes it for a controller (the tests ask it to).
It needs `cryptography`, which the extra `ipmi` brings.
"""

import asyncio
import hmac
import os
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from msgspec import Struct

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_testkit.ipmi_wire import OPEN_SESSION, OPENED, RAKP_1, RAKP_2, RAKP_3, RAKP_4

USER, PASSWORD = "scripted", "scripted-pass"
GUID = bytes(range(16))
RMCP = b"\x06\x00\xff\x07"
NO_SUCH_SUITE, WRONG_PROOF = 0x11, 0x0F
INVALID_COMMAND = 0xC1

Reply = tuple[int, bytes]
Command = Callable[[bytes], Reply]


class Suite(Struct, frozen=True):
    """A cipher suite: its algorithms by number, its hash, and how much of one proves login and packets."""

    authentication: int
    integrity: int
    hash: str
    proof: int

    def mac(self, key: bytes, content: bytes) -> bytes:
        """Return the whole keyed hash of *content*."""
        return hmac.digest(key, content, self.hash)


SUITES = {3: Suite(1, 1, "sha1", 12), 17: Suite(3, 4, "sha256", 16)}


class ScriptedBmc(asyncio.DatagramProtocol):
    """Answers logins with *suites*, and commands by (network function, command) as `commands` say.

    `deaf_to` are suites that it leaves unanswered where it should say no. `suites_taken` counts the sessions by suite.
    """

    def __init__(self, *, suites: tuple[int, ...] = (17, 3), deaf_to: tuple[int, ...] = ()) -> None:
        self.suites = suites
        self.deaf_to = deaf_to
        self.commands: dict[tuple[int, int], Command] = {
            (6, 0x3B): lambda data: (0, data[:1]),
            (6, 0x3C): lambda _: (0, b""),
        }
        self.asked: list[tuple[int, int, bytes]] = []
        self.suites_taken: list[int] = []
        self.access: Access
        self._suite = SUITES[3]
        self._sequence = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where this controller is found."""
        self._transport = transport
        address, port = transport.get_extra_info("sockname")[:2]
        bmc = Bmc(protocol=Protocol.IPMI, address=address, port=port, username=USER)
        self.access = Access(bmc=bmc, password=Secret(PASSWORD))

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Answer a packet, or nothing at all."""
        answer = self._session_packet(data[5] & 0x3F, data) if data[4] == 6 else self._session_less(data)
        if answer is not None:
            self._transport.sendto(RMCP + answer, addr)  # type: ignore[attr-defined]  # it is a DatagramTransport

    def _session_less(self, data: bytes) -> bytes:
        message = data[14:]
        reply = self._message(message, 0, bytes([1, 0x80, 0x04, 0x02, 0, 0, 0, 0]))
        return b"\0" + bytes(8) + bytes([len(reply)]) + reply

    def _session_packet(self, kind: int, data: bytes) -> bytes | None:
        body = data[16:]
        if kind == OPEN_SESSION:
            return self._open(body)
        if kind == RAKP_1:
            return _plain(RAKP_2, self._rakp_2(body))
        if kind == RAKP_3:
            return _plain(RAKP_4, self._rakp_4(body))
        return self._command(data)

    def _open(self, body: bytes) -> bytes | None:
        number = 17 if body[12] == 3 else 3
        if number in self.deaf_to:
            return None
        self._client, head = body[4:8], bytes([body[0]])
        if number not in self.suites:
            return _plain(OPENED, head + bytes([NO_SUCH_SUITE, 0, 0]) + self._client)
        self.suites_taken.append(number)
        self._suite, self._own, self._sequence = SUITES[number], os.urandom(4), 0
        return _plain(OPENED, head + b"\0\4\0" + self._client + self._own + body[8:32])

    def _rakp_2(self, body: bytes) -> bytes:
        self._theirs, self._ours, self._role = body[8:24], os.urandom(16), body[24:25]
        self._name = body[27:28] + body[28 : 28 + body[27]]
        proven = self._client + self._own + self._theirs + self._ours + GUID + self._role + self._name
        proof = self._suite.mac(PASSWORD.encode(), proven)
        return body[:1] + b"\0\0\0" + self._client + self._ours + GUID + proof

    def _rakp_4(self, body: bytes) -> bytes:
        mac, password = self._suite.mac, PASSWORD.encode()
        if body[8:] != mac(password, self._ours + self._client + self._role + self._name):
            return body[:1] + bytes([WRONG_PROOF, 0, 0]) + self._client
        key = mac(password, self._theirs + self._ours + self._role + self._name)
        self._k1, self._aes = mac(key, b"\1" * 20), mac(key, b"\2" * 20)[:16]
        return body[:1] + b"\0\0\0" + self._client + mac(key, self._theirs + self._own + GUID)[: self._suite.proof]

    def _command(self, data: bytes) -> bytes | None:
        if data[6:10] != self._own or data[-self._suite.proof :] != self._signed(data[4 : -self._suite.proof]):
            return None
        message = self._decrypted(data[16 : 16 + int.from_bytes(data[14:16], "little")])
        netfn, command, sent = message[1] >> 2, message[5], message[6:-1]
        self.asked.append((netfn, command, sent))
        code, answer = self.commands.get((netfn, command), _unknown)(sent)
        self._sequence += 1
        body = self._encrypted(self._message(message, code, answer))
        packet = b"\x06\xc0" + self._client + struct.pack("<IH", self._sequence, len(body)) + body
        pad = -(len(packet) + 2) % 4
        packet += b"\xff" * pad + bytes([pad, 7])
        return packet + self._signed(packet)

    def _message(self, asked: bytes, code: int, data: bytes) -> bytes:
        head = bytes([asked[3], asked[1] + 4])
        body = bytes([asked[0], asked[4], asked[5], code]) + data
        return head + bytes([-sum(head) & 0xFF]) + body + bytes([-sum(body) & 0xFF])

    def _signed(self, packet: bytes) -> bytes:
        return self._suite.mac(self._k1, packet)[: self._suite.proof]

    def _encrypted(self, message: bytes) -> bytes:
        pad, start = -(len(message) + 1) % 16, os.urandom(16)
        plain = message + bytes(range(1, pad + 1)) + bytes([pad])
        machine = Cipher(AES(self._aes), CBC(start)).encryptor()
        return start + machine.update(plain) + machine.finalize()

    def _decrypted(self, body: bytes) -> bytes:
        machine = Cipher(AES(self._aes), CBC(body[:16])).decryptor()
        plain = machine.update(body[16:]) + machine.finalize()
        return plain[: len(plain) - plain[-1] - 1]


@asynccontextmanager
async def scripted_bmc(
    *, address: str = "127.0.0.1", port: int = 0, suites: tuple[int, ...] = (17, 3), deaf_to: tuple[int, ...] = ()
) -> AsyncIterator[ScriptedBmc]:
    """Run a controller on *port*, or else on a free one, while inside."""
    transport, bmc = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: ScriptedBmc(suites=suites, deaf_to=deaf_to), local_addr=(address, port)
    )
    try:
        yield bmc
    finally:
        transport.close()
        await asyncio.sleep(0)


def _unknown(_: bytes) -> Reply:
    return INVALID_COMMAND, b""


def _plain(kind: int, body: bytes) -> bytes:
    return bytes([6, kind]) + bytes(8) + struct.pack("<H", len(body)) + body
