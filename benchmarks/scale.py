"""`python -m benchmarks.scale`: many machines beside few, with work that waits, on both stores in turns.

The large database is filled once, in SQLite, and copied to PostgreSQL by `colony copy`, so that both hold the same.
Servers are those of `colony serve`, one process each, on a PostgreSQL of their own with its usual durability. Then
machines are installed by 1, 2 and 4 workers (`benchmarks.crowd`).
"""

import argparse
import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.crowd import Crowd, cpu_of_all, crowds
from benchmarks.crowd import as_text as crowds_as_text
from benchmarks.machine import Machine, machine
from benchmarks.report import about, table
from benchmarks.servers import START_SECONDS, Server, Shot
from benchmarks.stock import Stock
from benchmarks.waiting import waiting_stock
from colony_testkit.postgres_server import private_server
from colony_testkit.postgres_shared import create_database
from colony_wiring.databases import copy
from colony_wiring.loop import run

CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
HEAD = (
    "request",
    "store",
    "assets",
    "waiting",
    "req/s",
    "cost of smallest",
    "quarter to quarter",
    "p10 ms",
    "p50 ms",
    "CPU ms",
    "CPU of smallest",
    "database CPU ms",
    "RSS MB",
    "connections",
)


class Effort(Struct, frozen=True, kw_only=True):
    """Two sizes, how many workflows wait on the larger one, and `rounds` in turns, each of so many `seconds`.

    Then so many `machines` are installed at once by each number of `workers`, in so many `turns`.
    """

    sizes: tuple[int, int] = (100, 100_000)
    waiting: int = 10_000
    rounds: int = 15
    seconds: float = 1.0
    connections: int = 8
    machines: int = 200
    workers: tuple[int, ...] = (1, 2, 4)
    turns: int = 3


FULL = Effort()
QUICK = Effort(sizes=(100, 2_000), waiting=500, rounds=3, machines=50, turns=1)
TINY = Effort(sizes=(5, 20), waiting=10, rounds=1, seconds=0.2, connections=2, machines=3, workers=(2,), turns=1)


class Row(Struct, frozen=True, kw_only=True):
    """One request on one database; `cost` is the median of the rounds' ratios to the smaller one of the same store.

    `quarters` are the ratios that a quarter of the rounds stayed below, and above; `cpu_cost` is the ratio of the
    server's processor time over all rounds, and `p10` the time of the tenth of requests that was fastest: others on the
    machine disturb both less. `connections` are those to PostgreSQL after all rounds, None on SQLite. `memory_bytes`
    is resident memory.
    """

    request: str
    store: str
    assets: int
    waiting: int
    per_second: float
    cost: float
    quarters: tuple[float, float]
    p10: float
    p50: float
    cpu_ms: float
    cpu_cost: float
    database_cpu_ms: float | None
    memory_bytes: int
    connections: int | None
    failures: int


class Place(Struct, frozen=True, kw_only=True):
    """One database with its server."""

    store: str
    waiting: int
    server: Server
    pid: int
    postmaster: int | None = None


class Burst(Struct, frozen=True):
    """What one burst of requests gave, and the processor seconds that it cost the database."""

    shot: Shot
    database_cpu: float


class Scale(Struct, frozen=True, kw_only=True):
    """Everything that one run found out."""

    at: datetime
    machine: Machine
    rows: tuple[Row, ...]
    crowds: tuple[Crowd, ...] = ()


async def measure(effort: Effort, *, folder: Path) -> tuple[Row, ...]:
    """Fill both stores, and ask all servers in turns."""
    async with AsyncExitStack() as stack:
        inner = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder, prefix="colony-bench-")))
        postgres = stack.enter_context(private_server(fsync="on", synchronous_commit="on"))
        places = []
        for size, waiting in zip(effort.sizes, (0, effort.waiting), strict=True):
            stock = await waiting_stock(inner, size, waiting)
            shared = await _copied(stock, await create_database(postgres.url, f"scale{size}"))
            for store, one in (("SQLite", stock), ("PostgreSQL", shared)):
                place = await stack.enter_async_context(_served(store, one, waiting, folder=inner))
                places.append(place if store == "SQLite" else replace(place, postmaster=postgres.pid))
        return tuple([row for name in ("list", "get") for row in await _rows(name, places, effort)])


async def _copied(stock: Stock, url: str) -> Stock:
    """Return the same stock in the empty PostgreSQL database at *url*."""
    path = stock.settings.database_path
    assert path is not None
    settings = replace(stock.settings, database_url=url, secret_key_file=path.with_name(f"{path.name}.key"))
    await copy(stock.settings, settings)
    return replace(stock, settings=settings)


