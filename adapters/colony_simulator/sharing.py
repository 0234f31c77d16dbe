"""A rack that other processes use too: the one that holds it answers for its controllers and clusters at a socket.

Whoever may open the socket's file may do everything to the machines: it is its owner's alone.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Raw

from colony_core.errors import ColonyError, Conflict, Unavailable
from colony_simulator.rack import SimulatedRack
from colony_simulator.room import Happening
from colony_simulator.wire import VERSION, WORDS, Answer, Ask, Hello, Refusal, packed, receive, send, unpacked

_NOTHING = Raw(packed(None))


class RackTaken(Conflict):
    """Another process holds a rack at this socket."""

    code = "RACK_TAKEN"
    summary = "Simulated rack is held by another process"
    advice = "Stop the other process, or name another socket."


@asynccontextmanager
async def shared(rack: SimulatedRack, path: Path, *, speed: float = 1.0) -> AsyncIterator[None]:
    """Answer for *rack* at the socket *path* while inside; *speed* is how fast its clock passes.

    Raises `RackTaken` where somebody answers already; the file that a dead process left is taken over.
    """
    desk = _Desk(rack, speed=speed)
    listening = _listening(path)
    server = await asyncio.start_unix_server(desk.take_in, sock=listening)
    try:
        yield
    finally:
        server.close()
        await desk.aclose()
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - a socket, at the end


class _Desk:
    """Answers every connection, each call as soon as it is done."""

    def __init__(self, rack: SimulatedRack, *, speed: float) -> None:
        self._rack = rack
        self._speed = speed
        self._talks: set[asyncio.Task[None]] = set()

    def take_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to answer a connection."""
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def aclose(self) -> None:
        """Hang up on everybody."""
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say how late it is, then answer until the other side has gone or talks nonsense."""
        try:
            send(writer, Hello(VERSION, self._rack.clock.now(), time.monotonic(), self._speed))
            async with asyncio.TaskGroup() as calls:
                while True:
                    try:
                        ask = await receive(reader, Ask)
                    except (EOFError, OSError, msgspec.MsgspecError):
                        break
                    calls.create_task(self._answer(writer, ask))
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, ask: Ask) -> None:
        try:
            answer = Answer(ask.number, Raw(packed(await self._done(ask))))
        except ColonyError as error:
            answer = Answer(ask.number, _NOTHING, Refusal(error.code, error.details))
        if not writer.is_closing():
            send(writer, answer)

    async def _done(self, ask: Ask) -> object:
        try:
            given = unpacked(ask.given, WORDS[ask.word].given)
        except (KeyError, msgspec.MsgspecError):
            raise Unavailable("The rack does not understand this call: its process is of another release") from None
        return await _ACTS[ask.word](self._rack, *given)


def _controller(call: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """Return what makes *call* to the controller that an access leads to."""
    return lambda rack, access, *given: call(rack.hardware.controller(access), *given)


async def _history(rack: SimulatedRack) -> list[Happening]:
    return rack.history


_ACTS: dict[str, Callable[..., Awaitable[object]]] = {
    "power": _controller(lambda controller: controller.power()),
    "set_power": _controller(lambda controller, power: controller.set_power(power)),
    "restart": _controller(lambda controller: controller.restart()),
    "boot_device": _controller(lambda controller: controller.boot_device()),
    "set_boot_device": _controller(lambda controller, device, mode: controller.set_boot_device(device, mode=mode)),
    "identity": _controller(lambda controller: controller.identity()),
    "sensors": _controller(lambda controller: controller.sensors()),
    "inventory": _controller(lambda controller: controller.inventory()),
    "change_password": _controller(lambda controller, new: controller.change_password(new)),
    "probe": lambda rack, bmc: rack.hardware.probe(bmc),
    "bootstrap": lambda rack, *given: rack.platform.bootstrap(*given),
    "check": lambda rack, *given: rack.platform.check(*given),
    "install_stack": lambda rack, *given: rack.platform.install_stack(*given),
    "remove_node": lambda rack, *given: rack.platform.remove_node(*given),
    "history": _history,
}


def _listening(path: Path) -> socket.socket:
    """Return a socket that listens at *path*, which nobody else may open; a file that nobody answers at is removed."""
    with socket.socket(socket.AF_UNIX) as knock:
        try:
            knock.connect(str(path))
        except FileNotFoundError:
            pass
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise RackTaken(f"Another process holds the simulated rack at {path}")
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(mask)
    return listening
