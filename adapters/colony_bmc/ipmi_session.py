"""One IPMI 2.0 session: pyghmi speaks the protocol, asyncio owns the socket and the clock (docs/adr/0011).

This is the only module that touches pyghmi. It is used without its sockets, thread, registry
of sessions and timers, so nothing is shared between two sessions and nothing ever blocks.
"""

import asyncio
import struct
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any, TypeAlias

from msgspec import Struct
from pyghmi.ipmi.private import constants
from pyghmi.ipmi.private.session import Session

from colony_core.errors import ColonyError
from colony_core.ports.hardware import (
    Access,
    BmcBusy,
    BmcCommandRefused,
    BmcProtocolError,
    BmcRefused,
    BmcUnreachable,
)

OPERATOR, ADMINISTRATOR = 3, 4
"""The privileges asked for: the least that may switch power and boot device, and set passwords (appendix G)."""

LEVELS = {OPERATOR: "operator", ADMINISTRATOR: "administrator"}

NAME_BYTES, PASSWORD_BYTES = 16, 20
"""The longest user name and password that IPMI 2.0 has room for."""

PATIENCE = (1.0, 2.0, 3.0)
"""Seconds to wait for an answer before the question is put again; the last one repeats until the deadline."""

SAID_NO = frozenset({*range(0x80, 0xBF), 0xC1, 0xC2, 0xC7, 0xC8, 0xC9, 0xCB, 0xCC, 0xCD, 0xD4, 0xD6})
"""Completion codes that the same command will get again (table 5-2); the others mean busy or broken."""

TOO_BUSY = frozenset({0xC0, 0xD0, 0xD1, 0xD2})
"""Completion codes of a controller that is busy, updates its firmware or is still starting (table 5-2)."""

NO_SESSION_LEFT = 0x01
"""RMCP+ status code of a controller that has no room for one more session (table 13-15)."""

LOGIN_REFUSED = frozenset({0x04, 0x05, 0x06, 0x07, 0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11})
"""RMCP+ status codes that say no to this user, privilege or cipher suite (table 13-15)."""

HANDSHAKE = frozenset({0x11, 0x13, 0x15})
"""Payload types whose second byte is a status: open session response, RAKP 2 and RAKP 4."""

SUITES = (256, 1)
"""Cipher suites 17 (SHA-256) and 3 (SHA-1), the better one first, as pyghmi calls them."""

AUTHENTICATION = {256: 3, 1: 1}
"""The algorithm that each suite authenticates with, as an open session response names it (table 13-17)."""

NO_ROOM = 0x01
"""The status of a controller that has no session left: it says nothing of the cipher suite."""

APP, SET_PRIVILEGE, CLOSE_SESSION = 0x06, 0x3B, 0x3C


class Answer(Struct, frozen=True):
    """What a controller answered: a completion code (0 is success) and its data."""

    code: int
    data: bytes


Outcome: TypeAlias = Answer | ColonyError

Witness: TypeAlias = Callable[[int, int, int, bytes, Answer], None]
"""Is told of every command: its network function, code, logical unit and data, and the answer."""


