"""How many machines 1, 2 and 4 workers install in a second on one PostgreSQL, beside the one process of SQLite."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.quick_rack import LOOK_SECONDS, Work, all_done, ordered, work_done
from benchmarks.report import table
from benchmarks.servers import START_SECONDS
from colony_core.domain.secrets import Secret
from colony_testkit.postgres_server import PostgresServer, private_server
from colony_testkit.postgres_shared import create_database
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

_TICKS = os.sysconf("SC_CLK_TCK")
_KEY = "00" * 32
_COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND application_name LIKE 'colony%'"
)
HEAD = (
    "store",
    "workers",
    "machines",
    "provisioned",
    "s",
    "per s",
    "of one worker",
    "CPU ms: workers",
    "rack",
    "database",
    "transactions each",
    "connections",
    "load",
)


class Crowd(Struct, frozen=True, kw_only=True):
    """One round: who worked, what came of it, and what it cost, in processor seconds.

    `connections` are those of all workers and the rack at the most. On SQLite one process is worker, rack and database.
    """

    store: str
    workers: int
    work: Work
    worker_cpu: float
    rack_cpu: float = 0.0
    database_cpu: float = 0.0
    transactions: int = 0
    connections: int = 0
    load: float = 0.0


async def crowds(machines: int, workers: Sequence[int], *, rounds: int, folder: Path) -> tuple[Crowd, ...]:
    """Measure every number of workers, and SQLite, in turns."""
    found = []
    with private_server(fsync="on", synchronous_commit="on", full_page_writes="on") as server:
        for turn in range(rounds):
            with TemporaryDirectory(dir=folder, prefix="colony-bench-") as place:
                found.append(await _on_sqlite(machines, Path(place)))
            for number in workers:
                url = await create_database(server.url, f"crowd{number}of{turn}")
                found.append(await _on_postgres(server, url, machines=machines, workers=number))
    return tuple(found)


async def _on_sqlite(machines: int, folder: Path) -> Crowd:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.quick_rack", "alone", str(machines), str(folder / "colony.db")), stdout=PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("The work on SQLite broke off: see above")
    work = msgspec.json.decode(said, type=Work)
    return Crowd(store="SQLite", workers=1, work=work, worker_cpu=work.cpu_seconds, load=os.getloadavg()[0])


async def _on_postgres(server: PostgresServer, url: str, *, machines: int, workers: int) -> Crowd:
    # The socket alone is in it, and wants a short name, which the folder of the databases may not have.
    with TemporaryDirectory(prefix="colony-") as place:
        return await _beside(Path(place) / "rack.sock", server, url, machines=machines, workers=workers)


async def _beside(socket: Path, server: PostgresServer, url: str, *, machines: int, workers: int) -> Crowd:
    settings = Settings(database_url=url, secret_key=Secret(_KEY), log_level="error")
    environment = os.environ | {
        "COLONY_DATABASE_URL": url,
        "COLONY_SECRET_KEY": _KEY,
        "COLONY_SIMULATOR_RACK": str(socket),
        "COLONY_HEALTH_INTERVAL": "0",
        "COLONY_BMC_CALLS_PER_SECOND": "0",  # what spares the API of a server would be all that is measured
        "COLONY_LOG_LEVEL": "error",
        "PYTHONUNBUFFERED": "1",
    }
    async with AsyncExitStack() as stack:
        rack_words = ("-m", "benchmarks.quick_rack", "shared", str(machines), str(socket))
        rack_settings = {name: value for name, value in environment.items() if name != "COLONY_SIMULATOR_RACK"}
        rack = await stack.enter_async_context(_running(*rack_words, environment=rack_settings))
        crew = [
            await stack.enter_async_context(_running("-m", "colony_console", "worker", environment=environment))
            for _ in range(workers)
        ]
        colony = await stack.enter_async_context(opened(settings))
        asked = await asyncpg.connect(url)
        before = [cpu_of(rack.pid), sum(cpu_of(each.pid) for each in crew), cpu_of_all(server.pid)]
        commits, connections = await asked.fetchval(_COMMITS), 0
        await ordered(colony, machines)
        while not await all_done(colony):
            connections = max(connections, await asked.fetchval(_CONNECTIONS))
            await asyncio.sleep(LOOK_SECONDS)
        after = [cpu_of(rack.pid), sum(cpu_of(each.pid) for each in crew), cpu_of_all(server.pid)]
        work = await work_done(colony, machines)
        transactions = await asked.fetchval(_COMMITS) - commits
        await asked.close()
    rack_cpu, worker_cpu, database_cpu = (later - earlier for earlier, later in zip(before, after, strict=True))
    return Crowd(
        store="PostgreSQL",
        workers=workers,
        work=replace(work, cpu_seconds=rack_cpu + worker_cpu),
        worker_cpu=worker_cpu,
        rack_cpu=rack_cpu,
        database_cpu=database_cpu,
        transactions=transactions,
        connections=connections,
        load=os.getloadavg()[0],
    )


@asynccontextmanager
async def _running(*words: str, environment: dict[str, str]) -> AsyncIterator[Process]:
    """Run Python with *words* while inside, from the moment when it is ready."""
    process = await asyncio.create_subprocess_exec(sys.executable, *words, env=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            if b"ready" not in await process.stdout.readline():
                raise RuntimeError(f"{' '.join(words)} did not start: see above")
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def cpu_of(pid: int, *, fields: Sequence[int] = (11, 12)) -> float:
    """Return the processor time of all threads of a process, to a hundredth of a second."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(told[field]) for field in fields) / _TICKS


def cpu_of_all(pid: int) -> float:
    """Return the processor time of a process and its children, those that have ended too."""
    spent = cpu_of(pid, fields=(11, 12, 13, 14))
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        try:
            spent += cpu_of(int(child))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended, and is counted with its parent next time
    return spent


def as_text(found: Sequence[Crowd]) -> str:
    """Return medians of the rounds as a table, which is Markdown too."""
    if not found:
        return ""
    kinds = list(dict.fromkeys((one.store, one.workers) for one in found))
    alone = _rate(found, "PostgreSQL", 1)
    return table(HEAD, [_row([one for one in found if (one.store, one.workers) == kind], alone) for kind in kinds])


def _rate(found: Sequence[Crowd], store: str, workers: int) -> float:
    rates = [one.work.rate for one in found if (one.store, one.workers) == (store, workers)]
    return median(rates) if rates else 0.0


def _row(rounds: Sequence[Crowd], alone: float) -> tuple[str, ...]:
    one, machines = rounds[0], rounds[0].work.machines
    rate = median(each.work.rate for each in rounds)
    on_postgres = one.store != "SQLite"

    def each_ms(seconds: Sequence[float]) -> str:
        return f"{1000 * median(seconds) / machines:.0f}"

    return (
        one.store,
        str(one.workers),
        str(machines),
        str(min(each.work.provisioned for each in rounds)),
        f"{median(each.work.seconds for each in rounds):.1f}",
        f"{rate:.1f}",
        f"{rate / alone:.2f}" if on_postgres and alone else "",
        each_ms([each.worker_cpu for each in rounds]),
        each_ms([each.rack_cpu for each in rounds]) if on_postgres else "",
        each_ms([each.database_cpu for each in rounds]) if on_postgres else "",
        f"{median(each.transactions for each in rounds) / machines:.1f}" if on_postgres else "",
        str(max(each.connections for each in rounds)) if on_postgres else "",
        f"{median(each.load for each in rounds):.0f}",
    )
