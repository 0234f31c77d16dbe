"""The end of a process at the worst moment: after any write to the store, and after any effect on the world."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from msgspec.structs import replace

from colony_core.application.colony import Ports
from colony_core.errors import Unavailable
from colony_core.ports.hardware import Access, Controller, Hardware
from colony_core.ports.netboot import Netboot
from colony_core.ports.persistence import Store, Transaction
from colony_core.ports.platform import Platform
from colony_testkit.lab import Lab


class ProcessEnded(BaseException):
    """Nothing more is done by this process."""


class Fuse:
    """Ends the process at moment number *at*; counts the moments that there were."""

    def __init__(self, at: int | None = None) -> None:
        self._at = at
        self.moments = 0
        self.blown = False

    def moment(self) -> None:
        """Pass one moment, or end."""
        self.check()
        self.moments += 1
        if self.moments == self._at:
            self.blown = True
            raise ProcessEnded

    def shorten(self, moments: int | None) -> None:
        """Let the process end at that moment from now; None: let it live."""
        self._at = None if moments is None else self.moments + moments

    def blow(self) -> None:
        """Let the process end now."""
        self.blown = True

    def check(self) -> None:
        """Do nothing, unless the process has ended."""
        if self.blown:
            raise ProcessEnded


class _Fused:
    """Whatever it stands before, each call of which is one moment."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)

        async def fused(*arguments: object, **named: object) -> object:
            self._fuse.check()
            answer = await call(*arguments, **named)
            self._fuse.moment()
            return answer

        return fused


class _FusedHardware:
    def __init__(self, inner: Hardware, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def controller(self, access: Access) -> Controller:
        return cast("Controller", _Fused(self._inner.controller(access), self._fuse))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _FusedStore:
    def __init__(self, inner: Store, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._fuse.check()
        async with self._inner.transaction() as tx:
            yield tx
        self._fuse.moment()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self._fuse.check()
        async with self._inner.reading() as look:
            yield look

    def on_news(self, call: Callable[[], None]) -> None:
        self._inner.on_news(call)

    async def check(self) -> None:
        await self._inner.check()

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Listening:
    """A netboot port of a process that may be gone: then nobody answers."""

    def __init__(self, inner: Netboot) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)

        async def answered(*arguments: object, **named: object) -> object:
            try:
                return await call(*arguments, **named)
            except ProcessEnded:
                raise Unavailable("Nobody answers") from None

        return answered


def fused_ports(ports: Ports, fuse: Fuse) -> Ports:
    """Return *ports* with a moment of *fuse* after each transaction and each call to hardware or platform."""
    return replace(
        ports,
        store=_FusedStore(ports.store, fuse),
        hardware=_FusedHardware(ports.hardware, fuse),
        platform=cast("Platform", _Fused(ports.platform, fuse)),
    )


def listening(netboot: Netboot) -> Netboot:
    """Return *netboot* as machines see it: once its process has ended, nobody answers."""
    return cast("Netboot", _Listening(netboot))


class _Nobody:
    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def unheard(*arguments: object, **named: object) -> object:
            raise Unavailable("Nobody answers")

        return unheard


def nobody() -> Netboot:
    """Return the netboot of a service that is not running: whatever is said to it goes unheard."""
    return cast("Netboot", _Nobody())


def fused_store(store: Store, fuse: Fuse) -> Store:
    """Return *store* with a moment of *fuse* after each transaction."""
    return _FusedStore(store, fuse)


def fused(lab: Lab, fuse: Fuse) -> None:
    """Start a colony in *lab* whose process ends with *fuse*; what is pressed by hand is a moment too."""
    if lab.caretaker is not None:
        lab.caretaker.pressed = lambda: None if fuse.blown else fuse.moment()
    store, hardware, platform = lab.store, lab.hardware, lab.platform
    lab.store, lab.hardware = _FusedStore(store, fuse), _FusedHardware(hardware, fuse)
    lab.platform = cast("Platform", _Fused(platform, fuse))
    lab.open()
    lab.rack.connect(listening(lab.colony.netboot))
    lab.store, lab.hardware, lab.platform = store, hardware, platform


async def run_and_recover(lab: Lab, fuse: Fuse) -> None:
    """Let time pass until *fuse* ends the process, start the next one, and go on to the end."""
    with contextlib.suppress(ProcessEnded):
        await lab.run(when=lambda: fuse.blown)
    if fuse.blown:
        await drop_everything()
        lab.open()
        await lab.colony.runner.recover()
        await lab.run()


async def drop_everything() -> None:
    """Stop every task but the present one, as the end of a process does."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
