"""The dispatcher of PostgreSQL keeps the contract, several workers at once included."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from colony_core.ports.dispatch import Dispatcher
from colony_crypto.sealing import Sealer
from colony_dispatch import PgQueuerDispatcher
from colony_store.postgres import PostgresStore
from colony_system.clock import SystemClock
from colony_testkit.cases import DispatchCase
from colony_testkit.dispatch_contract import DispatchContract, SharedDispatchContract

TAKEOVER = timedelta(seconds=3)


class PgQueuerCase:
    @pytest.fixture
    async def case(self, postgres_url: str) -> AsyncIterator[DispatchCase]:
        store, clock = await PostgresStore.open(postgres_url, sealer=Sealer(bytes(32))), SystemClock()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(store.aclose)

            async def hire() -> Dispatcher:
                worker = await PgQueuerDispatcher.open(postgres_url, store, clock=clock, takeover=TAKEOVER)
                stack.push_async_callback(worker.aclose)
                await stack.enter_async_context(worker.working(lambda: None))
                return worker

            async def forget() -> None:
                connection = await asyncpg.connect(postgres_url)
                await PgQueuerDispatcher.open(postgres_url, store, clock=clock, takeover=TAKEOVER)
                await connection.execute("DELETE FROM colony_queue.pgqueuer")
                await connection.close()

            async def let_pass(span: timedelta) -> None:
                await asyncio.sleep(span.total_seconds())

            await (await PgQueuerDispatcher.open(postgres_url, store, clock=clock, takeover=TAKEOVER)).aclose()
            yield DispatchCase(
                store=store,
                clock=clock,
                hire=hire,
                lose=silence,
                let_pass=let_pass,
                patience=TAKEOVER,
                freeze=silence,
                thaw=thaw,
                forget=forget,
            )


async def silence(worker: Dispatcher) -> None:
    """Let the worker send no beat, as if its process were stopped; its own clock goes on."""
    assert isinstance(worker, PgQueuerDispatcher)
    for task in worker._tasks:
        task.cancel()


async def thaw(worker: Dispatcher) -> None:
    """Let the worker beat again."""
    assert isinstance(worker, PgQueuerDispatcher)
    await worker._beat(lambda: None)


class TestPgQueuer(PgQueuerCase, DispatchContract):
    pass


class TestSharedPgQueuer(PgQueuerCase, SharedDispatchContract):
    pass
