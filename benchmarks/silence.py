"""`python -m benchmarks.silence`: what a thousand silent controllers do to everybody else.

Two servers with the same machines, whose controllers are sockets on loopback that never answer: one polls them, the
other does not. They are asked the same small requests in turns, round by round.
"""

import argparse
import asyncio
import os
import resource
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from benchmarks.servers import Server, Shot, serving
from benchmarks.stock import UNLIMITED, Stock, registration
from colony_simulator import reference_machine
from colony_wiring.assembly import opened
from colony_wiring.loop import run
from colony_wiring.settings import Settings

CONNECTIONS = 4
BATCH = 1000
WARM_SECONDS = 20.0
"""How long the polling goes on before anything is measured: until most controllers were asked several times."""

Place = tuple[str, int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silence", description="Poll the dead, ask the living.")
    parser.add_argument("--controllers", type=int, default=1000, help="how many, all of them silent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each server in each round")
    parser.add_argument("--warm", type=float, default=WARM_SECONDS, help="seconds of polling before the first round")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the databases are put")
    options = parser.parse_args(arguments)
    with silent(options.controllers) as places:
        rest, polled, asked = run(_measured(places, options))
    sys.stdout.write(f"load {os.getloadavg()[0]:.1f}; {options.controllers} silent controllers\n")
    for name, shots in (("not polled", rest), ("polled", polled)):
        cpu = sum(shot.cpu_seconds for shot in shots) / sum(shot.tally.seconds for shot in shots)
        p50, p99 = (median(_percentile(shot, part) for shot in shots) for part in (50, 99))
        sys.stdout.write(f"{name:>10}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, {cpu:.2f} CPU\n")
    ratio = median(_percentile(one, 99) / _percentile(other, 99) for one, other in zip(polled, rest, strict=True))
    sys.stdout.write(f"p99 polled / not polled: {ratio:.2f}; packets that asked in vain: {asked:,}\n")


@contextmanager
def silent(controllers: int) -> Iterator[dict[Place, socket.socket]]:
    """Give sockets on loopback addresses that take whatever comes, and answer nothing."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sockets: dict[Place, socket.socket] = {}
    try:
        for number in range(controllers):
            taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            taker.bind((f"127.78.{number >> 8}.{number & 255}", 0))
            sockets[taker.getsockname()] = taker
        yield sockets
    finally:
        for taker in sockets.values():
            taker.close()


async def _measured(
    places: dict[Place, socket.socket], options: argparse.Namespace
) -> tuple[list[Shot], list[Shot], int]:
    rest, polled = list[Shot](), list[Shot]()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=options.folder, prefix="colony-bench-")))
        quiet = await _served(stack, places, folder / "quiet.db", health_interval=0)
        busy = await _served(stack, places, folder / "busy.db", health_interval=20)
        await asyncio.sleep(options.warm)
        for _ in range(options.rounds):
            rest.append(await _asked(quiet, options.seconds))
            polled.append(await _asked(busy, options.seconds))
    return rest, polled, sum(map(_taken, places.values()))


async def _served(stack: AsyncExitStack, places: dict[Place, socket.socket], file: Path, **settings: float) -> Server:
    stock = await _stocked(tuple(places), file)
    server = await stack.enter_async_context(serving("steel", stock, **settings))
    await server.fire(_small(server) * 20, connections=CONNECTIONS)
    return server


async def _stocked(places: Sequence[Place], file: Path) -> Stock:
    settings = Settings(database_url=f"sqlite:///{file}", log_level="error")
    async with opened(settings) as colony:
        machines = [reference_machine(number) for number in range(1, len(places) + 1)]
        known = [
            (replace(registration(machine), address=address, port=port), machine.inventory)
            for machine, (address, port) in zip(machines, places, strict=True)
        ]
        for first in range(0, len(known), BATCH):
            await colony.assets.enrol(known[first : first + BATCH])
        made = await colony.api_keys.create("benchmark", limits=UNLIMITED)
    return Stock(settings, len(places), made.whole.reveal())


async def _asked(server: Server, seconds: float) -> Shot:
    return await server.fire(_small(server), connections=CONNECTIONS, seconds=seconds)


def _small(server: Server) -> list[bytes]:
    return [server.request("GET", f"/api/v1/assets/asset-{1 + number % server.stock.assets}") for number in range(50)]


def _percentile(shot: Shot, part: int) -> float:
    latencies = sorted(shot.tally.latencies)
    return 1000 * latencies[len(latencies) * part // 100]


def _taken(taker: socket.socket) -> int:
    """Return how many packets a socket still holds: no fewer came."""
    taken = 0
    while True:
        try:
            taker.recv(2048)
        except BlockingIOError:
            return taken
        taken += 1


if __name__ == "__main__":
    main()