class IpmiSession(asyncio.DatagramProtocol):
    """A socket to one controller and the session over it. Ask one thing at a time, and `leave` at the end."""

    def __init__(self, access: Access, witness: Witness | None = None) -> None:
        self._access = access
        self._witness = witness
        self._where = f"{access.bmc.address}:{access.bmc.port}"
        self._engine: _Engine | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    @classmethod
    async def to(cls, access: Access, *, witness: Witness | None = None) -> "IpmiSession":
        """Return a session that has its socket and has sent nothing yet."""
        bmc = access.bmc
        try:
            _, session = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: cls(access, witness), remote_addr=(bmc.address, bmc.port)
            )
        except (OSError, ValueError) as error:  # the second is what a name gives that cannot be one
            raise BmcUnreachable(f"No way leads to the controller at {bmc.address}:{bmc.port}: {error}") from None
        return session

    async def login(self, *, level: int = OPERATOR) -> None:
        """Prove to know the password, once, and get the privilege *level*."""
        bmc, password = self._access.bmc, self._access.password.reveal()
        if len(bmc.username.encode()) > NAME_BYTES or len(password.encode()) > PASSWORD_BYTES:
            raise BmcRefused(
                f"IPMI has room for {NAME_BYTES} bytes of user name and {PASSWORD_BYTES} of password; "
                f"those for the controller at {self._where} are longer"
            )
        self._engine = _Engine(self._access, send=self._send, settle=self._settle, where=self._where, level=level)
        try:
            self.accept(await self._answered(), what=f"the privilege level {LEVELS[level]}")
        except BmcCommandRefused as error:
            raise BmcRefused(error.details) from None

    async def ask(self, netfn: int, command: int, *data: int, lun: int = 0) -> Answer:
        """Return whatever the controller answers to a command, a no too."""
        if self._engine is None or self._transport is None:
            raise BmcUnreachable(f"The session with the controller at {self._where} is over")
        self._outcome = asyncio.get_running_loop().create_future()
        self._engine.ask(netfn, command, data, lun=lun)
        answer = await self._answered()
        if self._witness is not None:
            self._witness(netfn, command, lun, bytes(data), answer)
        return answer

    async def demand(self, netfn: int, command: int, *data: int, at_least: int = 0, what: str) -> bytes:
        """Return the data of a successful answer of *at_least* so many bytes, or raise what its code means."""
        answer = self.accept(await self.ask(netfn, command, *data), what=what)
        if len(answer.data) < at_least:
            raise BmcProtocolError(f"The controller at {self._where} answered too little to {what}")
        return answer.data

    def accept(self, answer: Answer, *, what: str) -> Answer:
        """Return a successful answer, or raise what its code means."""
        if answer.code == 0:
            return answer
        if answer.code in SAID_NO:
            raise BmcCommandRefused(
                f"The controller at {self._where} said no to {what} (completion code 0x{answer.code:02x})"
            )
        if answer.code in TOO_BUSY:
            raise BmcBusy(
                f"The controller at {self._where} is too busy to answer {what} (completion code 0x{answer.code:02x})"
            )
        raise BmcProtocolError(
            f"The controller at {self._where} could not answer {what} now (completion code 0x{answer.code:02x})"
        )

    def leave(self, reason: ColonyError | None = None) -> None:
        """Log out and close the socket, whatever state the session is in; a call in flight ends with *reason*."""
        if self._transport is None:
            return
        try:
            if self._engine is not None:
                self._engine.log_out()
        finally:
            self._transport.close()
            self._transport = None
        self._settle(reason or BmcUnreachable(f"The session with the controller at {self._where} is over"))

    async def _answered(self) -> Answer:
        for patience in chain(PATIENCE, repeat(PATIENCE[-1])):
            await asyncio.wait([self._outcome], timeout=patience)
            if self._outcome.done():
                break
            if self._engine is not None:
                self._engine.ask_again()
        outcome = self._outcome.result()
        if isinstance(outcome, ColonyError):
            raise outcome
        return outcome

    def _settle(self, outcome: Outcome) -> None:
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    def _send(self, packet: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(packet)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # an endpoint's transport is a DatagramTransport

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002  # asyncio's signature
        if self._engine is None or self._transport is None:
            return
        try:
            self._engine.hear(data)
        except Exception:  # noqa: BLE001  # whatever breaks the parser came over the wire
            self._settle(BmcProtocolError(f"The controller at {self._where} answered nonsense"))

    def error_received(self, exc: Exception) -> None:
        self._settle(BmcUnreachable(f"The controller at {self._where} is out of reach: {exc}"))


class _Engine(Session):  # type: ignore[misc]  # pyghmi ships no types
    """pyghmi's state machine alone: what it sends goes to *send*, and the end of each exchange to *settle*."""

    forbidsock: Iterable[object] = ()
    sessioncontext: str | None

    def __new__(cls, *_args: object, **_kwargs: object) -> "_Engine":
        """Make a session of its own each time, where pyghmi shares those to one address."""
        return object.__new__(cls)

    def __init__(
        self,
        access: Access,
        *,
        send: Callable[[bytes], None],
        settle: Callable[[Outcome], None],
        where: str,
        level: int,
    ) -> None:
        self._level = level
        self._send = send
        self._settle = settle
        self._where = where
        self._status = 0
        self._suites: tuple[int, ...] = SUITES
        bmc, password = access.bmc, access.password.reveal()
        # A fixed level, as otherwise pyghmi meets a refusal of administrator by trying once more.
        super().__init__(bmc.address, bmc.username, password, bmc.port, onlogon=self._settle, privlevel=level)

    @property
    def logontries(self) -> int:
        """Return 0: pyghmi logs in again by itself while this is more, even after some refusals."""
        return 0

    @logontries.setter
    def logontries(self, _tries: int) -> None:
        pass

    def ask(self, netfn: int, command: int, data: Iterable[int], *, lun: int = 0) -> None:
        """Send a command; its answer settles."""
        self.ipmicallback = self._answer
        self._send_ipmi_net_payload(netfn=netfn, command=command, data=bytes(data), rslun=lun)

    def ask_again(self) -> None:
        """Repeat what was not answered, in the way that the present phase needs."""
        if self.sessioncontext in ("OPENSESSION", "EXPECTINGRAKP2"):
            self._suites = self._suites[1:] + self._suites[:1]  # some are silent where they should say no
        self.timeout = 0  # pyghmi gives up when its own sum of waits is too long; the deadline is ours
        self._timedout()

    def hear(self, packet: bytes) -> None:
        """Take in a packet; one that is stale, repeated or forged changes nothing."""
        if packet[:1] != b"\x06" or packet[2:4] != b"\xff\x07":
            raise ValueError("not IPMI over RMCP")
        self._handle_ipmi_packet(bytearray(packet), qent=(packet, None, None))

    def log_out(self) -> None:
        """Close the session at the controller, even one that it has opened but not yet confirmed."""
        if self.sessioncontext == "EXPECTINGRAKP4":
            self.sessionid, self.sequencenumber = self.pendingsessionid, 1
            self.integrityalgo, self.confalgo, self.sessioncontext = self.attemptedhash, "aes", "ESTABLISHED"
        if self.sessioncontext == "ESTABLISHED":
            self.lastpayload = None
            closing = struct.pack("<I", self.sessionid)
            self._send_ipmi_net_payload(netfn=APP, command=CLOSE_SESSION, data=closing, retry=False)

    def onlogon(self, parameter: dict[str, Any]) -> None:
        """Take pyghmi's word for how the login ended; it comes here only if it failed."""
        said = constants.rmcp_codes.get(self._status, parameter["error"])
        # Without a status it is our side that found the proof wrong, unless the handshake had not begun.
        refused = self._status in LOGIN_REFUSED or (self._status == 0 and self.sessioncontext is not None)
        self.sessioncontext = "FAILED"
        if refused:
            self._settle(BmcRefused(f"The controller at {self._where} refused the login: {said}"))
        elif self._status == NO_SESSION_LEFT:
            self._settle(BmcBusy(f"The controller at {self._where} has no session left: {said}"))
        else:
            self._settle(BmcProtocolError(f"The controller at {self._where} could not finish the login: {said}"))

    def _answer(self, response: dict[str, Any]) -> None:
        self._settle(Answer(response["code"], bytes(response["data"])))

    # What pyghmi calls, replaced where it would touch a socket, a thread or a shared table.

    @classmethod
    def _assignsocket(cls, *_args: object, **_kwargs: object) -> None:
        return None

    def _xmit_packet(self, *_args: object, **_kwargs: object) -> None:
        if self.sequencenumber:  # zero stands for a session that is not open yet
            self.sequencenumber += 1
        self._send(bytes(self.netpacket))

    def _handle_ipmi2_packet(self, data: bytearray) -> None:
        self._status = data[17] if data[5] & 0x3F in HANDSHAKE else 0
        super()._handle_ipmi2_packet(data)

    def _open_rmcpplus_request(self) -> None:
        """Propose the suite that has not been turned down, where pyghmi's choice begins anew with each attempt."""
        self.attemptedhash = self._suites[0]
        super()._open_rmcpplus_request()

    def _got_rmcp_response(self, data: bytearray) -> None:
        """Propose the next suite where this one is turned down or another one taken: pyghmi knows one way only."""
        if self.sessioncontext != "OPENSESSION" or data[0] != self.rmcptag:
            return
        taken = data[1] == 0 and (len(data) < 17 or data[16] == AUTHENTICATION[self._suites[0]])
        if not taken and data[1] != NO_ROOM and len(self._suites) > 1:
            self._suites = self._suites[1:]
            self._open_rmcpplus_request()
        elif taken:
            super()._got_rmcp_response(data)
        else:
            self.onlogon({"error": "no cipher suite in common"})

    def _req_priv_level(self) -> None:
        self.logging, self.logged = False, 1
        self.ask(APP, SET_PRIVILEGE, [self._level])

    def _get_session_challenge(self) -> None:
        self._settle(BmcRefused(f"The controller at {self._where} speaks IPMI 1.5 only, which is not safe to use"))
