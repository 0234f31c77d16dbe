"""A wire to an IPMI controller that can be watched, cut and garbled: what a test of a client needs and a BMC lacks."""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

Packet = bytes
Client = tuple[str, int]

OPEN_SESSION, OPENED, RAKP_1, RAKP_2, RAKP_3, RAKP_4 = range(0x10, 0x16)
"""Payload types of a login, in their order. RAKP 1 names the user: it is one attempt to log in."""

IN_SESSION = 0xC0
"""What stands there in a session: an IPMI command or answer, encrypted and signed."""

_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of Linux: the kernel says when a packet came in, however late it is read."""

MOMENTS = 2000
"""How many hundredths of a second a packet may be waited for."""


def kind(packet: Packet) -> int | None:
    """Return the payload type of an RMCP+ packet, or None for the older ones that come before a session."""
    return packet[5] if packet[4:5] == b"\x06" else None


class Wire:
    """What goes to one controller passes here, each client on a way of its own. Use `wire_to`.

    `sent` is what was sent to the controller, and `came_in` when: in seconds, of the kernel's own clock where it tells.
    """

    def __init__(self, address: str, port: int) -> None:
        self.silent = False
        self.sent: list[tuple[Client, Packet]] = []
        self.came_in: list[float] = []
        self.on_the_way_there: Callable[[Packet], Packet | None] = lambda packet: packet
        self.on_the_way_back: Callable[[Packet], Packet | None] = lambda packet: packet
        self._target = (address, port)
        self._front = self._opened()
        if sys.platform == "linux":
            self._front.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._front.bind((address, 0))
        self._ways: dict[Client, socket.socket] = {}
        asyncio.get_running_loop().add_reader(self._front, self._forth)

    @property
    def port(self) -> int:
        """Return the port where the wire begins, at the controller's own address."""
        port: int = self._front.getsockname()[1]
        return port

    def seen(self, wanted: int | None) -> int:
        """Return how many packets of a kind were sent to the controller."""
        return sum(kind(packet) == wanted for _, packet in self.sent)

    async def until_seen(self, wanted: int | None, *, times: int = 1) -> None:
        """Wait until so many packets of a kind were sent to the controller."""
        for _ in range(MOMENTS):
            if self.seen(wanted) >= times:
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"{self.seen(wanted)} of {times} packets of kind {wanted} were seen")

    def clients(self) -> list[Client]:
        """Return the sender of every packet, runs of the same one taken together."""
        senders = [client for client, _ in self.sent]
        return [client for client, before in zip(senders, [None, *senders], strict=False) if client != before]

    def gaps(self) -> list[float]:
        """Return how many seconds lay between one client's last packet and the next one's first."""
        moments = [(client, at) for (client, _), at in zip(self.sent, self.came_in, strict=True)]
        return [later - at for (one, at), (other, later) in pairwise(moments) if one != other]

    def cut(self) -> None:
        """Let nothing through any more, either way."""
        self.silent = True

    def close(self) -> None:
        """Take the wire away."""
        for end in (self._front, *self._ways.values()):
            if end.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(end)
                end.close()

    def _opened(self) -> socket.socket:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.setblocking(False)
        return end

    def _forth(self) -> None:
        packet, stamps, _, client = self._front.recvmsg(2048, 128)
        self.sent.append((client, packet))
        seconds, nanoseconds = struct.unpack("=qq", stamps[0][2]) if stamps else divmod(time.time_ns(), 10**9)
        self.came_in.append(seconds + nanoseconds / 1e9)
        passed = self.on_the_way_there(packet)
        if passed is None or self.silent:
            return
        if client not in self._ways:
            self._ways[client] = self._opened()
            self._ways[client].connect(self._target)
            asyncio.get_running_loop().add_reader(self._ways[client], self._back, client)
        self._ways[client].send(passed)

    def _back(self, client: Client) -> None:
        packet = self.on_the_way_back(self._ways[client].recv(2048))
        if packet is not None and not self.silent:
            self._front.sendto(packet, client)


@contextmanager
def wire_to(address: str, port: int) -> Iterator[Wire]:
    """Lay a wire to the controller at *address* and *port*, in the running event loop."""
    wire = Wire(address, port)
    try:
        yield wire
    finally:
        wire.close()
