"""The connection of a process to a rack that another one holds: made when it is needed, and again when it broke."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

from colony_core.errors import Unavailable
from colony_simulator.wire import VERSION, WORDS, Answer, Ask, Hello, error_of, packed, receive, send, unpacked

PATIENCE = 10.0
"""Seconds that a rack may take to answer; it does so in milliseconds, unless its process stands still."""


class RackSilent(Unavailable):
    """The process that holds the simulated rack does not answer."""

    code = "RACK_SILENT"
    summary = "Simulated rack does not answer"
    advice = "Start the process that holds it: `colony rack`; name the same socket to all of them."


class RackLine:
    """Many calls at once over one connection to the socket *path*; `on_hello` hears each time how late it is there."""

    def __init__(self, path: Path, *, patience: float = PATIENCE) -> None:
        self.on_hello: Callable[[Hello], object] = lambda _: None
        self._path = path
        self._patience = patience
        self._turn = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._asked = 0

    async def ask(self, word: str, *given: object) -> Any:
        """Return what the rack answers to *word*; raise its error, or `RackSilent` if there is no answer."""
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._answered(word, given)
        except TimeoutError:
            raise RackSilent(f"The rack at {self._path} does not answer") from None
        if answer.refusal is not None:
            raise error_of(answer.refusal)
        try:
            return unpacked(answer.value, WORDS[word].answered)
        except msgspec.MsgspecError:
            raise RackSilent(f"The rack at {self._path} is of another release") from None

    async def open(self) -> None:
        """Connect now, unless that was done."""
        try:
            async with asyncio.timeout(self._patience):
                await self._connected()
        except TimeoutError:
            raise RackSilent(f"The rack at {self._path} does not answer") from None

    async def aclose(self) -> None:
        """Hang up."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _answered(self, word: str, given: tuple[object, ...]) -> Answer:
        writer = await self._connected()
        self._asked += 1
        number = self._asked
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            send(writer, Ask(number, word, Raw(packed(given))))
            return await self._waiting[number]
        finally:
            self._waiting.pop(number, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._turn:
            if self._writer is None:
                self._writer = await self._connect()
            return self._writer

    async def _connect(self) -> asyncio.StreamWriter:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:
            raise RackSilent(f"Nobody holds a rack at {self._path}: {error.strerror}") from None
        try:
            hello = await receive(reader, Hello)
            if hello.version != VERSION:
                raise RackSilent(f"The rack at {self._path} is of another release")
        except (EOFError, OSError, msgspec.MsgspecError):
            writer.close()
            raise RackSilent(f"The rack at {self._path} hung up") from None
        except BaseException:
            writer.close()
            raise
        self.on_hello(hello)
        self._listener = asyncio.create_task(self._listen(reader, writer))
        return writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand out answers until the connection breaks; then everybody who waits for one hears that."""
        try:
            while True:
                answer = await receive(reader, Answer)
                waits = self._waiting.get(answer.number)
                if waits is not None and not waits.done():
                    waits.set_result(answer)
        except (EOFError, OSError, msgspec.MsgspecError):
            pass
        finally:
            self._writer = None
            writer.close()
            for waits in self._waiting.values():
                if not waits.done():
                    waits.set_exception(RackSilent(f"The rack at {self._path} hung up"))