@asynccontextmanager
async def _served(store: str, stock: Stock, waiting: int, *, folder: Path) -> AsyncIterator[Place]:
    """Run a server on *stock* while inside, warm. Its rack is simulated, so that no controller is ever spoken to."""
    options = {"DATABASE_URL": stock.settings.database_url, "HEALTH_INTERVAL": "0", "LOG_LEVEL": "error"}
    options["SIMULATOR"] = "1"
    options["MAX_INSTALLS"] = str(max(1, (waiting + 1) // 2))
    if stock.settings.secret_key_file is not None:
        options["SECRET_KEY_FILE"] = str(stock.settings.secret_key_file)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "colony_console", "serve", "--port", "0"),
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | {f"COLONY_{name}": value for name, value in options.items()},
        stdout=PIPE,
        cwd=tempfile.mkdtemp(dir=folder),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            said = (await process.stdout.readline()).decode().split()
        if not said:
            raise RuntimeError(f"The server on {store} did not start: see above")
        server = Server(process, said[-1], stock)
        await server.fire(_requests("list", server) * 20, connections=2)
        yield Place(store=store, waiting=waiting, server=server, pid=process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _requests(name: str, server: Server) -> list[bytes]:
    if name == "list":
        return [server.request("GET", "/api/v1/assets")]
    step = max(1, server.stock.assets // 97)
    return [server.request("GET", f"/api/v1/assets/asset-{n}") for n in range(1, server.stock.assets + 1, step)]


async def _rows(name: str, places: Sequence[Place], effort: Effort) -> list[Row]:
    bursts: dict[int, list[Burst]] = {place.pid: [] for place in places}
    for turn in range(effort.rounds):
        # To and fro, so that whatever rises or falls on the machine meanwhile does so for all alike.
        for place in places if turn % 2 else reversed(places):
            bursts[place.pid].append(await _burst(name, place, effort))
    smallest = {place.store: bursts[place.pid] for place in reversed(places)}
    return [await _row(name, place, bursts[place.pid], smallest[place.store]) for place in places]


async def _burst(name: str, place: Place, effort: Effort) -> Burst:
    requests = _requests(name, place.server)
    before = cpu_of_all(place.postmaster) if place.postmaster else 0.0
    shot = await place.server.fire(requests, connections=effort.connections, seconds=effort.seconds)
    return Burst(shot, (cpu_of_all(place.postmaster) if place.postmaster else 0.0) - before)


async def _row(name: str, place: Place, bursts: Sequence[Burst], smallest: Sequence[Burst]) -> Row:
    latencies = sorted(latency for burst in bursts for latency in burst.shot.tally.latencies)
    costs = sorted(_rate(few.shot) / _rate(many.shot) for few, many in zip(smallest, bursts, strict=True))
    return Row(
        request=name,
        store=place.store,
        assets=place.server.stock.assets,
        waiting=place.waiting,
        per_second=median(_rate(burst.shot) for burst in bursts),
        cost=median(costs),
        quarters=(costs[len(costs) // 4], costs[(3 * len(costs)) // 4]),
        p10=1000 * latencies[len(latencies) // 10],
        p50=1000 * latencies[len(latencies) // 2],
        cpu_ms=1000 * _cpu_each(bursts),
        cpu_cost=_cpu_each(bursts) / _cpu_each(smallest) if _cpu_each(smallest) else 1.0,
        database_cpu_ms=1000 * sum(each.database_cpu for each in bursts) / len(latencies) if place.postmaster else None,
        memory_bytes=_memory(place.pid),
        connections=await _connections(place),
        failures=len(latencies) - sum(burst.shot.tally.statuses.get(200, 0) for burst in bursts),
    )


def _cpu_each(bursts: Sequence[Burst]) -> float:
    """Return the server's processor seconds for each request."""
    return sum(each.shot.cpu_seconds for each in bursts) / sum(len(each.shot.tally.latencies) for each in bursts)


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _rate(shot: Shot) -> float:
    return len(shot.tally.latencies) / shot.tally.seconds


async def _connections(place: Place) -> int | None:
    settings = place.server.stock.settings
    if settings.database_path is not None:
        return None
    connection: Any = await asyncpg.connect(settings.database_url)
    try:
        return int(await connection.fetchval(CONNECTIONS))
    finally:
        await connection.close()


def as_text(scale: Scale) -> str:
    """Return the figures for people; the table is Markdown too."""
    rows = [
        (
            row.request,
            row.store,
            f"{row.assets:,}",
            f"{row.waiting:,}",
            f"{row.per_second:,.0f}",
            f"{row.cost:.2f}",
            "{:.2f} to {:.2f}".format(*row.quarters),
            f"{row.p10:.1f}",
            f"{row.p50:.1f}",
            f"{row.cpu_ms:.2f}",
            f"{row.cpu_cost:.2f}",
            "" if row.database_cpu_ms is None else f"{row.database_cpu_ms:.2f}",
            f"{row.memory_bytes / 1e6:.0f}",
            "" if row.connections is None else str(row.connections),
        )
        for row in scale.rows
    ]
    parts = [about(scale.at, scale.machine), table(HEAD, rows) if rows else "", crowds_as_text(scale.crowds)]
    return "\n\n".join(part for part in parts if part) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Measure many machines beside few.")
    parser.add_argument("--quick", dest="effort", action="store_const", const=QUICK, default=FULL, help="less of all")
    parser.add_argument("--tiny", dest="effort", action="store_const", const=TINY, help="only see that it runs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the databases are put")
    parser.add_argument("--only", choices=("requests", "work"), help="one of the two tables")
    options = parser.parse_args(arguments)
    here, effort = machine(options.folder), options.effort
    rows = run(measure(effort, folder=options.folder)) if options.only != "work" else ()
    work: tuple[Crowd, ...] = ()
    if options.only != "requests":
        work = run(crowds(effort.machines, effort.workers, rounds=effort.turns, folder=options.folder))
    scale = Scale(at=datetime.now(UTC), machine=here, rows=rows, crowds=work)
    sys.stdout.write(as_text(scale))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(scale)))


if __name__ == "__main__":
    main()
