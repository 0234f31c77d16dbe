"""What work that waits costs: the start of a server beside that on an empty database, its memory, its idleness.

Half of the workflows wait for their machine, at the end of an installation that it does not report; the other half for
their turn, as the limit of installations is reached. Two are brought there by the product itself, in a simulated rack,
and the database is filled with copies of them: machines, workflows, histories and events, written by the store.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from benchmarks.servers import START_SECONDS, Server
from benchmarks.stock import Stock, stocked
from colony_core import Asset, Policy, ProvisionRequest, Run
from colony_core.domain.events import Entry
from colony_core.domain.histories import Happening
from colony_core.ports.persistence import EntryFilter, Store, Transaction
from colony_testkit.lab import Lab
from colony_wiring.assembly import opened

_BATCH = 500
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
IDLE_SECONDS = 3.0


class Waits(Struct, frozen=True, kw_only=True):
    """How much waits in databases with how many machines, and how often each is started."""

    assets: int = 10_000
    waiting: tuple[int, ...] = (0, 1_000, 10_000)
    rounds: int = 5


FULL = Waits()
QUICK = Waits(rounds=2)
TINY = Waits(assets=20, waiting=(0, 20), rounds=1)


class Start(Struct, frozen=True, kw_only=True):
    """One start of a server: until it answered, and what it was like once it was idle.

    `memory_bytes` is its resident memory, `idle_cpu` its share of one core, `metrics_seconds` how long `/metrics` took.
    """

    seconds: float
    cpu_seconds: float
    memory_bytes: int
    idle_cpu: float
    metrics_seconds: float


class Waiting(Struct, frozen=True, kw_only=True):
    """The medians over all starts with so many `assets` and so many of them `waiting`.

    `slower` is how much longer the start took than that on an empty database in the same round, `bytes_each` what each
    workflow that waits adds to the memory of the same machines without work.
    """

    assets: int
    waiting: int
    start: Start
    slower: float
    bytes_each: float | None


class Template(Struct, frozen=True):
    """A machine and its workflow, waiting, with everything that was written of them."""

    asset: Asset
    run: Run
    happenings: tuple[Happening, ...]
    entries: tuple[Entry, ...]


async def measure_waiting(effort: Waits, *, folder: Path) -> tuple[Waiting, ...]:
    """Start servers on each database in turns, round by round."""
    with TemporaryDirectory(dir=folder, prefix="colony-bench-") as place:
        stocks = [(await waiting_stock(Path(place), 1, 0), 1, 0)]
        stocks += [
            (await waiting_stock(Path(place), effort.assets, number), effort.assets, number)
            for number in effort.waiting
        ]
        rounds = [[await _start(stock, number) for stock, _, number in stocks] for _ in range(effort.rounds)]
    empty, *others = (list(starts) for starts in zip(*rounds, strict=True))
    without = median(start.memory_bytes for start in others[0])
    found = [Waiting(assets=1, waiting=0, start=_typical(empty), slower=1.0, bytes_each=None)]
    for (_, assets, number), starts in zip(stocks[1:], others, strict=True):
        slower = median(one.seconds / other.seconds for one, other in zip(starts, empty, strict=True))
        each = (median(start.memory_bytes for start in starts) - without) / number if number else None
        found.append(Waiting(assets=assets, waiting=number, start=_typical(starts), slower=slower, bytes_each=each))
    return tuple(found)


def _typical(starts: Sequence[Start]) -> Start:
    fields = Start.__struct_fields__
    return msgspec.convert(
        {name: median(getattr(start, name) for start in starts) for name in fields}, Start, strict=False
    )


async def waiting_stock(folder: Path, assets: int, waiting: int) -> Stock:
    """Make a database with so many machines, of which so many wait."""
    inner = folder / f"{assets}-{waiting}"
    inner.mkdir()
    stock = await stocked(assets, folder=inner)
    if waiting:
        templates = await _templates()
        async with opened(stock.settings) as colony:
            kinds = list(islice(cycle(templates), waiting))
            for first in range(0, waiting, _BATCH):
                await _copy(colony.ports.store, kinds[first : first + _BATCH], first)
    return stock


async def _templates() -> tuple[Template, Template]:
    """Let one machine come to the end of its installation, and another one wait for its turn meanwhile."""
    lab = Lab(2, policy=Policy(max_installs=1))
    lab.clock.advance_to(datetime.now(UTC))
    await lab.enrol()
    runs = [(await lab.colony.assets.provision(f"asset-{number}", ProvisionRequest())).id for number in (1, 2)]
    await lab.run_to(runs[0], "await-install")
    async with lab.store.reading() as look:
        histories = await look.histories.of(runs)
        found = []
        for run_id in runs:
            run = await look.runs.get(run_id)
            entries = await look.journal.after(0, 1000, EntryFilter(run_id=run_id))
            found.append(Template(await look.assets.get(str(run.asset_id)), run, histories[run_id], entries))
    machine, turn = found
    assert machine.run.due is not None, "it waits for its machine"
    assert turn.run.parked, "it waits for its turn"
    return machine, turn


async def _copy(store: Store, templates: Sequence[Template], first: int) -> None:
    async with store.transaction() as tx:
        assets = await tx.assets.get_many([f"asset-{first + place}" for place in range(1, len(templates) + 1)])
        for asset, template in zip(assets.values(), templates, strict=True):
            await _wait(tx, asset, template)


async def _wait(tx: Transaction, asset: Asset, template: Template) -> None:
    """Let *asset* wait as the machine of *template* does."""
    run_id = await tx.next_id("workflow")
    ticket = None if template.run.ticket is None else f"{run_id:0>64}"
    tx.runs.add(replace(template.run, id=run_id, asset_id=asset.id, ticket=ticket, revision=0))
    waits = template.asset
    tx.assets.put(
        replace(asset, status=waits.status, held_by=run_id, power=waits.power, power_cycles=waits.power_cycles)
    )
    for happening in template.happenings:
        tx.histories.write(run_id, happening)
    for entry in template.entries:
        tx.journal.write(replace(entry, run_id=run_id, asset_id=asset.id))


async def _start(stock: Stock, waiting: int) -> Start:
    async with _started(stock, max_installs=max(1, (waiting + 1) // 2)) as (process, server, seconds):
        await _idle(process)
        memory, cpu = _memory(process), _cpu(process)
        await asyncio.sleep(IDLE_SECONDS)
        idle = (_cpu(process) - cpu) / IDLE_SECONDS
        shot = await server.fire([server.request("GET", "/metrics")] * 3, connections=1)
    return Start(
        seconds=seconds,
        cpu_seconds=cpu,
        memory_bytes=memory,
        idle_cpu=idle,
        metrics_seconds=median(shot.tally.latencies),
    )


@asynccontextmanager
async def _started(stock: Stock, *, max_installs: int) -> AsyncIterator[tuple[Process, Server, float]]:
    """Run a server, and tell how long it was until its first answer."""
    options = {"database_url": stock.settings.database_url, "port": 0, "simulator": 1, "max_installs": max_installs}
    with stock.log("waiting").open("wb") as errors:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.served", "product", msgspec.json.encode(options).decode()),
            stdout=PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_SECONDS):
                address = (await process.stdout.readline()).decode().strip()
            if not address:
                raise RuntimeError(f"The server did not start: {stock.log('waiting').read_text()[-2000:]}")
            server = Server(process, address, stock)
            await _answered(server)
            yield process, server, time.perf_counter() - began
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answered(server: Server) -> None:
    """Return once the server has said that it is ready."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(server.request("GET", "/readyz"))
    line = await reader.readline()
    writer.close()
    if b" 200 " not in line:
        raise RuntimeError(f"The server is not ready: {line!r}")


async def _idle(process: Process) -> None:
    """Return once the server has had nothing to do for a second, or after half a minute."""
    for _ in range(30):
        before = _cpu(process)
        await asyncio.sleep(1)
        if _cpu(process) - before < 0.05:
            return


def _cpu(process: Process) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process: Process) -> int:
    return int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
