"""What is asked of the service, and of the floor in turns with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from benchmarks.servers import Server, Shot, serving
from benchmarks.stock import stocked


class Effort(Struct, frozen=True, kw_only=True):
    """How much is measured: `rounds` in turns, each of so many `seconds`, or of so many `creations`."""

    sizes: tuple[int, ...] = (100, 10_000, 100_000)
    rounds: int = 5
    seconds: float = 2.0
    creations: int = 300
    connections: int = 16


FULL = Effort()
QUICK = Effort(sizes=(100, 1_000, 10_000), rounds=3, seconds=0.5, creations=100)
TINY = Effort(sizes=(100, 200), rounds=1, seconds=0.1, creations=10, connections=2)


class Measured(Struct, frozen=True, kw_only=True):
    """One kind of request on one server; latencies in milliseconds, `cpu_ms` of the server for each request."""

    per_second: float
    p50: float
    p99: float
    cpu_ms: float
    body_bytes: int
    failures: int


class Comparison(Struct, frozen=True, kw_only=True):
    """The product beside the floor, and beside itself with the smallest stock.

    Both shares are medians over the rounds, as two rounds differ more than two servers do.
    """

    name: str
    assets: int
    floor: Measured
    product: Measured
    share_of_floor: float
    share_of_smallest: float


class Case(Struct, frozen=True, kw_only=True):
    """One kind of request, to services with stocks of these `sizes`; with `once` no request is sent twice."""

    name: str
    sizes: tuple[int, ...]
    requests: Callable[[Server], Sequence[bytes]]
    once: bool = False


def cases(effort: Effort) -> tuple[Case, ...]:
    """Return everything that is measured over the wire."""
    small, middle = effort.sizes[:2]
    return (
        Case(name="list", sizes=effort.sizes, requests=_first_page),
        Case(name="get", sizes=(middle,), requests=_each_asset),
        Case(name="create-asset", sizes=(small,), requests=_Registrations(effort.creations), once=True),
        Case(name="create-cluster", sizes=(middle,), requests=_Clusters(effort.creations), once=True),
    )


async def compare(case: Case, effort: Effort, *, folder: Path) -> tuple[Comparison, ...]:
    """Measure one case on servers of its own, so that it finds no other's work to do; one result for each size."""
    async with _servers(case.sizes, folder) as servers:
        rounds = [[await _shot(case, effort, server) for server in servers] for _ in range(effort.rounds)]
    floors, *products = zip(*rounds, strict=True)
    return tuple(
        Comparison(
            name=case.name,
            assets=size,
            floor=_summary(floors),
            product=_summary(shots),
            share_of_floor=_share(shots, floors),
            share_of_smallest=_share(shots, products[0]),
        )
        for size, shots in zip(case.sizes, products, strict=True)
    )


@asynccontextmanager
async def _servers(sizes: Sequence[int], folder: Path) -> AsyncIterator[list[Server]]:
    """Run the floor, and a product for each size, all of them warm."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-bench-")))
        stocks = [await stocked(size, folder=place) for size in sizes]
        servers = [await stack.enter_async_context(serving("floor", stocks[0]))]
        servers += [await stack.enter_async_context(serving("product", stock)) for stock in stocks]
        for server in servers:
            await server.fire([server.request("GET", "/api/v1/assets")] * 50, connections=2)
        yield servers


async def _shot(case: Case, effort: Effort, server: Server) -> Shot:
    seconds = None if case.once else effort.seconds
    return await server.fire(case.requests(server), connections=effort.connections, seconds=seconds)


def _share(shots: Sequence[Shot], others: Sequence[Shot]) -> float:
    return median(_rate(one) / _rate(other) for one, other in zip(shots, others, strict=True))


def _rate(shot: Shot) -> float:
    return len(shot.tally.latencies) / shot.tally.seconds


def _summary(shots: Sequence[Shot]) -> Measured:
    latencies = sorted(latency for shot in shots for latency in shot.tally.latencies)
    good = sum(number for shot in shots for status, number in shot.tally.statuses.items() if status in (200, 201))
    return Measured(
        per_second=median(map(_rate, shots)),
        p50=1000 * latencies[len(latencies) // 2],
        p99=1000 * latencies[len(latencies) * 99 // 100],
        cpu_ms=1000 * sum(shot.cpu_seconds for shot in shots) / len(latencies),
        body_bytes=sum(shot.tally.bytes for shot in shots) // len(latencies),
        failures=len(latencies) - good,
    )


def _first_page(server: Server) -> Sequence[bytes]:
    return [server.request("GET", "/api/v1/assets")]


def _each_asset(server: Server) -> Sequence[bytes]:
    numbers = range(1, server.stock.assets + 1, 7)
    return [server.request("GET", f"/api/v1/assets/asset-{number}") for number in numbers]


class _Registrations:
    """New machines, whose controllers nobody reaches: the simulated rack has none at their addresses."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._fresh = count(1)

    def __call__(self, server: Server) -> Sequence[bytes]:
        return [server.request("POST", "/api/v1/assets", self._body(next(self._fresh))) for _ in range(self._number)]

    def _body(self, number: int) -> bytes:
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        bmc = {"protocol": "ipmi", "username": "admin", "password": "wrong"}
        return msgspec.json.encode({"ipmi": address, "hostname": f"bench-{number}", "bmc": bmc})


class _Clusters:
    """New clusters of one control plane each, on machines that no other one has."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._fresh = count(2)

    def __call__(self, server: Server) -> Sequence[bytes]:
        return [server.request("POST", "/api/v1/clusters", self._body(next(self._fresh))) for _ in range(self._number)]

    def _body(self, number: int) -> bytes:
        node = {"assetId": f"asset-{number}", "ip": f"172.20.{number // 250 + 1}.{number % 250 + 1}", "subnet": "16"}
        kind = {"type": "k8s_stack", "flavor": "talos", "gateway": "172.20.0.1"}
        return msgspec.json.encode({"name": f"bench-{number}", **kind, "controlPlanes": [node]})
